"""Everything that an `op` can name: primitives, the blocks of a file and of what it uses, whole specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any, final

from archdsl.diagnostics import FollowOn, Note, alike, nearest
from archdsl.document import kind_of
from archdsl.elaboration.blocks import BlockSpec, compile_block, compile_spec_block, param_spec
from archdsl.elaboration.fields import evaluate, prepare
from archdsl.elaboration.frames import Frame, place_of
from archdsl.elaboration.loops import expanded, listed, path_text
from archdsl.elaboration.mistakes import Mistakes, Reported, read_by, traced
from archdsl.expressions import ExpressionError
from archdsl.graph import UNSURE, Binding, Env, Scope
from archdsl.ops import OPS
from archdsl.ops.base import Op, Port, field_specs
from archdsl.template import NodeTemplate, TemplateError, Written, for_key
from archdsl.unknown import UNKNOWN

if TYPE_CHECKING:
    from archdsl.inherit import Resolved

Path = tuple[Any, ...]


def _names_dimension(resolved: Resolved, message: str) -> bool:
    """Whether an unknown name is that of a dimension of the file's inputs."""
    name = message.removeprefix("unknown name `").removesuffix("`")
    return name[:1].isupper() and f"{name}" in str(resolved.document.inputs)


def _declared_ports(inputs: Mapping[str, Any] | None) -> tuple[Port, ...]:
    """A block's inputs; without any, its one input `x`. Those that a `for` makes are not one, however many they are."""
    if inputs is None:
        return (Port("x"),)
    if any(map(for_key, inputs)):
        return (Port("…"), Port("… "))
    return tuple(Port(name, bool(isinstance(raw, Mapping) and raw.get("optional"))) for name, raw in inputs.items())


def _badly_named(name: str, home: Resolved) -> bool:
    """Whether a block that a name may mean could not be read for its own name."""
    lost = (path[1] for path in home.lost if len(path) == 2 and path[0] == "blocks")
    return nearest(name, [str(each) for each in lost if not str(each).isidentifier()]) is not None


def _near_block(name: str, home: Resolved) -> tuple[Note, ...]:
    """Where the block stands that an unknown name may mean."""
    return tuple(_defined(near, home, ("blocks", near)) for near in alike(name, home.document.blocks or ()))


def _defined(name: str, home: Resolved, path: Path) -> Note:
    span = home.key_span(path)
    return Note(f"`{name}`", f"line {span.line}{'' if span.file == home.file else f' of {span.file}'}")


@final
class Catalogue:
    """Finds and compiles, each thing once."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self._blocks: dict[tuple[int, str], BlockSpec | None] = {}
        self._ops: dict[tuple[int, str], type[Op]] = {}
        self._envs: dict[int, Env] = {}
        self._given: dict[Scope, tuple[Resolved, Env]] = {}
        """What the specs used as blocks were given, and what follows from it."""
        self._keep: list[Any] = []

    def network(self, resolved: Resolved) -> BlockSpec | None:
        """The file itself, compiled."""
        if resolved.document.nodes is None and resolved.misses("nodes"):
            return None
        if resolved.document.nodes is None:
            self.mistakes.add(
                "missing-field", "a spec needs `nodes`", resolved.span(()), hint="or is it a block library, for `use`?"
            )
            return None
        try:
            block, errors = compile_spec_block(resolved, resolved.name)
        except TemplateError as error:
            self.mistakes.template(resolved, error)
            return None
        for mistake in errors:
            self.mistakes.template(resolved, mistake)
        return block

    def file_env(self, resolved: Resolved) -> Env:
        """A file's parameters and derived values."""
        found = self._envs.get(id(resolved))
        if found is not None:
            return found
        self._keep.append(resolved)
        env = Env({name: Binding(value, "param") for name, value in resolved.params.items()}, None, resolved)
        unread = [name for name, value in resolved.params.items() if value is UNKNOWN]
        if resolved.misses("params", "let"):
            unread.append(UNSURE)
        env.names |= dict.fromkeys(unread, Binding(None, "broken"))
        self._envs[id(resolved)] = env
        written = resolved.document.let or {}
        for name, raw in written.items():
            path = ("let", name)
            try:
                value = prepare(raw, text=False)
                env.names[name] = Binding(evaluate(value, env), "let", value if hasattr(value, "tree") else None)
            except ExpressionError as error:
                later = next(
                    (n for n in written if n not in env.names and f"unknown name `{n}`" == error.message), None
                )
                if later is not None:
                    error.hint = f"`{later}` is written below: a derived value sees those above it"
                elif _names_dimension(resolved, error.message):
                    error.hint = "a file's `let` sees no dimensions of its inputs: write it where it is used"
                self.mistakes.expression(resolved, path, error, "", read_by(error, env))
                env.names[name] = Binding(None, "broken")
            except FollowOn:
                env.names[name] = Binding(None, "broken")
        return env

    def enter(self, spec: BlockSpec, scope: Scope) -> None:
        """Lets the blocks of a spec that is used as a block see what this use of it was given."""
        names = {name: binding for name, binding in scope.env.names.items() if binding.kind != "dim"}
        self._given[scope] = spec.template.home, Env(names, None, scope.env.source)

    def outer_env(self, block: BlockSpec, scope: Scope) -> Env | None:
        """What the expressions of a block used in `scope` see beyond its own names."""
        if block.template.is_spec:
            return None
        around: Scope | None = scope
        while around is not None:
            home, env = self._given.get(around, (None, None))
            if home is block.template.home:
                return env
            around = around.scope
        return self.file_env(block.template.home)

    def find(self, name: str, template: NodeTemplate, frame: Frame, home: Resolved) -> BlockSpec | type[Op]:
        """The block or op of that name, as seen in `home`, the file where the name is written. Raises Reported."""
        key = id(home), name
        if key in self._ops:
            return self._ops[key]
        block = self._block(home, name, template, frame)
        if block is not None:
            return block
        if name in OPS:
            self._keep.append(home)
            self._ops[key] = OPS[name]
            return OPS[name]
        if home.misses("blocks", "use") or ("blocks", name) in home.lost or _badly_named(name, home):
            raise Reported
        from archdsl.elaboration.misnamed import library_of, op_named_hint

        self.mistakes.add(
            "unknown-op", f"unknown op or block `{name}`{', which no `use` brings' if library_of(name) else ''}",
            template.home.span(template.op_path or template.path),
            place=place_of(frame, template), hint=op_named_hint(name, home, frame),
            notes=(*traced(template.op, frame.env).notes, *_near_block(name, home)),
        )  # fmt: skip
        raise Reported

    def _block(self, home: Resolved, name: str, template: NodeTemplate, frame: Frame) -> BlockSpec | None:
        key = id(home), name
        if key in self._blocks:
            found = self._blocks[key]
            if found is None:
                raise Reported
            return found
        raw = (home.document.blocks or {}).get(name)
        if raw is not None:
            return self._compile(key, home, name, raw)
        if name in home.uses:
            return self._block(home.uses[name], name, template, frame)
        if name.startswith("spec."):
            return self._spec(key, home, name, template, frame)
        return None

    def _compile(self, key: tuple[int, str], home: Resolved, name: str, raw: Any) -> BlockSpec:
        self._keep.append(home)
        self._blocks[key] = None
        try:
            block, errors = compile_block(home, name, raw, ("blocks", name))
        except TemplateError as error:
            self.mistakes.template(home, error)
            raise Reported from None
        for mistake in errors:
            self.mistakes.template(home, mistake)
        self._blocks[key] = block
        return block

    def unused(self, home: Resolved, seen: Set[BlockSpec]) -> Iterator[BlockSpec]:
        """The blocks that a file itself defines and that are none of those; another file's are looked at when it is."""
        for name, raw in (home.document.blocks or {}).items():
            if not home.origins.is_own(("blocks", name)):
                continue
            key = id(home), name
            try:
                block = self._blocks[key] if key in self._blocks else self._compile(key, home, name, raw)
            except Reported:
                continue
            if block is not None and block not in seen:
                yield block

    def _spec(self, key: tuple[int, str], home: Resolved, name: str, template: NodeTemplate, frame: Frame) -> BlockSpec:
        resolved, diagnostics = home.spec_block(name.removeprefix("spec."))
        if resolved is None:
            self._blocks[key] = None
            first = diagnostics[0] if diagnostics else None
            self.mistakes.add(
                first.code if first else "file-not-found", first.message if first else f"no spec `{name}`",
                template.home.span(template.op_path or template.path),
                place=place_of(frame, template), hint=first.hint if first else None,
            )  # fmt: skip
            raise Reported
        self.mistakes.take(diagnostics)
        self._blocks[key] = None
        try:
            block, errors = compile_spec_block(resolved, name.removeprefix("spec."))
        except TemplateError as error:
            self.mistakes.template(resolved, error)
            raise Reported from None
        for mistake in errors:
            self.mistakes.template(resolved, mistake)
        self._keep.append(resolved)
        self._blocks[key] = block
        return block

    def sees_block(self, home: Resolved, name: str) -> bool:
        """Whether a name means a block of that file, or one that it uses."""
        return name in (home.document.blocks or {}) or name in home.uses

    def ports(self, name: str, home: Resolved) -> tuple[Port, ...] | None:
        """The inputs of the block or op of that name, as they are written; None where it is unknown. Tells nothing."""
        block = (home.document.blocks or {}).get(name)
        if block is not None:
            return _declared_ports(block.inputs)
        if name in home.uses:
            return self.ports(name, home.uses[name])
        if name.startswith("spec."):
            resolved, _ = home.spec_block(name.removeprefix("spec."))
            return None if resolved is None else _declared_ports(resolved.document.inputs)
        return OPS[name].ports if name in OPS else None

    def template_fields(self, home: Resolved, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is known of the fields of a node template: an op's `FieldSpec` or a block's `ParamSpec` by name."""
        name = raw.get("op")
        if not isinstance(name, str):
            return {}
        block = (home.document.blocks or {}).get(name)
        if block is not None:
            return {key: param_spec(key, value) for key, value in (block.params or {}).items()}
        if name in home.uses:
            return self.template_fields(home.uses[name], raw)
        return field_specs(OPS[name]) if name in OPS else {}

    def unknown_argument(
        self, template: NodeTemplate, block: BlockSpec, key: str, written: Written, place: str
    ) -> None:
        """Tells of a parameter that a block does not have."""
        near = nearest(key, block.params)
        listed = ", ".join(f"`{name}`" for name in block.params)
        absent = "" if block.params else ": it has no `params`"
        self.mistakes.add(
            "unknown-field", f"`{block.name}` has no parameter `{key}`{absent}", template.home.key_span(written.path),
            place=place, hint=f"did you mean `{near}`?" if near else f"it takes {listed}" if listed else None,
            notes=(_defined(block.name, block.template.home, (*block.template.path, "params", near or "")),),
        )  # fmt: skip

    def output_paths(self, written: Written, frame: Frame, block: BlockSpec, place: str) -> list[tuple[str, str, Path]]:
        """`outputs` as (name, path, where it is written); `for` keys expanded."""
        home, raw = block.template.home, written.value
        try:
            if isinstance(raw, str | int):
                return [("output", path_text(raw, frame.env), written.path)]
            if isinstance(raw, list):
                return [(path, path, at) for path, at in listed(raw, frame.env, written.path)]
            if isinstance(raw, Mapping):
                return [(n, path_text(v, env), at) for n, v, at, env in expanded(raw, frame.env, written.path)]
        except ExpressionError as error:
            self.mistakes.expression(home, written.path, error, place, read_by(error, frame.env))
            return []
        except FollowOn:
            return []
        except TemplateError as error:
            self.mistakes.template(home, error)
            return []
        self.mistakes.add(
            "wrong-type", f"`outputs` is a path or a mapping from name to path, found {kind_of(raw)}",
            home.span(written.path),
        )  # fmt: skip
        return []
