"""`reset_parameters`: how a class fills its own tensors, and how the network initialises its whole tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import reduce
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from archdsl.expressions.tree import Binary, Choice, Compare, Tree
from archdsl.expressions.walking import children, free_names
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ops.base import Op
from archdsl.ops.parametrized import parametrization_of, unparametrized
from archdsl.ops.special import Constant, Parameter
from archdsl.text.names import SOURCE_NAMES
from archdsl_torch.lowering.filling import Filler
from archdsl_torch.lowering.formulas import is_arithmetic, tensor_code
from archdsl_torch.lowering.special import along, value_tree
from archdsl_torch.lowering.spelling import variable
from archdsl_torch.lowering.statements import Assign, Body, Continue, Effect, If, Statement, assign, changed
from archdsl_torch.lowering.text import all_same, distinct, unique
from archdsl_torch.lowering.tree import (
    SELF,
    Arg,
    Attribute,
    Call,
    Code,
    Fixed,
    Global,
    Infix,
    Many,
    Method,
    Relation,
    Self,
    Subscript,
    Variable,
    is_given,
    tensor_below,
)
from archdsl_torch.lowering.walking import rebuilt
from archdsl_torch.planning.crossings import key_of
from archdsl_torch.planning.merge import Merged, Unmergeable
from archdsl_torch.planning.outline import Make, Tensor
from archdsl_torch.planning.outliner import Outliner
from archdsl_torch.planning.skeletons import skeleton
from archdsl_torch.writing.hints import Hint
from archdsl_torch.writing.originals import MODULE, for_modules, through_originals
from archdsl_torch.writing.sizes import measured

OwnerOf: TypeAlias = "Callable[[Node], tuple[Scope, str, int]]"
"""The scope of the class that holds a node, the class's name, and how many instances it has."""


class ConstantWords(Protocol):
    """Finds words for the values of a class's constants."""

    def value(self, values: Sequence[Any], name: str, hint: Hint | None = None) -> Code:
        """A literal or an attribute with these values."""
        ...

    def stored(self, name: str) -> Code:
        """The attribute that holds what the constructor calls so."""
        ...

    def formula(self, nodes: Sequence[Node], where: Sequence[int]) -> Tree | None:
        """The constant's formula as the spec writes it, in the constructor's names and its `index_name`s; None if that
        cannot be said."""
        ...


def index_name(name: str) -> str:
    """An index in a formula over the constructor's names, of which none is called so: a dimension `I` is `i` there."""
    return f"[{name}]"


def own_reset(merged: Merged, words: ConstantWords) -> Body:
    """The statements that fill the tensors which the class itself owns."""
    body: list[Statement] = []
    for name, entries in merged.members.items():
        builds = {i: entry.build for i, entry in enumerate(entries) if entry is not None}
        owned = {i: build.node for i, build in builds.items() if isinstance(build, Tensor)}
        if not owned:
            continue
        target, nodes = Attribute(SELF, name), [*owned.values()]
        filled = _filled(nodes, [*owned], target, words) if _has_formula(nodes[0]) else (_parameter(nodes, target),)
        body += filled if len(nodes) == len(entries) else [If(((is_given(target), filled),))]
    return tuple(body)


def _parameter(nodes: Sequence[Node], target: Code) -> Statement:
    own = (nodes[0].init or {}).get("")
    return Effect(Call("nn.init.zeros_", (target,))) if own is None else _initialised(own, target)


def _has_formula(node: Node) -> bool:
    return isinstance(node.op, Constant | Parameter) and node.op.value is not None


def _filled(nodes: Sequence[Node], where: Sequence[int], target: Code, words: ConstantWords) -> Body:
    """`copy_` casts what was computed in float64, once."""
    ops = [node.op for node in nodes if isinstance(node.op, Constant | Parameter)]
    trees = [value_tree(op) for op in ops]
    used = frozenset[str]().union(*map(free_names, trees))
    if not used:
        numbers = [tree.value for tree in trees]  # type: ignore[union-attr]
        return (Effect(Method(target, "fill_", (words.value(numbers, "value"),))),)
    called = {index: index for index in ops[0].index}
    written = words.formula(nodes, where)
    if written is not None and _is_sayable(written, frozenset(map(index_name, called))):
        trees, called = [written], {index: index_name(index) for index in called}
        used = free_names(written)
    names: dict[str, Code] = {}
    taken: list[str] = []
    body: list[Statement] = []
    for place, index in enumerate(ops[0].index):
        if called[index] in used:
            taken.append(unique(variable(index), (*SOURCE_NAMES, *taken)))
            names[called[index]] = Variable(taken[-1])
            body.append(assign(Variable(taken[-1]), _line(ops, place, target)))
    return (*body, Effect(Method(target, "copy_", (_formula(trees, target, names, words),), (), "sole")))


def _line(ops: Sequence[Constant | Parameter], place: int, target: Code) -> Code:
    """The index along one dimension."""
    sizes = [op.shape[place] for op in ops]
    size = Fixed(sizes[0]) if all_same(sizes) else measured(target, place)
    return along(Call("torch.arange", (size,), (("dtype", Global("torch.float64")),)), ops[0], place)


def _formula(trees: Sequence[Tree], target: Code, names: Mapping[str, Code], words: ConstantWords) -> Code:
    """The value of every element over the indices. Raises Unmergeable where the instances' formulas are not alike."""
    numbers = free_names(trees[0]) - names.keys()
    codes = [
        tensor_code(tree, lambda name: names.get(name) or words.stored(name), numbers=numbers, exact=True)
        for tree in trees
    ]
    if len({*map(skeleton, codes)}) > 1:
        raise Unmergeable("formulas that differ")

    def value(args: Sequence[Arg], name: str) -> Code:
        return words.value([arg.value for arg in args], name)

    return Filler((), value, lambda what: Attribute(target, what)).fill(codes)


def _is_sayable(tree: Tree, indices: frozenset[str]) -> bool:
    """Whether torch takes the formula as it is written: the constructor's names are numbers, and stand where a tensor
    need not."""
    if free_names(tree).isdisjoint(indices):
        return is_arithmetic(tree, free_names(tree))
    numbers = [part for part in children(tree) if free_names(part) and free_names(part).isdisjoint(indices)]
    if numbers and not isinstance(tree, Binary | Compare | Choice):
        return False
    if isinstance(tree, Choice) and tree.condition in numbers:
        return False
    return all(_is_sayable(part, indices) for part in children(tree))


def _initialised(initialiser: Any, target: Code) -> Statement:
    """`initialiser` is an `archdsl.ir.initialise.Initialiser`."""
    named = tuple((name, Fixed(value)) for name, value in initialiser.arguments)
    return Effect(Call(f"nn.init.{initialiser.name}_", (target,), named))


# --- the whole tree -------------------------------------------------------------------------------


Init: TypeAlias = tuple[tuple[str, Any], ...]
"""The initialisers of tensors, by name."""


class _Made(NamedTuple):
    """A module of torch with tensors, and what the spec says of them."""

    node: Node
    function: str
    names: Collection[str]
    """Of its tensors, as they are without a parametrisation."""
    init: Init
    covered: bool
    """The spec initialises every tensor of it."""


def tree_reset(graph: Graph, outliner: Outliner, own: Body, owners: bool, owner: OwnerOf, optional: Set[Node]) -> Body:
    """The statements of the network's `reset_parameters`. Its arguments say whether the `optional` layers are there."""
    made = list(_modules(graph, outliner))
    by_type = _by_type(made)
    branches = list(_branches(by_type, made))
    usual = {function for function, (init, _) in by_type.items() if init}
    if owners or any(m.function not in usual or not by_type[m.function][1] for m in made):
        branches.append(_OTHERS)
    body = [*ties(graph, outliner), *own]
    if branches:
        # children come before what holds them
        nested = any(m.function == "MultiheadAttention" for m in made)
        skipped = _skipped(graph, outliner)
        body.append(for_modules((*skipped, If(tuple(branches))), nested))
    body += _exceptions(graph, made, by_type, outliner, owner, optional)
    computed = [one.node for one in made if parametrization_of(one.node.op) is not None]
    return through_originals(body, computed, lambda node: outliner.access(node, graph.root)) if computed else (*body,)


MANY: Final = 8
"""Modules that are compared one by one, at most."""

_RESET: Final = Effect(Method(MODULE, "reset_parameters"))
_RESETS: Final = Call("hasattr", (MODULE, Fixed("reset_parameters")))
_OTHERS: Final = Infix("and", Relation(MODULE, (("is not", SELF),)), _RESETS), (_RESET,)
"""Modules that initialise themselves."""


def _is_a(classes: Sequence[str], module: Code = MODULE) -> Code:
    kinds: Iterable[Code] = map(Global, classes)
    return Call("isinstance", (module, reduce(lambda one, other: Infix("|", one, other), kinds)))


def ties(graph: Graph, outliner: Outliner) -> Iterator[Assign]:
    """One tensor under several names."""
    for node in graph.nodes:
        for name, value in node.tie.items():
            key = key_of(value)
            yield assign(_tensor(node, name, graph, outliner), _tensor(key.node, key.weight, graph, outliner))


def _tensor(node: Node, name: str | None, graph: Graph, outliner: Outliner) -> Code:
    return tensor_below(outliner.access(node, graph.root), name or "")


def _skipped(graph: Graph, outliner: Outliner) -> Body:
    """Modules whose every tensor is another's are left alone."""
    nodes = (node for node in graph.nodes if node.tie and set(node.tensors) <= set(node.tie))
    tied = [outliner.access(node, graph.root) for node in nodes]
    return (If(((_is_one_of(tied), (Continue(),)),)),) if tied else ()


def _is_one_of(modules: Sequence[Code]) -> Code:
    """One comparison beside the other, or a list of what there are many of."""
    if len(modules) > MANY:
        return Relation(MODULE, (("in", Many(tuple(modules))),))
    tests: Iterable[Code] = (Relation(MODULE, (("is", module),)) for module in modules)
    return reduce(lambda one, other: Infix("or", one, other), tests)


def _modules(graph: Graph, outliner: Outliner) -> Iterator[_Made]:
    known: dict[tuple[int, ...], tuple[Collection[str], Init, bool]] = {}
    """What equal nodes share."""
    for node in graph.nodes:
        if not node.tensors or node.share is not None or type(node.op) in (Constant, Parameter):
            continue
        build = outliner.build(node)
        if not isinstance(build, Make) or (node.tie and set(node.tensors) <= set(node.tie)):
            continue
        key = *map(id, (node.op, node.init, node.tensors)), *(() if not node.tie else (id(node),))
        if key not in known:
            names = unparametrized(node.tensors)
            own = [name for name in names if name not in node.tie]
            init = tuple((name, node.init[name]) for name in own if node.init and name in node.init)
            known[key] = names, init, len(init) == len(own)
        yield _Made(node, build.call.function, *known[key])


def _by_type(made: Iterable[_Made]) -> dict[str, tuple[Init, bool]]:
    """For each type of module how most are initialised, and whether that says everything."""
    found: dict[str, tuple[Init, bool]] = {}
    groups: dict[str, list[_Made]] = {}
    for one in made:
        groups.setdefault(one.function, []).append(one)
    for function, ones in groups.items():
        union = _union(distinct([one.init for one in ones]))
        if union is not None:
            found[function] = union, all(one.covered for one in ones)
            continue
        usual = Counter(one.init for one in ones).most_common(1)[0][0]
        found[function] = usual, all(one.covered for one in ones if one.init == usual)
    return found


def _union(inits: Sequence[Init]) -> Init | None:
    """One rule for all, where modules only differ in which tensors they have."""
    union: dict[str, Any] = {}
    for init in inits:
        for name, initialiser in init:
            if union.setdefault(name, initialiser) != initialiser:
                return None
    if any(not init for init in inits) and union:
        return None
    return tuple(sorted(union.items(), key=lambda item: item[0] == "bias"))


def _pads(op: Op) -> bool:
    """Whether a row of the table stays at zero."""
    return getattr(op, "padding_idx", None) is not None


def _branches(by_type: Mapping[str, Any], made: Sequence[_Made]) -> Iterator[tuple[Code, Body]]:
    """What each type of module is given, types that are given the same together."""
    bodies: dict[Body, list[str]] = {}
    for function, (init, covered) in by_type.items():
        if init:
            ones = [one for one in made if one.function == function]
            bodies.setdefault(_usual(ones, init, covered), []).append(function)
    for body, functions in bodies.items():
        yield _is_a(functions), body


def _usual(ones: Sequence[_Made], init: Sequence[tuple[str, Any]], covered: bool) -> Body:
    """How the modules of one type are initialised."""
    body: list[Statement] = [] if covered else [_RESET]
    for name, initialiser in init:
        target = Attribute(MODULE, name)
        filled = _initialised(initialiser, target)
        everywhere = all(name in one.names for one in ones)
        body.append(filled if everywhere else If(((is_given(target), (filled,)),)))
    pads = [*map(_pads, distinct([one.node.op for one in ones]))]
    if all(pads):
        body.append(_padded(MODULE))
    elif any(pads):
        body.append(If(((is_given(Attribute(MODULE, "padding_idx")), (_padded(MODULE),)),)))
    return tuple(body)


def _padded(module: Code) -> Statement:
    row = Subscript(Attribute(module, "weight"), (Attribute(module, "padding_idx"),))
    return Effect(Method(row, "zero_"))


def _exceptions(
    graph: Graph,
    made: Sequence[_Made],
    by_type: Mapping[str, Any],
    outliner: Outliner,
    owner: OwnerOf,
    optional: Set[Node],
) -> Iterator[Statement]:
    """Modules that the spec initialises unlike the others of their type."""
    by_class: dict[tuple[str, int], dict[Body, int]] = {}
    single: list[Statement] = []
    for one in made:
        usual = by_type[one.function][0]
        body = () if one.init == usual else _exception(one, dict(usual))
        if not body:
            continue
        scope, name, count = owner(one.node)
        if count > 1 and scope is not graph.root:
            own = _of(outliner.access(one.node, scope, MODULE), body)
            found = by_class.setdefault((name, count), {})
            found[own] = found.get(own, 0) + 1
        else:
            module = outliner.access(one.node, graph.root)
            filled = _of(module, body)
            single += (If(((_is_a([one.function], module), filled),)),) if one.node in optional else filled
    alike: dict[Body, list[str]] = {}
    for (name, count), bodies in by_class.items():
        if any(times != count for times in bodies.values()):
            single += _one_by_one(graph, made, by_type, outliner, owner, name)
        else:
            alike.setdefault(tuple(statement for body in bodies for statement in body), []).append(name)
    if alike:
        yield for_modules((If(tuple((_is_a(names), body) for body, names in alike.items())),))
    yield from single


def _exception(one: _Made, usual: Mapping[str, Any]) -> Body:
    """The statements for one module, which is `Self()` in them."""
    own = dict(one.init)
    expected = {name: initialiser for name, initialiser in usual.items() if name in one.names}
    if own == expected:
        return ()
    body: list[Statement] = []
    if any(name not in own for name in expected):
        body.append(Effect(Method(Self(), "reset_parameters")))
    for name, initialiser in one.init:
        if expected.get(name) != initialiser or any(key not in own for key in expected):
            body.append(_initialised(initialiser, Attribute(Self(), name)))
    if own and _pads(one.node.op):
        body.append(_padded(Self()))
    return tuple(body)


def _of(module: Code, body: Body) -> Body:
    """The statements for a module that is reached so."""

    def filled(code: Code) -> Code:
        return module if isinstance(code, Self) else rebuilt(code, lambda part, _: filled(part))

    return changed(body, filled)


def _one_by_one(
    graph: Graph, made: Sequence[_Made], by_type: Mapping[str, Any], outliner: Outliner, owner: OwnerOf, name: str
) -> Iterator[Statement]:
    for one in made:
        if owner(one.node)[1] == name:
            yield from _of(outliner.access(one.node, graph.root), _exception(one, dict(by_type[one.function][0])))
