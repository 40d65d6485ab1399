"""What holds of every graph that elaboration makes, asked of one that was read: whoever reads graphs relies on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any, Final, final

from archdsl.faults.code import Code
from archdsl.ir.exchange.error import GraphError
from archdsl.ir.exchange.parts import NODE
from archdsl.ir.exchange.values import check_formula
from archdsl.ir.graph import Env, Node, Scope, ScopeKind, SizeCheck, Value
from archdsl.ir.initialise import ARGUMENTS, REQUIRED, WORDS, Initialiser
from archdsl.ir.scopes import scopes_around
from archdsl.ir.sites import Site
from archdsl.limits import MAX_INT64, MAX_SCOPES, current
from archdsl.ops.apply import Applied, Sample, apply_at, dim_at
from archdsl.ops.base import Kind, Op, OpError
from archdsl.ops.parametrized import unparametrized
from archdsl.ops.special import FILLED, SCAN, ByMode, Formula, InputOp, ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl.shapes import Dim, Symbolic, product
from archdsl.text.names import check_input_name, check_module_name, check_name
from archdsl.text.plain_text import to_json

BINDINGS: Final = ("param", "let", "dim", "loop", "port")
"""What kinds of names a finished graph's expressions see."""


def check_site(site: Site) -> Site:
    """Raises GraphError for a place that is not in its file."""
    for name in ("extent", "key_extent"):
        start, end = getattr(site, name)
        if not 0 <= start <= end <= len(site.lines.text):
            message = f"expected a stretch of the file's {len(site.lines.text):,} characters, found {start} to {end}"
            raise GraphError(message).within(name)
    return site


def check_env(env: Env) -> Env:
    """Raises GraphError for names that no expression can read."""
    for name, binding in env.names.items():
        if not name.isidentifier():
            raise GraphError("expected a name of letters, digits and `_`", code=Code.BAD_NAME).within("names", name)
        if binding.kind not in BINDINGS:
            raise GraphError(f"expected one of {', '.join(BINDINGS)}").within("names", name, "kind")
        if binding.kind == "dim" and not _is_dim(binding.value):
            raise GraphError("a size is a whole number or a dimension").within("names", name, "value")
    return env


def check_sizes(sizes: Mapping[str, int]) -> Mapping[str, int]:
    """Raises GraphError for sizes that no tensor has."""
    for name, size in sizes.items():
        if not 0 < size <= MAX_INT64:
            raise GraphError(f"a size is from 1 to 2 ** 63 - 1, found {size}").within("sample_sizes", name)
    return sizes


def _is_dim(value: Any) -> bool:
    return type(value) is int or isinstance(value, Symbolic)


@final
class Checker:
    """Looks at the nodes and scopes of one graph, each once what it reads has been looked at. All raise GraphError."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sample = Sample(tuple(sizes.items()), current().limits)

    # --- nodes --------------------------------------------------------------------------------

    def input(self, node: Node) -> Node:
        """An input of the network."""
        if not isinstance(node.op, InputOp):
            raise GraphError("an input is of op `input`").within("op")
        refuse_name(check_input_name(node.path))
        self._applied(node)
        return node

    def node(self, node: Node) -> Node:
        """Any other node."""
        if isinstance(node.op, InputOp):
            raise GraphError("an op `input` stands under `inputs`").within("op")
        _check_node_name(node)
        _check_ports(node)
        _check_loop(node)
        self._applied(node)
        _check_start(node)
        _check_frozen(node)
        _check_shared(node)
        return node

    def _applied(self, node: Node) -> None:
        """Holds what is written of a node to what its op says."""
        _check_formulas(node)
        types = tuple(None if value is None else value.type for value in node.inputs)
        try:
            with _at_sample_sizes():
                found = apply_at(node.op, types, self._sample)
        except OpError as error:
            field = error.fault.place.field
            steps = (field,) if field is not None else ()
            raise GraphError(error.message, error.hint, error.code).within("op", node.op.name, *steps) from None
        if isinstance(node.op, FILLED) and node.tensors and node.op.value is not None:
            current().spend("computed", prod(map(self._size, node.op.shape)))
        _check_same(node, found)

    def _size(self, dim: Dim) -> int:
        with _at_sample_sizes():
            return dim_at(dim, self._sample.sizes)

    # --- scopes -------------------------------------------------------------------------------

    def scope(self, scope: Scope, order: Mapping[Node, int]) -> None:
        """A scope with all that it holds; the order is that of running."""
        if scope.kind is ScopeKind.NETWORK and not scope.outputs:
            raise GraphError("a network has an output").within("outputs")
        if scope.listed and not _are_rising([*scope.children]):
            raise GraphError("the children of a list are called 0, 1, …, of which some may be missing").within(
                "children"
            )
        first = min((order[node] for node in scope.nodes()), default=len(order))
        for name, value in scope.inputs.items():
            if value is not None and order[value.node] >= first:
                raise GraphError(f"`{value.name}` is made in the scope, or after it").within("inputs", name)
        if scope.kind is ScopeKind.BLOCK:
            _check_reads(scope)
        if scope.registered and scope.share is None:
            raise GraphError("a scope that runs its own module is registered once").within("registered")
        if scope.share is not None:
            _check_again(scope, scope.share)
        for place, each in enumerate(scope.checks):
            self._size_check(each, ("checks", place))
        if scope.scan is not None and (not _is_dim(scope.scan.steps) or self._size(scope.scan.steps) < 1):
            raise GraphError("a loop has at least one step").within("scan", "steps")

    def _size_check(self, found: SizeCheck, where: tuple[str | int, ...]) -> None:
        if not 0 <= found.position < found.value.type.rank:
            raise GraphError(f"{found.value.type} has no such dimension").within(*where, "position")
        self._size(found.size)


@contextmanager
def _at_sample_sizes() -> Iterator[None]:
    """Raises GraphError where a size inside has no value."""
    try:
        yield
    except KeyError as error:
        raise GraphError(f"`sample_sizes` has no `{error.args[0]}`", code=Code.UNKNOWN_SIZE) from None
    except ZeroDivisionError:
        raise GraphError("a size divides by zero at the sample sizes", code=Code.SIZE_ERROR) from None


def _are_rising(names: list[str]) -> bool:
    """Whether they are whole numbers as a list has them, the smaller ones first."""
    if not all(name.isdecimal() and name.isascii() and len(name) <= _DIGITS for name in names):
        return False
    numbers = [int(name) for name in names]
    return names == [*map(str, numbers)] and numbers == sorted(numbers)


_DIGITS: Final = 9
"""Of the number of a list's last item."""


def check_scope(scope: Scope) -> None:
    """Raises GraphError for a scope that has a name or a kind which none has, or stands too deep."""
    if (scope.kind is ScopeKind.NETWORK) != (scope.path == ""):
        raise GraphError("the first scope is the network, whose path is empty, and no other is").within("kind")
    if scope.path:
        refuse_name(check_name(_dotted(scope, scope.name)) or check_module_name(scope.name))
    if scope.path.count(".") >= MAX_SCOPES:
        raise GraphError(f"more than {MAX_SCOPES} scopes stand in one another", code=Code.TOO_DEEP).within("path")
    block = scope.kind is ScopeKind.BLOCK
    if block != (scope.block is not None) or block != (scope.definition is not None):
        raise GraphError("`block` and `definition` are a block's, which has both").within("kind")


def _check_reads(scope: Scope) -> None:
    """A block reads what it is given, and nothing else from around it."""
    inside = {*scope.nodes()}
    given = {(value.node, value.output, value.weight) for value in scope.inputs.values() if value is not None}
    for node in inside:
        for value in node.inputs:
            if value is not None and value.node not in inside and (value.node, value.output, value.weight) not in given:
                message = f"`{node.path}` reads `{value.name}` from outside, which is not among them"
                raise GraphError(message, code=Code.OUTER_INPUT).within("inputs")


def _check_again(scope: Scope, origin: Scope) -> None:
    """A scope that runs another's modules again is built as that is, and so is what stands in it."""
    alike = all(getattr(scope, name) is getattr(origin, name) for name in ("kind", "definition", "listed"))
    for name in ("inputs", "outputs", "children", "arguments"):
        alike = alike and [*getattr(scope, name)] == [*getattr(origin, name)]
    if not alike or origin.share is not None or scope.block != origin.block:
        raise GraphError(f"`{origin.path}` is not built alike").within("share")
    for name, child in scope.children.items():
        other = origin.children[name]
        if isinstance(child, Node) and (other.share or other) is not child.share:
            raise GraphError(f"`{child.path}` does not share `{other.path}`").within("share")
        if isinstance(child, Scope) and child.share is None:
            if not isinstance(other, Scope):
                raise GraphError(f"`{other.path}` is not built alike").within("share")
            _check_again(child, other)


def check_blocks(scopes: Iterable[Scope]) -> None:
    """Raises GraphError for a block that has other parameters than another of its definition."""
    parameters: dict[Site, list[str]] = {}
    for place, scope in enumerate(scopes):
        if scope.definition is not None and parameters.setdefault(scope.definition, [*scope.arguments]) != [
            *scope.arguments
        ]:
            names = ", ".join(parameters[scope.definition]) or "none"
            raise GraphError(f"the parameters of `{scope.block}` are {names}").within("scopes", place, "arguments")


def refuse_name(problem: tuple[str, str | None] | None) -> None:
    """Raises GraphError with what is wrong with a name, if anything is."""
    if problem is not None:
        raise GraphError(problem[0], problem[1], Code.BAD_NAME).within("path")


def _check_node_name(node: Node) -> None:
    """A node at the border of a loop is called as the spec reads its port: `x[t]`, `h[-1]`."""
    name = node.name
    if isinstance(node.op, SCAN):
        suffix = _SUFFIXES[type(node.op)]
        if not name.endswith(suffix):
            raise GraphError(f"`{node.op.name}` is called after its port, with `{suffix}`").within("path")
        name = name.removesuffix(suffix)
    module = node.tensors or node.op.kind is not Kind.RESHAPE
    refuse_name(check_name(_dotted(node, name)) or (check_module_name(name) if module else None))


def _dotted(item: Node | Scope, name: str) -> str:
    """A name as a spec writes it: behind those of the containers that dotted names made."""
    around = item.scope
    while around is not None and around.kind is ScopeKind.CONTAINER:
        name, around = f"{around.name}.{name}", around.scope
    return name


_SUFFIXES: Final[dict[type[Op], str]] = {ScanSlice: "[t]", ScanCarry: "[t]", ScanStack: "[:]", ScanLast: "[-1]"}


def _check_ports(node: Node) -> None:
    ports = node.op.ports
    if len(ports) == 1 and ports[0].variadic:
        if not node.inputs or None in node.inputs:
            raise GraphError(f"`{node.op.name}` takes one input or more").within("inputs")
        return
    names = ", ".join(port.name for port in ports) or "none"
    if len(node.inputs) != len(ports):
        said = f"expected a value or null for each input ({names}), found {len(node.inputs)}"
        raise GraphError(said).within("inputs")
    for place, (port, value) in enumerate(zip(ports, node.inputs, strict=True)):
        if value is None and not port.optional:
            raise GraphError(f"the input `{port.name}` is not fed", code=Code.MISSING_INPUT).within("inputs", place)
        mode = None if value is None else value.node.when
        if mode is not None and mode is not node.when and not isinstance(node.op, ByMode):
            message = f"`{value.name if value else ''}` exists only in {mode.value} mode"
            raise GraphError(message, code=Code.OTHER_MODE).within("inputs", place)


def _check_loop(node: Node) -> None:
    """What comes into a loop and goes out of it stands in the loop's scope, and knows what it carries."""
    if not isinstance(node.op, SCAN):
        return
    if node.scope is None or node.scope.scan is None:
        raise GraphError(f"`{node.op.name}` stands in a loop over time, and its scope is none").within("path")
    carried = node.inputs[1] if isinstance(node.op, ScanLast) else None
    if carried is not None and not (isinstance(carried.node.op, ScanCarry) and carried.node.scope is node.scope):
        raise GraphError(f"`{carried.name}` is nothing that this loop carries").within("inputs", 1)


def _check_formulas(node: Node) -> None:
    """Formulas read operands or indices, and are what the parser could have made."""
    op = node.op
    if isinstance(op, Formula):
        _formula(op.expression, frozenset(map(str, range(len(node.inputs)))), node, "expression")
    elif isinstance(op, FILLED) and op.value is not None:
        _formula(op.value, frozenset(op.index), node, "value")


def _formula(tree: Any, names: frozenset[str], node: Node, field: str) -> None:
    try:
        check_formula(tree, names)
    except GraphError as error:
        raise error.within("op", node.op.name, field) from None


def _check_same(node: Node, found: Applied) -> None:
    """Raises GraphError where what is written of a node does not follow from its op and inputs."""
    macs = found.macs * _repeats(node) if found.macs else 0
    wanted: dict[str, Any] = {
        "types": found.types, "output_names": found.names, "tensors": dict(found.tensors), "macs": macs,
    }  # fmt: skip
    for field, value in wanted.items():
        written = getattr(node, field)
        if written != value or (field == "tensors" and [*written] != [*value]):
            gives = to_json(next(part for part in NODE.parts if part.name == field).codec.write(value, None))
            raise GraphError(f"this is not what `{node.op.name}` of these inputs has", f"it has {gives}").within(field)


def _repeats(node: Node) -> Dim:
    """How often a pass runs a node: once, or once for every step of the loops around it."""
    return product(scope.scan.steps for scope in scopes_around(node) if scope.scan is not None)


# --- what a node has beside its op ----------------------------------------------------------------


def _check_start(node: Node) -> None:
    """Initialisers are torch's, of tensors that the node trains."""
    for name, start in (node.init or {}).items():
        tensor = unparametrized(node.tensors).get(name)
        if tensor is None or tensor.buffer:
            raise GraphError("the node trains no such tensor", code=Code.BAD_INIT).within("init", name)
        problem = _wrong_start(start)
        if problem is not None:
            raise GraphError(problem, code=Code.BAD_INIT).within("init", name)


def _check_frozen(node: Node) -> None:
    """What is frozen are parameters of the node's own."""
    for place, name in enumerate(node.frozen):
        if name not in node.tensors or node.tensors[name].buffer or name in node.tie or node.share is not None:
            raise GraphError("the node has no such parameter of its own", code=Code.BAD_VALUE).within("frozen", place)


def _wrong_start(start: Initialiser) -> str | None:
    known = ARGUMENTS.get(start.name)
    if known is None:
        return f"unknown initialiser `{start.name[:60]}`"
    names = [name for name, _ in start.arguments]
    needed = REQUIRED.get(start.name)
    if len({*names}) < len(names) or not {*names} <= {*known} or (needed is not None and needed not in names):
        return f"`{start.name}` takes {', '.join(known) or 'nothing'}, each once"
    return next((wrong for each in start.arguments if (wrong := _wrong_argument(*each)) is not None), None)


def _wrong_argument(name: str, value: Any) -> str | None:
    if name in WORDS:
        return None if value in WORDS[name] else f"`{name}` is one of {', '.join(WORDS[name])}"
    return None if isinstance(value, int | float) else f"`{name}` is a number"


def _check_shared(node: Node) -> None:
    """A module that runs again is the same op's, and what is tied has the tensor's shape."""
    origin = node.share
    if node.registered and origin is None:
        raise GraphError("a node that runs its own module is registered once").within("registered")
    if origin is not None:
        # a loop may run again over as many steps as there are then
        same = origin.op == node.op or (isinstance(node.op, SCAN) and type(node.op) is type(origin.op))
        if not same or origin.share is not None or origin.tensors != node.tensors:
            raise GraphError(f"`{origin.path}` is no other module of the same op and tensors").within("share")
    for name, value in node.tie.items():
        own = node.tensors.get(name)
        if own is None or own.buffer or value.type.shape != own.shape or not _is_trained(value):
            message = f"`{value.name}` is no trained tensor of the shape that the node's `{name}` has"
            raise GraphError(message, code=Code.BAD_TIE).within("tie", name)


def _is_trained(value: Value) -> bool:
    name = value.weight if value.weight is not None else ""
    return name in value.node.tensors and not value.node.tensors[name].buffer
