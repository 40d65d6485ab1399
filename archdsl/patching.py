"""Applies a file's `patch` to the document that it inherits.

A patch key is a path in which keys are matched whole, and the longest key wins: in
`nodes.features.conv0` the last part may be the one key `features.conv0`. All paths mean the inherited
document, so items of lists keep their numbers until every patch is applied.
"""

from __future__ import annotations

from typing import Any, Final

from archdsl.diagnostics import Report, did_you_mean
from archdsl.document import kind_of
from archdsl.limits import MAX_PATH, current
from archdsl.origins import Origins
from archdsl.positions import Path, SourceMap
from archdsl.unknown import Gap

_REMOVED: Final[Any] = object()
_PLACES: Final = ("after", "before")
_AT_ONCE: Final = 50
"""Entries that are moved for an insertion in the time that one node takes to be expanded."""
_LISTED: Final = 8
"""How many names a hint lists."""


def apply(data: dict[str, Any], origins: Origins, patch: Any, source: SourceMap, report: Report) -> None:
    """Changes `data` and `origins` in place. Mistakes are reported and their patches left out."""
    patcher = _Patcher(data, origins, source, report)
    for key, value in patch.items():
        if isinstance(key, Gap):
            continue
        patcher.patch(key, value)
    patcher.sweep()


class _Patcher:
    def __init__(self, data: dict[str, Any], origins: Origins, source: SourceMap, report: Report) -> None:
        self.data = data
        self.origins = origins
        self.source = source
        self.report = report
        self.removed: dict[Path, None] = {}
        """The containers that items were removed from."""

    def patch(self, key: str, value: Any) -> None:
        if len(key) > MAX_PATH:
            self._error("unknown-path", f"a path of {len(key):,} characters", key, f"paths have at most {MAX_PATH:,}")
            return
        path, rest = _walk(self.data, key.split("."))
        neighbour = self._neighbour(key, value)
        if neighbour is None:
            return
        if rest and not neighbour:
            self._unknown(key, path, rest)
        elif neighbour:
            self._insert(key, value, (*path, ".".join(rest)) if rest else path, neighbour)
        elif not path:
            self._error("unknown-path", "an empty path", key, "write a path such as `nodes.fc`")
        elif value is None:
            _at(self.data, path[:-1])[path[-1]] = _REMOVED
            self.removed[path[:-1]] = None
        else:
            self._replace(path, value, key)

    def sweep(self) -> None:
        """Takes out what was removed."""
        # Inner containers first: taking out an outer item moves what lies behind it.
        for path in sorted(self.removed, key=len, reverse=True):
            container = _at(self.data, path)
            if isinstance(container, list):
                kept = [index for index, item in enumerate(container) if item is not _REMOVED]
                container[:] = [container[index] for index in kept]
                self.origins.renumber(path, kept)
            elif isinstance(container, dict):
                for name in [name for name, item in container.items() if item is _REMOVED]:
                    del container[name]

    def _replace(self, path: Path, value: Any, key: str) -> None:
        _at(self.data, path[:-1])[path[-1]] = value
        self.origins.put(path, self.source, ("patch", key))

    def _neighbour(self, key: str, value: Any) -> tuple[()] | tuple[str, str] | None:
        """`after` or `before` and the node it names, if the patch says one; None after a mistake."""
        given = [word for word in _PLACES if word in value] if isinstance(value, dict) else []
        if not given:
            return ()
        if len(given) > 1:
            self._error("bad-patch", "a node goes `after` another or `before` it, not both", key)
            return None
        name = value[given[0]]
        if isinstance(name, str | int) and not isinstance(name, bool):
            return given[0], self.source.scalar_text(("patch", key, given[0]))
        message = f"`{given[0]}`: expected the name of a node, found {kind_of(name)}"
        self._error("wrong-type", message, key, inner=given[0])
        return None

    def _insert(self, key: str, value: dict[str, Any], target: Path, neighbour: tuple[str, str]) -> None:
        """Puts a node beside another; one that is there already is moved."""
        where, name = neighbour
        container_path, new = target[:-1], str(target[-1])
        container = _at(self.data, container_path)
        if not isinstance(container, dict):
            message = f"nothing can be inserted into `{_spell(container_path)}`, {kind_of(container)}"
            self._error("bad-patch", message, key, f"replace the whole of it: `{_spell(container_path)}: …`")
            return
        current().spend("expansions", 1 + len(container) // _AT_ONCE)
        others = [other for other in container if other != new and container[other] is not _REMOVED]
        if name not in others and name not in container:
            near = did_you_mean(name, others) or _listed(others)
            self._error("unknown-path", f"no `{name}` in `{_spell(container_path)}`", key, near, inner=where)
            return
        node = {field: item for field, item in value.items() if field != where}
        entries = [(other, item) for other, item in container.items() if other != new]
        index = [other for other, _ in entries].index(name) + (where == "after")
        container.clear()
        container.update([*entries[:index], (new, node), *entries[index:]])
        self.origins.put((*container_path, new), self.source, ("patch", key))

    def _unknown(self, key: str, path: Path, rest: list[str]) -> None:
        name, where = ".".join(rest), _spell(path)
        container = _at(self.data, path)
        inside = [*container] if isinstance(container, dict) else []
        near = did_you_mean(name, inside) or did_you_mean(rest[0], inside)
        message = f"no `{name}` in `{where}`" if path else f"no `{name}` in the inherited file"
        if not isinstance(container, dict | list):
            message = f"`{where}` is {kind_of(container)} and holds no `{name}`"
        hint = near or _listed(inside)
        if path and isinstance(container, dict) and not near:
            hint = f"{hint}; a new node says `after` or `before` which it goes" if hint else None
        self._error("unknown-path", message, key, hint)

    def _error(self, code: str, message: str, key: str, hint: str | None = None, inner: str | None = None) -> None:
        path: Path = ("patch", key)
        span = self.source.key(path) if inner is None else self.source.value((*path, inner))
        self.report.error(code, message, span, hint=hint)


def _walk(place: Any, parts: list[str]) -> tuple[Path, list[str]]:
    """How far a path leads: the path found, and what is left of it."""
    best: tuple[Path, list[str]] = (), parts
    for length in range(len(parts), 0, -1):
        step = _step(place, ".".join(parts[:length]))
        if step is None:
            continue
        inner, rest = _walk(place[step], parts[length:])
        if len(rest) < len(best[1]):
            best = (step, *inner), rest
        if not rest:
            break
    return best


def _step(place: Any, name: str) -> str | int | None:
    """The key or index that a name means; None if it means none."""
    if isinstance(place, dict):
        return name if name in place and place[name] is not _REMOVED else None
    if isinstance(place, list) and name.isascii() and name.isdigit() and len(name) < _LISTED:
        return int(name) if int(name) < len(place) and place[int(name)] is not _REMOVED else None
    return None


def _at(place: Any, path: Path) -> Any:
    for step in path:
        place = place[step]
    return place


def _spell(path: Path) -> str:
    return ".".join(map(str, path))


def _listed(names: list[str]) -> str | None:
    shown = ", ".join(f"`{name}`" for name in names[:_LISTED])
    return f"there are {shown}{', …' if len(names) > _LISTED else ''}" if names else None
