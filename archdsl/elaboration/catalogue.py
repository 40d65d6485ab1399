"""Everything that an `op` can name: primitives, the blocks of a file and of what it uses, whole specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any, final

from archdsl.document.positions import Path
from archdsl.document.splices import is_splice
from archdsl.document.template import NodeTemplate, TemplateError, Written
from archdsl.document.unknown import UNKNOWN
from archdsl.elaboration.blocks import BlockSpec, compile_block, param_spec
from archdsl.elaboration.fields import evaluate, prepare
from archdsl.elaboration.frames import Frame, place_of
from archdsl.elaboration.mistakes import Mistakes, Reported, read_by, traced
from archdsl.elaboration.turns import expanded, listed, path_text
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn, Note
from archdsl.ir.graph import UNSURE, Binding, Env, Scope
from archdsl.ops import OPS
from archdsl.ops.base import Op, Port, field_specs
from archdsl.text.names import check_length
from archdsl.text.nearest import alike, nearest, surely
from archdsl.text.spelled import kind_of, quoted

if TYPE_CHECKING:
    from archdsl.document.model import Block, Document
    from archdsl.document.resolved import Resolved


def _written_outputs(raw: Any, env: Env, path: Path) -> Iterator[tuple[str | None, Any, Path, Env]]:
    """Each output with its name, None where that is its path. Raises TemplateError."""
    if isinstance(raw, Mapping):
        yield from expanded(raw, env, path)
    elif isinstance(raw, list):
        for item, at, names in listed(raw, env, path):
            yield None, item, at, names
    elif isinstance(raw, str | int):
        yield "output", raw, path, env
    else:
        message = f"`{path[-1]}` is a path or a mapping from name to path, found {kind_of(raw)}"
        raise TemplateError(Code.WRONG_TYPE, message, path)


def _names_dimension(resolved: Resolved, name: str) -> bool:
    """Whether an unknown name is that of a dimension of the file's inputs."""
    return name[:1].isupper() and name in str(resolved.document.inputs)


def _declared_ports(inputs: Mapping[str, Any] | None) -> tuple[Port, ...]:
    """A block's inputs; without any, its one input `x`. Those that a `for` or `if` makes count as several."""
    if inputs is None:
        return (Port("x"),)
    if any(map(is_splice, inputs)):
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
        self.named = False
        """Whether an argument names a block."""
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
            hint = "or is it a block library, for `use`?"
            self.mistakes.add(Code.MISSING_FIELD, "a spec needs `nodes`", resolved.span(()), hint=hint)
            return None
        return self._compiled(resolved, resolved.name, resolved.document)

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
                missing = error.fault.unknown
                if missing is not None and missing in written and missing not in env.names:
                    error.advise(f"`{missing}` is written below: a derived value sees those above it")
                elif missing is not None and _names_dimension(resolved, missing):
                    error.advise("a file's `let` sees no dimensions of its inputs: write it where it is used")
                self.mistakes.at_place(resolved, error.fault.at(path), read_by(error.fault, env))
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
        around: Scope | None = scope if self._given else None
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
        if ("blocks", name) in home.lost:
            raise Reported
        if (op := self._op(name, template, frame)) is not None:
            self._keep.append(home)
            self._ops[key] = op
            return op
        if self._may_be_lost(home, name):
            raise Reported
        from archdsl.elaboration.misnamed import library_of, op_meant, op_named_hint

        self.mistakes.refuse(
            Code.UNKNOWN_OP, f"unknown op or block `{name}`{', which no `use` brings' if library_of(name) else ''}",
            template.home.span(template.op_path or template.path),
            place=place_of(frame, template), hint=op_named_hint(name, home, frame),
            notes=(*traced(template.op, frame.env).notes, *_near_block(name, home)),
            instead=op_meant(name, home, frame) if template.op is not None and template.op.literal == name else None,
        )  # fmt: skip

    def _op(self, name: str, template: NodeTemplate, frame: Frame) -> type[Op] | None:
        """The op of that name, be it an installed package's. Raises Reported."""
        if name in OPS or "." not in name:
            return OPS.get(name)
        from archdsl.elaboration.misnamed import is_other_name

        if is_other_name(name):
            return None
        from archdsl.ops.base import PackageError

        try:
            return OPS.find(name)
        except PackageError as error:
            self.mistakes.refuse(
                error.code, error.message, template.home.span(template.op_path or template.path),
                place=place_of(frame, template), hint=error.hint,
            )  # fmt: skip

    def known(self, name: str, home: Resolved) -> BlockSpec | type[Op] | None:
        """The block or op of that name in that file, where it has been found before."""
        key = id(home), name
        if key not in self._blocks and name in home.uses:
            return self.known(name, home.uses[name])
        return self._ops.get(key) or self._blocks.get(key)

    def _may_be_lost(self, home: Resolved, name: str) -> bool:
        """Whether a name may be that of a block that could not be read."""
        return home.misses("blocks", "use") or _badly_named(name, home)

    def meant(self, name: str, template: NodeTemplate, frame: Frame) -> BlockSpec | type[Op] | None:
        """The block or op that a misspelt name surely means."""
        home = template.home
        if self.sees_block(home, name) or name in OPS or self._may_be_lost(home, name):
            return None
        from archdsl.elaboration.misnamed import op_meant

        near = op_meant(name, home, frame)
        try:
            return None if near is None else self.find(near, template, frame, home)
        except Reported:
            return None

    def _block(self, home: Resolved, name: str, template: NodeTemplate, frame: Frame) -> BlockSpec | None:
        key = id(home), name
        if key in self._blocks:
            found = self._blocks[key]
            if found is None:
                raise Reported
            return found
        raw = (home.document.blocks or {}).get(name)
        if raw is not None:
            return self._compile(home, name, raw)
        if name in home.uses:
            return self._block(home.uses[name], name, template, frame)
        if name.startswith("spec."):
            return self._spec(key, home, name, template, frame)
        return None

    def _compile(self, home: Resolved, name: str, raw: Block) -> BlockSpec:
        self._keep.append(home)
        self._blocks[id(home), name] = block = self._compiled(home, name, raw)
        if block is None:
            raise Reported
        return block

    def _compiled(self, home: Resolved, name: str, raw: Block | Document) -> BlockSpec | None:
        """A block, or a file as one; what is wrong with it is told."""
        try:
            block, faults = compile_block(home, name, raw)
        except TemplateError as error:
            block, faults = None, [error.fault]
        for fault in faults:
            self.mistakes.at_place(home, fault)
        return block

    def unused(self, home: Resolved, seen: Set[BlockSpec]) -> Iterator[BlockSpec]:
        """The blocks that a file defines or changes and that are none of those; others are looked at with their files.

        Where something is wrong that may be why a block is not used: then all are.
        """
        for name, raw in (home.document.blocks or {}).items():
            if not self.mistakes.failed and not home.origins.holds_own(("blocks", name)):
                continue
            key = id(home), name
            try:
                block = self._blocks[key] if key in self._blocks else self._compile(home, name, raw)
            except Reported:
                continue
            if block is not None and block not in seen:
                yield block

    def _spec(self, key: tuple[int, str], home: Resolved, name: str, template: NodeTemplate, frame: Frame) -> BlockSpec:
        resolved, diagnostics = home.spec_block(name.removeprefix("spec."))
        if resolved is None:
            self._blocks[key] = None
            first = diagnostics[0] if diagnostics else None
            self.mistakes.refuse(
                first.code if first else Code.FILE_NOT_FOUND, first.message if first else f"no spec `{name}`",
                template.home.span(template.op_path or template.path),
                place=place_of(frame, template), hint=first.hint if first else None,
            )  # fmt: skip
        self.mistakes.take(diagnostics)
        self._keep.append(resolved)
        self._blocks[key] = block = self._compiled(resolved, name.removeprefix("spec."), resolved.document)
        if block is None:
            raise Reported
        return block

    def sees_block(self, home: Resolved, name: str) -> bool:
        """Whether a name means a block of that file or one that it uses, or may mean one that could not be read."""
        if name in (home.document.blocks or {}) or name in home.uses:
            return True
        if ("blocks", name) in home.lost:
            return True
        return name not in OPS and name.isidentifier() and home.misses("blocks", "use")

    def is_scan(self, name: str, home: Resolved) -> bool:
        """Whether a name means a loop over time: a block that is called so goes before."""
        return name == "scan" and not self.sees_block(home, name)

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
        absent = "" if block.params else ": it has no `params`"
        self.mistakes.add(
            Code.UNKNOWN_FIELD, f"`{block.name}` has no parameter `{key}`{absent}",
            template.home.key_span(written.path), place=place,
            hint=f"did you mean `{near}`?" if near else f"it takes {quoted(block.params)}" if block.params else None,
            notes=(_defined(block.name, block.template.home, (*block.template.path, "params", near or "")),),
            instead=surely(key, block.params),
        )  # fmt: skip

    def output_paths(
        self, written: Written, frame: Frame, block: BlockSpec, place: str
    ) -> Iterator[tuple[str, str | None, Path]]:
        """`outputs` as (name, path, where it is written), expanded. What cannot be read is told: no path."""
        home = block.template.home

        def told(error: TemplateError) -> None:
            self.mistakes.at_place(home, error.fault, read_by(error.fault, frame.env), place)

        try:
            for name, value, at, env in _written_outputs(written.value, frame.env, written.path):
                try:
                    if name is not None and (problem := check_length(name)) is not None:
                        raise TemplateError(Code.BAD_NAME, problem[0], at, key=True, hint=problem[1])
                    path = path_text(value, env, at)
                    yield path if name is None else name, path, at
                except TemplateError as error:
                    told(error)
                    yield name or UNSURE, None, at
        except TemplateError as error:
            told(error)
            yield UNSURE, None, error.fault.place.path or ()
        except FollowOn:
            yield UNSURE, None, written.path
