"""What a node reads: `from` in all its forms, and the node above where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from archdsl.document.positions import Path
from archdsl.document.splices import Splice, code_of, compile_splice, is_splice
from archdsl.document.substitution import Text, parse_text
from archdsl.document.template import NodeTemplate, TemplateError
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.frames import Entry, Frame, PathError, State, check_reach, find, note_read, value_of
from archdsl.elaboration.sources import around
from archdsl.elaboration.turns import turned
from archdsl.elaboration.unfound import unknown_path
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Env, Mode, Value
from archdsl.ops import OPS
from archdsl.ops.base import Port
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import kind_of, quoted

_OF_PORTS: Final = (Code.UNKNOWN_PORT, Code.TOO_MANY_INPUTS, Code.MISSING_INPUT)
"""The codes of what is wrong with a node's inputs because of the ports that there are."""


class Source(NamedTuple):
    """A path under `from`, with where it is written."""

    path: str
    at: Path


class Reading(NamedTuple):
    """The entries that feed a node's ports, the names by which they were read, and where those are written."""

    entries: tuple[Entry | None, ...]
    names: tuple[str, ...]
    ports: tuple[Port, ...]
    places: tuple[Path | None, ...]

    def values(self, mode: Mode | None) -> tuple[Value | None, ...]:
        """The tensor at each port. Raises PathError, FollowOn."""
        values: list[Value | None] = []
        for position, entry in enumerate(self.entries):
            if entry is None or (entry.state is State.ABSENT and self.ports[position].optional):
                values.append(None)
                continue
            try:
                values.append(value_of(entry, self.names[position], mode))
            except PathError as error:
                error.place(self.places[position])
                raise
        return tuple(values)


def read_sources(template: NodeTemplate, frame: Frame, ports: tuple[Port, ...]) -> Reading:
    """What feeds each port. Raises PathError, ExpressionError, FollowOn, TemplateError."""
    if not ports:
        if template.source is not None:
            raise PathError(Code.TOO_MANY_INPUTS, "this op takes no inputs", "remove `from`")
        return Reading((), (), (), ())
    if template.source is None:
        return _from_above(frame, ports, {})
    sources = _sources(template, frame)
    if isinstance(sources, dict):
        return _by_port(frame, ports, sources)
    return _in_order(frame, ports, sources)


def read_block_sources(template: NodeTemplate, frame: Frame, ports: tuple[Port, ...], patched: bool) -> Reading:
    """The same for a block; `patched` says that its ports may be others. Raises as `read_sources` does."""
    try:
        return read_sources(template, frame, ports)
    except PathError as error:
        if patched and error.code in _OF_PORTS:
            check_paths(template, frame)
            raise FollowOn from None
        raise


def written_sources(template: NodeTemplate, frame: Frame) -> list[str] | dict[str, str]:
    """The paths under `from`, in order or by port. Raises PathError, ExpressionError, TemplateError."""
    sources = _sources(template, frame)
    if isinstance(sources, dict):
        return {port: source.path for port, source in sources.items()}
    return [source.path for source in sources]


def check_paths(template: NodeTemplate, frame: Frame) -> None:
    """Whether every path under `from` leads somewhere, whatever ports it feeds. Raises PathError and FollowOn."""
    sources = _sources(template, frame)
    _entries(frame, [*sources.values()] if isinstance(sources, dict) else sources)


def _sources(template: NodeTemplate, frame: Frame) -> list[Source] | dict[str, Source]:
    assert template.source is not None
    cached = template.cache.get("from")
    if cached is None:
        cached = template.cache["from"] = _compile_source(template.source.value, template.source.path)
    errors: list[PathError] = []
    env = around(frame.env)
    found = _by_name(cached, env, errors) if isinstance(cached, _Named) else [*_expand(cached, env, errors)]
    _raise_all(errors)
    return found


def _raise_all(errors: Sequence[PathError]) -> None:
    if errors:
        errors[0].also = tuple(error.fault for error in errors[1:])
        raise errors[0]


def _source(text: Text, at: Path, env: Env, errors: list[PathError]) -> Source:
    """The path that a text says; what is wrong with it is added to the errors."""
    if text.literal is not None:
        return Source(text.literal, at)
    try:
        return Source(str(evaluate_text(text, env)), at)
    except ExpressionError as error:
        errors.append(_unread(error, at))
        return Source(text.raw, at)


def _unread(error: ExpressionError, at: Path) -> PathError:
    """What is wrong with a substitution in a path, where it is written."""
    found = PathError(Code.BAD_EXPRESSION, error.message, error.hint)
    found.place(at)
    found.move(error.start, error.end)
    return found


class _Named(NamedTuple):
    """What a mapping from ports to paths says: texts of both, and `for` and `if` keys that hold such mappings."""

    entries: list[Any]


def _compile_source(raw: Any, path: Path) -> Any:
    """A mapping by port, or a list of texts and of `for` and `if` keys; each text with where it is written."""
    return _compile_named(raw, path) if _is_named(raw) else _compile_items(raw, path)


def _is_named(raw: Any) -> bool:
    """Whether it names ports: a mapping with a key that is no `for` or `if`, or under such a key one that is."""
    return isinstance(raw, Mapping) and any(not is_splice(key) or _is_named(value) for key, value in raw.items())


def _compile_named(raw: Mapping[str, Any], path: Path) -> _Named:
    entries: list[Any] = []
    for key, value in raw.items():
        at = (*path, key)
        if not is_splice(key):
            entries.append((_compile_path(key, at), _compile_path(value, at)))
        elif not isinstance(value, Mapping):
            message = f"`{key}` holds paths by port here, found {kind_of(value)}"
            raise TemplateError(code_of(key), message, at, key=True)
        else:
            entries.append((compile_splice(key, at), _compile_named(value, at)))
    return _Named(entries)


def _by_name(named: _Named, env: Env, errors: list[PathError]) -> dict[str, Source]:
    """The path of each port. Raises PathError for a port that is named twice."""
    found: dict[str, Source] = {}
    for port, source in _pairs(named, env, errors):
        if port.path in found:
            error = PathError(Code.DUPLICATE_NAME, f"`{port.path}` is fed twice", "a port has one input")
            error.place(port.at)
            raise error
        found[port.path] = source
    return found


def _pairs(named: _Named, env: Env, errors: list[PathError]) -> Iterator[tuple[Source, Source]]:
    for entry in named.entries:
        first, second = entry
        if isinstance(first, Splice):
            for inner in turned(first, env):
                yield from _pairs(second, inner, errors)
            continue
        (port, at), (text, where) = entry
        yield _source(port, at, env, errors), _source(text, where, env, errors)


def _compile_path(raw: Any, at: Path) -> tuple[Text, Path]:
    try:
        return parse_text(str(raw)), at
    except ExpressionError as error:
        raise _unread(error, at) from None


def _compile_items(raw: Any, path: Path) -> list[Any]:
    if not isinstance(raw, list):
        return [*_compile_item(raw, path)]
    return [compiled for position, item in enumerate(raw) for compiled in _compile_item(item, (*path, position))]


def _compile_item(item: Any, path: Path) -> Iterator[Any]:
    if not isinstance(item, Mapping):
        yield _compile_path(item, path)
        return
    for key in item or ("",):
        at = (*path, key)
        yield compile_splice(key, at), _compile_items(item[key], at)


def _expand(items: list[Any], env: Env, errors: list[PathError]) -> Iterator[Source]:
    for item in items:
        if isinstance(item[0], Splice):
            for inner in turned(item[0], env):
                yield from _expand(item[1], inner, errors)
            continue
        text, at = item
        yield _source(text, at, env, errors)


def _in_order(frame: Frame, ports: tuple[Port, ...], sources: list[Source]) -> Reading:
    if ports[0].variadic:
        if not sources:
            raise PathError(Code.MISSING_INPUT, "`from` is empty", "name at least one node")
        return _variadic(sources, _entries(frame, sources))
    if len(sources) > len(ports):
        listed = ", ".join(f"`{port.name}`" for port in ports)
        hint = "join them first: `{op: cat, dim: 1, from: [a, b]}`, or `= a + b`" if len(ports) == 1 else None
        error = PathError(Code.TOO_MANY_INPUTS, f"{len(sources)} inputs for {len(ports)}: {listed}", hint)
        error.place(sources[len(ports)].at)
        raise error
    given = {port.name: source for port, source in zip(ports, sources, strict=False)}
    if len(sources) == 1 and len(ports) > 1:
        first = _entries(frame, sources)[0]
        if len(first.outputs) > 1:
            return _spread(ports, first, sources[0])
    return _by_port(frame, ports, given)


def _variadic(sources: list[Source], entries: tuple[Entry, ...]) -> Reading:
    """Those that are there: what is absent is left out of a list of any length. Raises PathError where none is."""
    there = [
        (entry, *source) for entry, source in zip(entries, sources, strict=True) if entry.state is not State.ABSENT
    ]
    if not there:
        listed = " and ".join(f"`{source.path}`" for source in sources)
        raise PathError(Code.ABSENT, f"nothing of {listed} is there", "give the node an `if`")
    entries, paths, places = zip(*there, strict=True)
    return Reading(entries, paths, tuple(Port(str(i)) for i in range(len(paths))), places)


def _entries(frame: Frame, sources: Sequence[Source]) -> tuple[Entry, ...]:
    """The entries at paths, each of which must lead somewhere. Raises PathError for all that do not, FollowOn."""
    found: list[Entry] = []
    errors: list[PathError] = []
    broken = False
    for source in sources:
        try:
            found.append(find_entry(frame, source.path))
        except PathError as error:
            error.place(source.at)
            errors.append(error)
        except FollowOn:
            broken = True
    _raise_all(errors)
    if broken:
        raise FollowOn
    return tuple(found)


def _spread(ports: tuple[Port, ...], entry: Entry, source: Source) -> Reading:
    """A node with several outputs feeds the ports of their names."""
    missing = next((p.name for p in ports if not p.optional and p.name not in entry.outputs), None)
    if missing is not None:
        if entry.broken:
            raise FollowOn
        message = f"`{source.path}` has no output `{missing}`"
        raise PathError(Code.MISSING_INPUT, message, "name each port's input in `from`")
    entries = tuple(
        Entry({"output": entry.outputs[p.name]}, mode=entry.mode) if p.name in entry.outputs else None for p in ports
    )
    return Reading(entries, tuple(f"{source.path}.{p.name}" for p in ports), ports, (source.at,) * len(ports))


def _by_port(frame: Frame, ports: tuple[Port, ...], named: Mapping[str, Source]) -> Reading:
    known = [port.name for port in ports]
    unknown = [_no_port(name, named[name].at, known) for name in named if name not in known]
    _raise_all(unknown)
    entries = _entries(frame, [*named.values()])
    return _from_above(frame, ports, dict(zip(named, zip(entries, named.values(), strict=True), strict=True)))


def _no_port(name: str, at: Path, known: list[str]) -> PathError:
    hint = did_you_mean(name, known) or f"it has {quoted(known)}"
    error = PathError(Code.UNKNOWN_PORT, f"no input `{name}`", hint)
    error.place(at, key=True)
    return error


def _from_above(frame: Frame, ports: tuple[Port, ...], given: Mapping[str, tuple[Entry, Source]]) -> Reading:
    """Ports that are not named read the node above: by output name, or the first its only output."""
    above = frame.above
    several = len(above.outputs) > 1 or above.named
    rest = ports[1:]
    if above.outputs and not (given or several or above.broken) and all(map(_is_optional, rest)):
        note_read(above)
        nothing = (None,) * len(rest)
        return Reading((above, *nothing), (above_name(above), *[port.name for port in rest]), ports, (None, *nothing))
    entries: list[Entry | None] = []
    names: list[str] = []
    places: list[Path | None] = []
    for position, port in enumerate(ports):
        entry: Entry | None
        place: Path | None = None
        if port.name in given:
            entry, (name, place) = given[port.name]
        elif several and port.name in above.outputs:
            note_read(above)
            entry, name = Entry({"output": above.outputs[port.name]}, mode=above.mode), port.name
        elif position == 0 and not above.broken and (len(above.outputs) == 1 or above.state is not State.VALUE):
            note_read(above)
            entry, name = above, above_name(above)
        elif port.optional:
            entry, name = None, port.name
        elif above.state is State.BROKEN or above.broken:  # it may have an output of the port's name
            raise FollowOn
        else:
            fed = set() if not several else above.outputs.keys()
            unfed = [each.name for each in ports[position:] if not each.optional and each.name not in {*given, *fed}]
            raise _missing(above, unfed, position)
        entries.append(entry)
        names.append(name)
        places.append(place)
    return Reading(tuple(entries), tuple(names), ports, tuple(places))


_is_optional: Final = attrgetter("optional")


def declares(template: NodeTemplate) -> bool:
    """Whether its op reads nothing, such as `parameter`: what follows reads the node above it."""
    name = None if template.op is None else template.op.literal
    return name is not None and name in OPS and not OPS[name].ports


def above_name(above: Entry) -> str:
    """What to call the node above in a message."""
    if above.node is not None:
        return above.node.name
    if above.scope is not None:
        return above.scope.name
    value = next(iter(above.outputs.values()), None)
    return value.node.name if value is not None else "the node above"


def _missing(above: Entry, unfed: list[str], position: int) -> PathError:
    ports = ", ".join(f"{name}: …" for name in unfed)
    if position == 0 and len(above.outputs) > 1:
        names = quoted(above.outputs)
        return PathError(
            Code.SEVERAL_OUTPUTS, f"the node above has several outputs, {names}", f"say which with `from: {{{ports}}}`"
        )
    what = quoted(unfed, " and ")
    hint = f"name {'it' if len(unfed) == 1 else 'them'}: `from: {{{ports}}}`"
    return PathError(Code.MISSING_INPUT, f"nothing feeds {what}", hint)


def find_entry(frame: Frame, path: str) -> Entry:
    """The entry at a path that must lead somewhere. Raises PathError, FollowOn."""
    check_reach(frame, path)
    entry = find(frame, path)
    if entry is None:
        raise unknown_path(frame, path)
    if entry.state is State.BROKEN:
        raise FollowOn
    return entry
