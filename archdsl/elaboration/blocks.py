"""Blocks: their definitions found and compiled, their ports and parameters bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from archdsl.document.nodes import TemplateMaker
from archdsl.document.overrides import misdeclared
from archdsl.document.splices import is_splice
from archdsl.document.substitution import parse_text
from archdsl.document.template import BlockTemplate, TemplateError, Written, located
from archdsl.document.unknown import UNKNOWN
from archdsl.elaboration.fields import evaluate_text, prepare
from archdsl.elaboration.turns import expanded
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError
from archdsl.ir.graph import Binding, Env
from archdsl.shapes import Dim, Symbolic, TensorType, differ
from archdsl.shapes import evaluate as sampled
from archdsl.text.names import check_name
from archdsl.text.spelled import kind_of

if TYPE_CHECKING:
    from archdsl.document.model import Block, Document
    from archdsl.document.resolved import Resolved

TYPES: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "number": (int, float),
    "bool": (bool,),
    "text": (str,),
    "list": (list, tuple),
    "any": (object,),
}
"""The names that declare a required parameter, and what they take."""


class ParamSpec(NamedTuple):
    """A parameter of a block."""

    name: str
    kind: str
    required: bool
    default: Any
    """Prepared, for `archdsl.elaboration.fields.evaluate` in the names of the block's own file."""
    text: bool


def accepts(param: ParamSpec, value: Any) -> bool:
    """Whether an argument is of the parameter's declared type.

    A template stands for text, and null for no text, as in an `op` that leaves its node out; for others null is
    taken where they have a default.
    """
    if param.kind == "text" and isinstance(value, Mapping):
        return True
    if value is None:
        return param.kind in ("any", "text") or not param.required
    if isinstance(value, bool) and param.kind in ("int", "float", "number"):
        return False
    return isinstance(value, TYPES[param.kind]) or (param.kind in ("int", "number") and isinstance(value, Symbolic))


class PatternEntry(NamedTuple):
    """One dimension of a port's pattern: a name to bind, an expression to check, or `...`."""

    name: str | None
    expression: Expression | None
    path: tuple[str | int, ...] = ()
    """Where it is written."""


_REST: Final = PatternEntry(None, None)
"""`...`"""


class PortSpec(NamedTuple):
    """An input of a block."""

    name: str
    pattern: tuple[PatternEntry, ...] | None
    """None: any rank."""
    optional: bool
    path: tuple[str | int, ...]
    env: Env | None = None
    """The names that its pattern sees, where they are more than the block's: those of a `for`."""


@final
class BlockSpec:
    """A block, compiled. What is declared wrongly has no value, and its mistake is added to `faults`."""

    def __init__(self, template: BlockTemplate, faults: list[Fault]) -> None:
        self.template = template
        self.name = str(template.name)  # an argument that names it brings its file along
        self.params = {name: self._param(name, raw, faults) for name, raw in template.params.items()}
        self._looped = any(map(is_splice, template.inputs or ()))
        before = len(faults)
        self.ports = () if self._looped else _ports(template, faults)
        """Its inputs; none where a `for` or `if` names them, which only a use says: see `ports_in`."""
        self.unsure = len(faults) > before or UNKNOWN in (template.inputs or {}).values()
        """Whether the names of its dimensions are not all known."""
        self.let = {name: _let(template, name, raw, faults) for name, raw in template.let.items()}
        self.patched = template.home.misses_within("patch")
        """Whether a patch that could not be read may have given it other inputs and parameters."""

    def ports_in(self, env: Env) -> tuple[PortSpec, ...]:
        """The inputs of a use whose arguments are in `env`. Raises TemplateError, ExpressionError."""
        return _expanded_ports(self.template, env) if self._looped else self.ports

    def _param(self, name: str, raw: Any, faults: list[Fault]) -> ParamSpec:
        if self.template.is_spec:
            # A file's own parameters are plain data.
            return ParamSpec(name, "any", False, _plain(raw), _is_text(raw))
        try:
            _check_param(self.template, name, raw)
            return param_spec(name, raw)
        except ExpressionError as error:
            faults.append(_unread(error, (*self.template.path, "params", name), raw).fault)
        except TemplateError as error:
            faults.append(error.fault)
        return ParamSpec(name, "any", False, UNKNOWN, _is_text(raw))


def compile_block(home: Resolved, name: str, raw: Block | Document) -> tuple[BlockSpec, list[Fault]]:
    """A block of a file, or the whole file as one, with what is wrong in its nodes. Raises TemplateError.

    A file's inputs are the ports, its parameters, as they are set, the block's.
    """
    whole = raw is home.document
    path = () if whole else ("blocks", name)
    compiler = TemplateMaker(home)
    body, listed = compiler.body(raw.nodes, (*path, "nodes"))
    outputs = None if raw.outputs is None else Written(raw.outputs, (*path, "outputs"))
    order = None if raw.order is None else Written(raw.order, (*path, "order"))
    params = home.params if whole else raw.params
    template = BlockTemplate(
        name, home, path, raw.inputs, dict(params), dict(raw.let), body, listed, outputs, order, is_spec=whole
    )
    return BlockSpec(template, compiler.faults), compiler.faults


def _check_param(template: BlockTemplate, name: str, raw: Any) -> None:
    """A default of null says nothing about what the parameter takes, and a declared type takes its default."""
    if (wrong := misdeclared(name, raw)) is not None:
        raise TemplateError(Code.BAD_VALUE, wrong, (*template.path, "params", name, "default"))
    if raw is None:
        raise TemplateError(
            Code.BAD_VALUE, f"the default of `{name}` is null, which says no type", (*template.path, "params", name),
            hint="write `{type: text, default: null}` for an op or other text, or `{type: int, default: null}`",
        )  # fmt: skip


def param_spec(name: str, raw: Any) -> ParamSpec:
    """A parameter of a block as it is declared: a type's name, `{type: …, default: …}`, or its default.

    Raises ExpressionError.
    """
    if isinstance(raw, str) and raw in TYPES:
        return ParamSpec(name, raw, True, None, raw == "text")
    kind = raw.get("type") if isinstance(raw, Mapping) and set(raw) <= {"type", "default"} else None
    if isinstance(kind, str) and kind in TYPES:
        return ParamSpec(name, kind, "default" not in raw, raw.get("default"), kind == "text")
    text = _is_text(raw)
    return ParamSpec(name, "any", False, prepare(raw, text=True) if text else _plain(raw), text)


def _is_text(default: Any) -> bool:
    """Whether arguments for a parameter of this default are text."""
    listed = isinstance(default, list) and bool(default) and all(isinstance(item, str) for item in default)
    return listed or isinstance(default, str) or (isinstance(default, Mapping) and "op" in default)


def _plain(raw: Any) -> Any:
    return tuple(raw) if isinstance(raw, list) else raw


def _let(template: BlockTemplate, name: str, raw: Any, faults: list[Fault]) -> Any:
    try:
        return prepare(raw, text=False)
    except ExpressionError as error:
        faults.append(_unread(error, (*template.path, "let", name), raw).fault)
        return UNKNOWN


def _unread(error: ExpressionError, path: tuple[str | int, ...], raw: Any) -> TemplateError:
    """What is wrong with a value; its offsets are those of the document where it is one text."""
    return (
        located(error, path)
        if isinstance(raw, str)
        else TemplateError(error.code, error.message, path, hint=error.hint)
    )


def _ports(template: BlockTemplate, faults: list[Fault]) -> tuple[PortSpec, ...]:
    if template.inputs is None:
        return (PortSpec("x", None, False, (*template.path, "inputs")),)
    return tuple(_port(name, raw, (*template.path, "inputs", name), faults) for name, raw in template.inputs.items())


def _port(name: str, raw: Any, path: tuple[str | int, ...], faults: list[Fault]) -> PortSpec:
    """An input as it is declared; one of any rank where its pattern cannot be read."""
    try:
        return port_spec(name, raw, path)
    except TemplateError as error:
        faults.append(error.fault)
        return PortSpec(name, None, isinstance(raw, Mapping) and bool(raw.get("optional")), path)


def _expanded_ports(template: BlockTemplate, env: Env) -> tuple[PortSpec, ...]:
    found: dict[str, PortSpec] = {}
    for name, raw, at, names in expanded(template.inputs or {}, env, (*template.path, "inputs")):
        hint = "put the loop variable into the name: `x$i`"
        if name in found:
            raise TemplateError(Code.DUPLICATE_NAME, f"a second input `{name}`", at, key=True, hint=hint)
        if not name.isidentifier() or check_name(name) is not None:
            raise TemplateError(Code.BAD_NAME, f"`{name}` is no name for an input", at, key=True, hint=hint)
        found[name] = port_spec(name, _spelled(raw, names), at)._replace(env=names)
    return tuple(found.values())


def _spelled(raw: Any, env: Env) -> Any:
    """A pattern with its `$` substituted."""
    if isinstance(raw, Mapping):
        return {key: _spelled(value, env) if key == "shape" else value for key, value in raw.items()}
    if not isinstance(raw, list):
        return raw
    return [evaluate_text(parse_text(item), env) if isinstance(item, str) and "$" in item else item for item in raw]


def port_spec(name: str, raw: Any, path: tuple[str | int, ...]) -> PortSpec:
    """An input as it is declared. Raises TemplateError."""
    optional = False
    if isinstance(raw, Mapping):
        optional = bool(raw.get("optional", False))
        raw, path = raw.get("shape"), (*path, "shape")
    if raw is None or raw is UNKNOWN:
        return PortSpec(name, None, optional, path)
    if not isinstance(raw, list | tuple):
        raise TemplateError(
            Code.WRONG_TYPE, f"the shape of `{name}` is a list, found {kind_of(raw)}", path,
            hint="write `[N, C, H, W]`",
        )  # fmt: skip
    if sum(item == "..." for item in raw) > 1:
        raise TemplateError(Code.BAD_VALUE, f"the pattern of `{name}` has `...` twice", path, hint="say it once")
    return PortSpec(name, tuple(_entry(item, (*path, i)) for i, item in enumerate(raw)), optional, path)


def _entry(item: Any, path: tuple[str | int, ...]) -> PatternEntry:
    if item == "...":
        return _REST
    text = str(item).partition("=")[0].strip() if is_sampled(item) else str(item)
    if text.isidentifier() and text[0].isupper():
        return PatternEntry(text, None, path)
    try:
        return PatternEntry(None, parse(text), path)
    except ExpressionError as error:
        raise located(error, path) from None


def is_sampled(item: Any) -> bool:
    """Whether a file's input dimension gives a size to sample with: `H = 224`."""
    return isinstance(item, str) and item.partition("=")[0].strip().isidentifier() and "=" in item


class PatternError(FaultError):
    """A tensor that a port does not take."""


def bind_pattern(port: PortSpec, type_: TensorType, env: Env, sample: Mapping[str, int]) -> list[tuple[int, Dim]]:
    """Binds the names of a port's pattern in `env` and checks the rest, at the `sample` sizes too.

    Gives the positions of the dimensions that only the run can check, with what they must be.
    Raises PatternError, and TemplateError for an entry that is no size.
    """
    unproved: list[tuple[int, Dim]] = []
    if port.pattern is None:
        return unproved
    for entry, position in _align(port, port.pattern, type_):
        dim = type_.shape[position]
        if entry.name is not None and entry.name not in env.names:
            env.names[entry.name] = Binding(dim, "dim")
            continue
        expected = env[entry.name] if entry.name is not None else _size(entry, port.env or env)
        if dim == expected:
            continue
        here, there = sampled(dim, sample), sampled(expected, sample)
        if differ(dim, expected) or here != there:
            wanted = entry.name or (entry.expression.text if entry.expression else "")
            said = f"{wanted} = {expected}" if wanted != str(expected) else wanted
            at = "" if differ(dim, expected) else f": at the sample sizes {here} and {there}"
            raise PatternError(Fault(Code.SHAPE_MISMATCH, f"`{port.name}` has {dim} where its pattern says {said}{at}"))
        unproved.append((position, expected))
    return unproved


def _size(entry: PatternEntry, env: Env) -> Dim:
    assert entry.expression is not None
    text = entry.expression.text
    try:
        value = entry.expression.evaluate(env)
    except ExpressionError as error:
        if error.fault.unknown is not None:
            error.advise(error.hint or "a dimension is upper case, and stands alone before it is used: `[C, 2 * C]`")
        raise located(error, entry.path) from None
    if isinstance(value, bool) or not isinstance(value, int | Symbolic):
        message = f"a size is a whole number, found {value!r}"
        raise located(ExpressionError(message, 0, len(text), "use `//` or `int(…)`"), entry.path)
    return value


def _align(port: PortSpec, pattern: tuple[PatternEntry, ...], type_: TensorType) -> list[tuple[PatternEntry, int]]:
    """The pattern's entries and the positions of the dimensions that they stand for."""
    if _REST not in pattern:
        if len(pattern) != type_.rank:
            found = f"rank {len(pattern)}, found {type_} of rank {type_.rank}"
            raise PatternError(Fault(Code.RANK_ERROR, f"`{port.name}` takes {_shown(pattern)}, {found}"))
        return list(zip(pattern, range(type_.rank), strict=True))
    before = pattern.index(_REST)
    after = len(pattern) - before - 1
    if type_.rank < before + after:
        found = f"at least rank {before + after}, found rank {type_.rank}"
        raise PatternError(Fault(Code.RANK_ERROR, f"`{port.name}` takes {_shown(pattern)}, {found}"))
    positions = (*range(before), *range(type_.rank - after, type_.rank))
    return list(zip((*pattern[:before], *pattern[before + 1 :]), positions, strict=True))


def _shown(pattern: tuple[PatternEntry, ...]) -> str:
    names = (entry.name or (entry.expression.text if entry.expression else "...") for entry in pattern)
    return f"[{', '.join(names)}]"
