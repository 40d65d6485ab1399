"""What a node reads: `from` in all its forms, and the node above where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from archdsl.diagnostics import FollowOn, nearest
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.frames import Entry, Frame, PathError, State, find, unknown_path, value_of
from archdsl.expressions import ExpressionError, parse_formula
from archdsl.graph import Binding, Env, Mode, Value
from archdsl.ops.base import Port
from archdsl.substitution import Text, parse_text
from archdsl.template import (
    LoopTemplate,
    NodeTemplate,
    Template,
    compile_loop,
    for_key,
)

Path = tuple[str | int, ...]

DECLARATIONS = ("parameter", "constant")


class Reading(NamedTuple):
    """The entries that feed a node's ports, and the names by which they were read."""

    entries: tuple[Entry | None, ...]
    names: tuple[str, ...]
    ports: tuple[Port, ...]

    def values(self, mode: Mode | None) -> tuple[Value | None, ...]:
        """The tensor at each port. Raises PathError, FollowOn."""
        values: list[Value | None] = []
        for entry, name, port in zip(self.entries, self.names, self.ports, strict=True):
            if entry is None or (port.optional and entry.state is State.ABSENT):
                values.append(None)
            else:
                values.append(value_of(entry, name, mode))
        return tuple(values)


def read_sources(template: NodeTemplate, frame: Frame, ports: tuple[Port, ...]) -> Reading:
    """What feeds each port. Raises PathError, ExpressionError, FollowOn, TemplateError."""
    if not ports:
        if template.source is not None:
            raise PathError("too-many-inputs", "this op takes no inputs", "remove `from`")
        return Reading((), (), ())
    if template.source is None:
        return _from_above(frame, ports, {})
    named = _written_sources(template, frame)
    if isinstance(named, dict):
        return _by_port(frame, ports, named)
    return _in_order(frame, ports, named)


def _written_sources(template: NodeTemplate, frame: Frame) -> list[str] | dict[str, str]:
    assert template.source is not None
    cached = template.cache.get("from")
    if cached is None:
        cached = template.cache["from"] = _compile_source(template.source.value, template.source.path)
    if isinstance(cached, dict):
        return {port: str(evaluate_text(text, frame.env)) for port, text in cached.items()}
    return list(_expand(cached, frame.env))


def _compile_source(raw: Any, path: Path) -> Any:
    """Texts by port, or a list of texts and loops."""
    if isinstance(raw, Mapping) and not any(for_key(key) for key in raw):
        return {port: parse_text(str(path)) for port, path in raw.items()}
    return _compile_items(raw, path)


def _compile_items(raw: Any, path: Path) -> list[Any]:
    if not isinstance(raw, list):
        return [_compile_item(raw, path)]
    return [_compile_item(item, (*path, position)) for position, item in enumerate(raw)]


def _compile_item(item: Any, path: Path) -> Any:
    if isinstance(item, Mapping):
        key = next(iter(item), "")
        targets, iterable = compile_loop(key, (*path, key))
        return targets, iterable, _compile_items(item[key], (*path, key))
    return parse_text(str(item))


def _expand(items: list[Any], env: Env) -> Iterator[str]:
    for item in items:
        if isinstance(item, Text):
            yield str(evaluate_text(item, env))
            continue
        targets, iterable, body = item
        for turn in iterable.evaluate(env):
            names = {n: Binding(v, "loop") for n, v in zip(targets, turn, strict=True)}
            yield from _expand(body, Env(names, env))


def _in_order(frame: Frame, ports: tuple[Port, ...], paths: list[str]) -> Reading:
    if ports[0].variadic:
        if not paths:
            raise PathError("missing-input", "`from` is empty", "name at least one node")
        entries = tuple(_find(frame, path) for path in paths)
        return Reading(entries, tuple(paths), tuple(Port(str(i)) for i in range(len(paths))))
    if len(paths) > len(ports):
        listed = ", ".join(f"`{port.name}`" for port in ports)
        raise PathError("too-many-inputs", f"{len(paths)} inputs for {len(ports)}: {listed}")
    given = {port.name: path for port, path in zip(ports, paths, strict=False)}
    if len(paths) == 1 and len(ports) > 1:
        first = _find(frame, paths[0])
        if len(first.outputs) > 1:
            return _spread(frame, ports, first, paths[0])
    return _by_port(frame, ports, given)


def _spread(frame: Frame, ports: tuple[Port, ...], entry: Entry, path: str) -> Reading:
    """A node with several outputs feeds the ports of their names."""
    missing = next((p.name for p in ports if not p.optional and p.name not in entry.outputs), None)
    if missing is not None:
        raise PathError("missing-input", f"`{path}` has no output `{missing}`", "name each port's input in `from`")
    entries = tuple(
        Entry({"output": entry.outputs[p.name]}, mode=entry.mode) if p.name in entry.outputs else None for p in ports
    )
    return Reading(entries, tuple(f"{path}.{p.name}" for p in ports), ports)


def _by_port(frame: Frame, ports: tuple[Port, ...], named: Mapping[str, str]) -> Reading:
    known = {port.name for port in ports}
    for name in named:
        if name not in known:
            near = nearest(name, known)
            listed = ", ".join(f"`{port.name}`" for port in ports)
            raise PathError(
                "unknown-port", f"no input `{name}`", f"did you mean `{near}`?" if near else f"it has {listed}"
            )
    return _from_above(frame, ports, {port: (_find(frame, path), path) for port, path in named.items()})


def _from_above(frame: Frame, ports: tuple[Port, ...], given: Mapping[str, tuple[Entry, str]]) -> Reading:
    """Ports that are not named read the node above: by output name, or the first its only output."""
    above = frame.above
    several = len(above.outputs) > 1 or above.named
    entries: list[Entry | None] = []
    names: list[str] = []
    for position, port in enumerate(ports):
        entry: Entry | None
        if port.name in given:
            entry, name = given[port.name]
        elif several and port.name in above.outputs:
            entry, name = Entry({"output": above.outputs[port.name]}, mode=above.mode), port.name
        elif position == 0 and (len(above.outputs) == 1 or above.state is not State.VALUE):
            entry, name = above, _above_name(above)
        elif port.optional:
            entry, name = None, port.name
        else:
            raise _missing(above, port, position)
        entries.append(entry)
        names.append(name)
    return Reading(tuple(entries), tuple(names), ports)


def _above_name(above: Entry) -> str:
    if above.node is not None:
        return above.node.name
    if above.scope is not None:
        return above.scope.name
    value = next(iter(above.outputs.values()), None)
    return value.node.name if value is not None else "the node above"


def _missing(above: Entry, port: Port, position: int) -> PathError:
    if position == 0 and len(above.outputs) > 1:
        names = ", ".join(f"`{name}`" for name in above.outputs)
        return PathError(
            "several-outputs",
            f"the node above has several outputs, {names}",
            f"say which with `from: {{{port.name}: …}}`",
        )
    return PathError("missing-input", f"nothing feeds `{port.name}`", f"name it: `from: {{{port.name}: …}}`")


def _find(frame: Frame, path: str) -> Entry:
    entry = find(frame, path)
    if entry is None:
        raise unknown_path(frame, path)
    if entry.state is State.BROKEN:
        raise FollowOn
    return entry


def left_out(template: NodeTemplate, frame: Frame) -> Entry:
    """What the readers of a left-out node get. Raises PathError, ExpressionError."""
    if template.op is not None and template.op.literal in DECLARATIONS:
        return Entry(state=State.ABSENT)
    line = template.home.span(template.condition_path or template.path).line
    why = f"left out by `if` (line {line})"
    if template.otherwise is not None:
        path = str(evaluate_text(template.otherwise, frame.env))
        return _alias(_find(frame, path), why)
    if template.when is not None:
        return Entry(state=State.ABSENT)
    found = list(_would_read(template, frame))
    if len({id(entry) for entry in found}) != 1:
        return Entry(state=State.AMBIGUOUS)
    return _alias(found[0], why)


def _alias(entry: Entry, why: str) -> Entry:
    return Entry(
        entry.outputs, entry.state, entry.node, None, entry.children, entry.template, entry.mode, why, entry.named
    )


def _would_read(template: NodeTemplate, frame: Frame) -> Iterator[Entry]:
    """The entries outside it that a node would have read."""
    if template.source is not None:
        named = _written_sources(template, frame)
        for path in named.values() if isinstance(named, dict) else named:
            yield _find(frame, path)
    elif template.formula is not None:
        for path in _formula_paths(template, frame):
            yield _find(frame, path)
    elif template.body is not None:
        yield from _body_reads(template.body, frame, frozenset(), first=True)
    else:
        yield frame.above


def _formula_paths(template: NodeTemplate, frame: Frame) -> list[str]:
    assert template.formula is not None
    text = str(evaluate_text(template.formula, frame.env))
    try:
        names = parse_formula(text, lambda path: find(frame, path) is not None).names
    except ExpressionError:
        return []
    return [name for name in names if find(frame, name) is not None]


def _body_reads(body: tuple[Template, ...], frame: Frame, own: frozenset[str], first: bool) -> Iterator[Entry]:
    """What a scope's nodes read from outside it, seen without elaborating them."""
    for template in body:
        if isinstance(template, LoopTemplate):
            yield from _body_reads(template.body, frame, own, first)
            first = False
            continue
        assert isinstance(template, NodeTemplate)
        reads_above = template.source is None and template.formula is None
        declares = template.op is not None and template.op.literal in DECLARATIONS
        if first and reads_above and not declares and template.body is None:
            yield frame.above
        for path in _literal_paths(template):
            if path.partition(".")[0] not in own and (entry := find(frame, path)) is not None:
                yield entry
        if template.body is not None:
            yield from _body_reads(template.body, frame, own, first and reads_above)
        first = first and declares
        if template.name is not None and template.name.literal is not None:
            own |= {template.name.literal.partition(".")[0]}


def _literal_paths(template: NodeTemplate) -> list[str]:
    if template.formula is not None:
        import re

        return re.findall(r"[A-Za-z_]\w*(?:\.\w+)*(?!\w*\s*\()", template.formula.raw)
    raw = template.source.value if template.source is not None else []
    items = raw.values() if isinstance(raw, Mapping) else raw if isinstance(raw, list) else [raw]
    return [str(item) for item in items if not isinstance(item, Mapping)]
