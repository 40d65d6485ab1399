"""What is written of a `scan`, read: its block, what goes in and out, how many steps. Every mistake is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from archdsl.document.substitution import parse_text
from archdsl.document.template import NodeTemplate, Written
from archdsl.elaboration.arguments import block_arguments, unfolded
from archdsl.elaboration.blocks import BlockSpec, PortSpec
from archdsl.elaboration.fields import OpName, evaluate_text, prepare
from archdsl.elaboration.frames import Frame, PathError, evaluate_here, place_of
from archdsl.elaboration.placing import origins, read
from archdsl.elaboration.scopes import ports_in
from archdsl.elaboration.sources import BlockUse
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn, Note
from archdsl.ir.graph import Binding, Env, Value
from archdsl.shapes import Dim, Symbolic, differ, evaluate
from archdsl.text.names import check_name
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import kind_of, quoted

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

FIELDS = ("body", "dim", "steps", "reverse", "over", "carry", "capture", "collect")
_PORTS = ("over", "carry", "capture")


class ScanParts(NamedTuple):
    """What is written, evaluated."""

    spec: BlockSpec
    arguments: dict[str, Any]
    env: Env
    ports: tuple[PortSpec, ...]
    dim: int
    reverse: bool
    over: dict[str, Value]
    carry: dict[str, Value]
    capture: dict[str, Value]
    steps: Dim
    collect: dict[str, str]


@final
class ScanReader:
    """Reads what is written, every mistake told before Reported is raised."""

    def __init__(self, run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
        self.run = run
        self.template = template
        self.frame = frame

    def read(self) -> ScanParts:
        self._check_keys()
        spec, arguments = self._body()
        outer = self.run.catalogue.outer_env(spec, self.frame.scope)
        names = {n: Binding(v, "param") for n, v in arguments.items()}
        env = Env(names, outer, BlockUse(self.template, spec.template, self.frame.env))
        declared = ports_in(self.run, spec, env, self.frame)
        values = {key: self._values(key) for key in _PORTS}
        self._check_ports(spec, declared, values)
        dim, reverse = self._number("dim", 0), self._value("reverse", False)
        if not isinstance(reverse, bool):
            self._fail(Code.BAD_VALUE, f"`reverse` is `true` or `false`, found {kind_of(reverse)}", "reverse")
        steps = self._steps(values["over"], dim)
        if not values["carry"]:
            self._check_use(values["over"])
        return ScanParts(spec, arguments, env, declared, dim, reverse, **values, steps=steps, collect=self._collect())

    # --- the mistakes -----------------------------------------------------------------------------

    def _fail(
        self, code: Code, message: str, *where: str, hint: str | None = None, key: bool = False,
        notes: tuple[Note, ...] = (),
    ) -> NoReturn:  # fmt: skip
        home, path = self.template.home, (*self.template.path, *where)
        span = home.key_span(path) if key else home.span(path)
        self.run.mistakes.refuse(code, message, span, place=place_of(self.frame, self.template), hint=hint, notes=notes)

    def _check_keys(self) -> None:
        for key in self.template.written:
            if key not in FIELDS:
                hint = did_you_mean(key, FIELDS) or f"it takes {quoted(FIELDS)}"
                self._fail(Code.UNKNOWN_FIELD, f"`scan` has no field `{key}`", key, hint=hint, key=True)
        ports = "say what is read with `over`, `carry` and `capture`"
        for code, key, given, hint in (
            (Code.BAD_NODE, "from", self.template.source, ports),
            (Code.BAD_TIE, "tie", self.template.tie, "say it in the body"),
            (Code.BAD_INIT, "init", self.template.init, "say it in the body"),
        ):
            if given:
                self._fail(code, f"`scan` takes no `{key}`", key, key=True, hint=hint)
        if "body" not in self.template.written:
            self._fail(
                Code.MISSING_FIELD, "`scan` needs `body`", hint="add `body: …`, the block that runs at each step"
            )

    def _check_use(self, over: Mapping[str, Value]) -> None:
        """Without a carried value the steps must differ, and something be collected."""
        if not over:
            message = "`scan` takes `steps` with `carry`: with neither `over` nor `carry` all steps are the same"
            self._fail(Code.BAD_NODE, message, hint="carry what a step passes on to the next: `carry: {h: start}`")
        if not self._mapping("collect"):
            message = "`scan` gives nothing: it has neither `carry` nor `collect`"
            self._fail(Code.BAD_NODE, message, hint="`collect: {y: …}` stacks an output of every step")

    def _check_ports(
        self, spec: BlockSpec, declared: tuple[PortSpec, ...], values: Mapping[str, Mapping[str, Value]]
    ) -> None:
        ports = {port.name: port for port in declared}
        seen: dict[str, str] = {}
        for key, given in values.items():
            for name in given:
                self._check_port(spec, ports, key, name, seen)
                seen[name] = key
        for port in declared:
            if port.name not in seen and not (port.optional or spec.patched):
                self._fail(
                    Code.MISSING_INPUT, f"nothing feeds `{port.name}` of `{spec.name}`",
                    hint="name it under `over`, `carry` or `capture`",
                )  # fmt: skip

    def _check_port(
        self, spec: BlockSpec, ports: Mapping[str, PortSpec], key: str, name: str, seen: Mapping[str, str]
    ) -> None:
        if name not in ports and spec.patched:
            raise FollowOn
        if name not in ports:
            hint = did_you_mean(name, ports) or f"it has {quoted(ports)}"
            self._fail(Code.UNKNOWN_PORT, f"`{spec.name}` has no input `{name}`", key, name, hint=hint, key=True)
        if name in seen:
            message = f"`{name}` is fed by `{seen[name]}` and by `{key}`"
            self._fail(Code.DUPLICATE_NAME, message, key, name, hint="remove one", key=True)

    # --- the parts --------------------------------------------------------------------------------

    def _body(self) -> tuple[BlockSpec, dict[str, Any]]:
        written = self.template.written["body"]
        inner = self.template.cache.get("body")
        if inner is None:
            inner = self.template.cache["body"] = self._body_template(written)
        assert isinstance(inner, NodeTemplate) and inner.op is not None
        with self.run.mistakes.at(inner, self.frame, inner.op_path):
            operation = evaluate_text(inner.op, self.frame.env)
        extra: dict[str, Any] = {}
        if isinstance(operation, dict):
            operation, extra = unfolded(operation)
        if not isinstance(operation, str):
            self._fail(Code.WRONG_TYPE, f"`body` is the name of a block, found {kind_of(operation)}", "body")
        home = operation.home if isinstance(operation, OpName) else inner.home
        found = self.run.catalogue.find(operation, inner, self.frame, home)
        if not isinstance(found, BlockSpec):
            self._fail(
                Code.BAD_VALUE,
                f"`body` names a block, and `{operation}` is an op",
                "body",
                hint="put the op into a block",
            )
        return found, block_arguments(self.run, inner, self.frame, found, extra)

    def _body_template(self, written: Written) -> NodeTemplate:
        """The block with its arguments, as a node of its own would say them."""
        raw, path, home = written.value, written.path, self.template.home
        inner = NodeTemplate(home, path, self.template.name)
        if isinstance(raw, Mapping):
            inner.written = {key: Written(value, (*path, key)) for key, value in raw.items() if key != "op"}
            raw, path = raw.get("op"), (*path, "op")
        if not isinstance(raw, str):
            self._fail(Code.WRONG_TYPE, f"`body` is the name of a block, found {kind_of(raw)}", "body")
        with self.run.mistakes.at(self.template, self.frame, path):
            inner.op, inner.op_path = parse_text(raw), path
        return inner

    def _mapping(self, key: str) -> dict[str, Any]:
        written = self.template.written.get(key)
        if written is None:
            return {}
        raw = written.value
        if isinstance(raw, str) and "$" in raw:
            with self.run.mistakes.at(self.template, self.frame, written.path):
                raw = evaluate_text(parse_text(raw), self.frame.env)
        if not isinstance(raw, Mapping):
            self._fail(
                Code.WRONG_TYPE, f"`{key}` is a mapping, found {kind_of(raw)}", key, hint=f"write `{key}: {{x: …}}`"
            )
        return dict(raw)

    def _values(self, key: str) -> dict[str, Value]:
        """The tensors of one of the mappings, by port."""
        found: dict[str, Value] = {}
        for port, raw in self._mapping(key).items():
            path = (*self.template.path, key, port)
            with self.run.mistakes.at(self.template, self.frame, path):
                if raw is None or isinstance(raw, list | dict | bool | float):
                    raise PathError(Code.WRONG_TYPE, f"expected the path of a node, found {kind_of(raw)}")
                found[port] = read(self.frame, str(evaluate_text(parse_text(str(raw)), self.frame.env)))
        return found

    def _collect(self) -> dict[str, str]:
        """The block's outputs to collect, by the name that they get."""
        carried = self._mapping("carry")
        found: dict[str, str] = {}
        for name, raw in self._mapping("collect").items():
            if not isinstance(raw, str | int) or isinstance(raw, bool):
                self._fail(Code.WRONG_TYPE, f"expected the name of an output, found {kind_of(raw)}", "collect", name)
            if (problem := check_name(name)) is not None or "." in name:
                message, hint = problem or (f"`{name}` is not a name", "give what is collected a name without dots")
                self._fail(Code.BAD_NAME, message, "collect", name, hint=hint, key=True)
            if name in carried:
                self._fail(
                    Code.DUPLICATE_NAME, f"`{name}` is the carried value at the end", "collect", name, key=True,
                    hint=f"give what is collected another name: `{name}s: {raw}`",
                )  # fmt: skip
            found[name] = str(raw)
        return found

    def _value(self, key: str, default: Any) -> Any:
        written = self.template.written.get(key)
        if written is None:
            return default
        with self.run.mistakes.at(self.template, self.frame, written.path):
            return evaluate_here(prepare(written.value, text=False), self.frame)

    def _number(self, key: str, default: int) -> int:
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self._fail(Code.BAD_VALUE, f"`{key}` is a whole number, found {value!r}", key)
        return value

    def _steps(self, over: Mapping[str, Value], dim: int) -> Dim:
        """How many steps there are: the length of what is sliced, or `steps`."""
        if ("steps" in self.template.written) == bool(over):
            message = "`scan` takes `over` or `steps`" + f", found {'both' if over else 'neither'}"
            self._fail(Code.BAD_NODE, message, hint="`over` has as many steps as its sequences are long")
        if not over:
            steps = self._value("steps", 0)
            if (
                isinstance(steps, bool)
                or not isinstance(steps, int | Symbolic)
                or (isinstance(steps, int) and steps < 1)
            ):
                self._fail(Code.BAD_VALUE, f"`steps` is a whole number from 1, found {steps!r}", "steps")
            return steps
        (first, value), *others = over.items()
        length = self._length(first, value, dim)
        for name, other in others:
            found = self._length(name, other, dim)
            here, there = (evaluate(size, self.run.applier.sizes) for size in (length, found))
            if differ(length, found) or here != there:
                at = "" if differ(length, found) else f": at the sample sizes {here} and {there}"
                message = f"`{first}` has {length} steps and `{name}` has {found}{at}"
                self._fail(Code.SHAPE_MISMATCH, message, "over", name, notes=self._over_notes(over))
        return length

    def _over_notes(self, over: Mapping[str, Value]) -> tuple[Note, ...]:
        """What the sequences are, and along which dimension they are sliced."""
        from archdsl.elaboration.makers import size_notes  # only where something is wrong

        notes = origins(tuple(over), tuple(over.values()), self.frame)
        dim = self.template.written.get("dim")
        if dim is not None:
            notes += (Note("`dim`", f"line {self.template.home.span(dim.path).line}"),)
        return size_notes(self.run.sites, over.values(), notes, self.template.span.line)

    def _length(self, name: str, value: Value, dim: int) -> Dim:
        rank = value.type.rank
        if not -rank <= dim < rank:
            message = f"`dim` is {dim}, and `{name}` {value.type} has {rank} dimensions"
            self._fail(Code.RANK_ERROR, message, "dim" if "dim" in self.template.written else "over")
        return value.type.shape[dim]
