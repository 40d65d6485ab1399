"""`reset_parameters`: how a class fills its own tensors, and how the network initialises its whole tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from archdsl.elaboration.names import SOURCE_NAMES
from archdsl.expressions import Tree, free_names
from archdsl.graph import Graph, Node, Scope
from archdsl.ops.special import Constant, Parameter
from archdsl_torch.arguments import Hint
from archdsl_torch.code import Writer
from archdsl_torch.layout import key_of
from archdsl_torch.lowering import Arg
from archdsl_torch.merge import Merged
from archdsl_torch.outline import Make, Tensor
from archdsl_torch.outliner import Outliner
from archdsl_torch.special import Variable, axis_suffix, tensor_code, value_tree
from archdsl_torch.spelling import attribute, keyword, literal, variable
from archdsl_torch.text import Group, all_same, render, unique

_ITSELF: Final = "\0"
"""Stands for a module's access until that is known; no literal holds it."""

OwnerOf: TypeAlias = "Callable[[Node], tuple[Scope, str, int]]"
"""The scope of the class that holds a node, the class's name, and how many instances it has."""


class Words(Protocol):
    """Finds words for the values of a class's constants."""

    def value(self, values: Sequence[Any], name: str, hint: Hint | None = None) -> str:
        """A literal or an attribute with these values."""
        ...

    def formula(self, nodes: Sequence[Node]) -> Tree | None:
        """The constant's formula as the spec writes it, over attributes; None if that cannot be said."""
        ...


def own_lines(merged: Merged, words: Words) -> list[str]:
    """The statements that fill the tensors which the class itself owns."""
    lines: list[str] = []
    for name, entries in merged.members.items():
        nodes = [entry.build.node for entry in entries if entry is not None and isinstance(entry.build, Tensor)]
        if not nodes:
            continue
        target = attribute("self", name)
        filled = _filled(nodes, target, words) if _has_formula(nodes[0]) else _parameter(nodes, target)
        if len(nodes) < len(entries):
            filled = [f"        if {target} is not None:", *(f"    {line}" for line in filled)]
        lines += filled
    return lines


def _parameter(nodes: Sequence[Node], target: str) -> list[str]:
    own = (nodes[0].init or {}).get("")
    return [f"        {_call(own, target)}" if own is not None else f"        nn.init.zeros_({target})"]


def _has_formula(node: Node) -> bool:
    return isinstance(node.op, Constant | Parameter) and node.op.value is not None


def _filled(nodes: Sequence[Node], target: str, words: Words) -> list[str]:
    """`copy_` casts what was computed in float64, once."""
    ops = [node.op for node in nodes if isinstance(node.op, Constant | Parameter)]
    first = ops[0]
    used = free_names(value_tree(first)) & set(first.index)
    if not used:
        numbers = [value_tree(op).value for op in ops]  # type: ignore[union-attr]
        return [f"        {target}.fill_({words.value(numbers, 'value')})"]
    lines: list[str] = []
    names: dict[str, str] = {}
    for place, index in enumerate(first.index):
        if index not in used:
            continue
        names[index] = unique(variable(index), (*SOURCE_NAMES, *names.values()))
        suffix = f"[{axis_suffix(first, place)}]" if place < len(first.shape) - 1 else ""
        sizes = [op.shape[place] for op in ops]
        size = literal(sizes[0]) if all_same(sizes) else f"{target}.shape[{place}]"
        line = f"torch.arange({size}, dtype=torch.float64)"
        lines.append(f"        {names[index]} = {line}{suffix}")
    tree = words.formula(nodes)
    if tree is not None:
        codes = [tensor_code(tree, lambda name: Variable(names.get(name, name)))]
    else:
        codes = [tensor_code(value_tree(op), lambda name: Variable(names[name])) for op in ops]

    def value(args: Sequence[Arg], name: str) -> str:
        return words.value([arg.value for arg in args], name)

    text = Writer((), value, lambda what: what).write(codes)
    return [*lines, *render("", Group(f"{target}.copy_(", (text.doc,), single=True), 8)]


def _call(initialiser: Any, target: str) -> str:
    arguments = "".join(f", {keyword(name)}{literal(value)}" for name, value in initialiser.arguments)
    return f"{attribute('nn.init', initialiser.name)}_({target}{arguments})"


# --- the whole tree -------------------------------------------------------------------------------


class _Made(NamedTuple):
    """A module of torch with tensors, and what the spec says of them."""

    node: Node
    function: str
    init: tuple[tuple[str, Any], ...]
    covered: bool
    """The spec initialises every tensor of it."""


def tree_lines(graph: Graph, outliner: Outliner, own: list[str], owners: bool, owner: OwnerOf) -> list[str]:
    """The statements of the network's `reset_parameters`."""
    made = list(_modules(graph, outliner))
    tied = list(tie_lines(graph, outliner))
    lines = [f"        {line}" for line in tied] + own
    by_type = _by_type(made)
    branches = list(_branches(by_type, made))
    usual = {function for function, (init, _) in by_type.items() if init}
    others = owners or any(m.function not in usual or not by_type[m.function][1] for m in made)
    if branches or others:
        # children come before what holds them
        nested = any(m.function == "MultiheadAttention" for m in made)
        modules = "reversed(list(self.modules()))" if nested else "self.modules()"
        lines.append(f"        for module in {modules}:")
        skipped = list(_tied_modules(graph, outliner))
        word = "if"
        if skipped:
            lines += [f"            if {' or '.join(f'module is {s}' for s in skipped)}:", "                continue"]
        for branch in branches:
            lines.append(f"            {word} {branch[0]}:")
            lines += branch[1:]
            word = "elif"
        if others:
            lines.append(f'            {word} module is not self and hasattr(module, "reset_parameters"):')
            lines.append("                module.reset_parameters()")
    return lines + list(_exceptions(graph, made, by_type, outliner, owner))


def tie_lines(graph: Graph, outliner: Outliner) -> Iterator[str]:
    """One tensor under several names."""
    for node in graph.nodes:
        for name, value in node.tie.items():
            key = key_of(value)
            yield f"{_tensor(node, name, graph, outliner)} = {_tensor(key.node, key.weight, graph, outliner)}"


def _tensor(node: Node, name: str | None, graph: Graph, outliner: Outliner) -> str:
    path = outliner.access(node, graph.root)
    return attribute(path, name) if name else path


def _tied_modules(graph: Graph, outliner: Outliner) -> Iterator[str]:
    """Modules whose every tensor is another's."""
    for node in graph.nodes:
        if node.tie and set(node.tensors) <= set(node.tie):
            yield outliner.access(node, graph.root)


def _modules(graph: Graph, outliner: Outliner) -> Iterator[_Made]:
    for node in graph.nodes:
        if not node.tensors or node.share is not None or type(node.op) in (Constant, Parameter):
            continue
        build = outliner.build(node)
        if not isinstance(build, Make) or (node.tie and set(node.tensors) <= set(node.tie)):
            continue
        own = [name for name in node.tensors if name not in node.tie]
        init = tuple((name, node.init[name]) for name in own if node.init and name in node.init)
        yield _Made(node, build.call.function, init, len(init) == len(own))


def _by_type(made: Iterable[_Made]) -> dict[str, tuple[tuple[tuple[str, Any], ...], bool]]:
    """For each type of module how most are initialised, and whether that says everything."""
    found: dict[str, tuple[tuple[tuple[str, Any], ...], bool]] = {}
    groups: dict[str, list[_Made]] = {}
    for one in made:
        groups.setdefault(one.function, []).append(one)
    for function, ones in groups.items():
        union = _union([one.init for one in ones])
        if union is not None:
            found[function] = union, all(one.covered for one in ones)
            continue
        usual = Counter(one.init for one in ones).most_common(1)[0][0]
        found[function] = usual, all(one.covered for one in ones if one.init == usual)
    return found


def _union(inits: Sequence[tuple[tuple[str, Any], ...]]) -> tuple[tuple[str, Any], ...] | None:
    """One rule for all, where modules only differ in which tensors they have."""
    union: dict[str, Any] = {}
    for init in inits:
        for name, initialiser in init:
            if union.setdefault(name, initialiser) != initialiser:
                return None
    if any(not init for init in inits) and union:
        return None
    return tuple(sorted(union.items(), key=lambda item: item[0] == "bias"))


def _pads(one: _Made) -> bool:
    """Whether a row of the table stays at zero."""
    return getattr(one.node.op, "padding_idx", None) is not None


def _branches(by_type: Mapping[str, Any], made: Sequence[_Made]) -> Iterator[list[str]]:
    bodies: dict[tuple[str, ...], list[str]] = {}
    for function, (init, covered) in by_type.items():
        if not init:
            continue
        lines: list[str] = []
        if not covered:
            lines.append("                module.reset_parameters()")
        ones = [one for one in made if one.function == function]
        for name, initialiser in init:
            target = attribute("module", name)
            call = _call(initialiser, target)
            if all(name in one.node.tensors for one in ones):
                lines.append(f"                {call}")
            else:
                lines += [f"                if {target} is not None:", f"                    {call}"]
        if any(map(_pads, ones)):
            guard = [] if all(map(_pads, ones)) else ["                if module.padding_idx is not None:"]
            lines += [*guard, f"{'    ' * (4 + len(guard))}module.weight[module.padding_idx].zero_()"]
        bodies.setdefault(tuple(lines), []).append(function)
    for body, functions in bodies.items():
        yield [f"isinstance(module, {' | '.join(functions)})", *body]


def _exceptions(
    graph: Graph, made: Sequence[_Made], by_type: Mapping[str, Any], outliner: Outliner, owner: OwnerOf
) -> Iterator[str]:
    """Modules that the spec initialises unlike the others of their type."""
    by_class: dict[tuple[str, int], dict[tuple[str, ...], int]] = {}
    single: list[str] = []
    for one in made:
        lines = list(_exception(one, dict(by_type[one.function][0])))
        if not lines:
            continue
        scope, name, count = owner(one.node)
        if count > 1 and scope is not graph.root:
            own = tuple(line.replace(_ITSELF, outliner.access(one.node, scope, "module")) for line in lines)
            found = by_class.setdefault((name, count), {})
            found[own] = found.get(own, 0) + 1
        else:
            single += [line.replace(_ITSELF, outliner.access(one.node, graph.root)) for line in lines]
    branches: list[str] = []
    for (name, count), bodies in by_class.items():
        if any(times != count for times in bodies.values()):
            single += _one_by_one(graph, made, by_type, outliner, owner, name)
            continue
        branches.append(f"            {'elif' if branches else 'if'} isinstance(module, {name}):")
        branches += [f"                {line}" for body in bodies for line in body]
    if branches:
        yield from ("        for module in self.modules():", *branches)
    yield from (f"        {line}" for line in single)


def _exception(one: _Made, usual: Mapping[str, Any]) -> Iterator[str]:
    """The statements for one module, for which `_ITSELF` stands."""
    own = dict(one.init)
    expected = {name: usual[name] for name in one.node.tensors if name in usual}
    if own == expected:
        return
    if any(name not in own for name in expected):
        yield f"{_ITSELF}.reset_parameters()"
    for name, initialiser in one.init:
        if expected.get(name) != initialiser or any(key not in own for key in expected):
            yield _call(initialiser, attribute(_ITSELF, name))
    if own and _pads(one):
        yield f"{_ITSELF}.weight[{_ITSELF}.padding_idx].zero_()"


def _one_by_one(
    graph: Graph, made: Sequence[_Made], by_type: Mapping[str, Any], outliner: Outliner, owner: OwnerOf, name: str
) -> list[str]:
    found: list[str] = []
    for one in made:
        if owner(one.node)[1] == name:
            path = outliner.access(one.node, graph.root)
            found += [line.replace(_ITSELF, path) for line in _exception(one, dict(by_type[one.function][0]))]
    return found
