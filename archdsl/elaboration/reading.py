"""What a node reads: `from` in all its forms, and the node above where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from archdsl.diagnostics import FollowOn, nearest
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.frames import Entry, Frame, PathError, State, find, unknown_path, value_of
from archdsl.graph import Binding, Env, Mode, Value
from archdsl.ops.base import Port
from archdsl.substitution import Text, parse_text
from archdsl.template import NodeTemplate, compile_loop, for_key

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
    named = written_sources(template, frame)
    if isinstance(named, dict):
        return _by_port(frame, ports, named)
    return _in_order(frame, ports, named)


def written_sources(template: NodeTemplate, frame: Frame) -> list[str] | dict[str, str]:
    """The paths under `from`, in order or by port. Raises ExpressionError, TemplateError."""
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
        entries = tuple(find_entry(frame, path) for path in paths)
        return Reading(entries, tuple(paths), tuple(Port(str(i)) for i in range(len(paths))))
    if len(paths) > len(ports):
        listed = ", ".join(f"`{port.name}`" for port in ports)
        raise PathError("too-many-inputs", f"{len(paths)} inputs for {len(ports)}: {listed}")
    given = {port.name: path for port, path in zip(ports, paths, strict=False)}
    if len(paths) == 1 and len(ports) > 1:
        first = find_entry(frame, paths[0])
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
    return _from_above(frame, ports, {port: (find_entry(frame, path), path) for port, path in named.items()})


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
            entry, name = above, above_name(above)
        elif port.optional:
            entry, name = None, port.name
        else:
            raise _missing(above, port, position)
        entries.append(entry)
        names.append(name)
    return Reading(tuple(entries), tuple(names), ports)


def above_name(above: Entry) -> str:
    """What to call the node above in a message."""
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


def find_entry(frame: Frame, path: str) -> Entry:
    """The entry at a path that must lead somewhere. Raises PathError, FollowOn."""
    entry = find(frame, path)
    if entry is None:
        raise unknown_path(frame, path)
    if entry.state is State.BROKEN:
        raise FollowOn
    return entry
