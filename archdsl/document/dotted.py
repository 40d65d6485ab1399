"""Paths into plain data as text: `params.stages.1.out`, in a patch and where a call sets one value of a table.

Keys are matched whole, and the longest key wins: in `nodes.features.conv0` the last part may be the one key
`features.conv0`. An item of a list goes by its number.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from archdsl.document.positions import Path
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import kind_of, quoted

REMOVED: Final[Any] = object()
"""Stands in plain data for what a patch takes out: no path leads to it."""
_LISTED: Final = 8
"""How many names a hint lists, and how many digits an item's number has at most."""


class Missing(NamedTuple):
    """What to say of a path that leads nowhere."""

    message: str
    hint: str | None
    near: bool
    """The hint is a name like the one that is not there."""


def walk(place: Any, parts: list[str]) -> tuple[Path, list[str]]:
    """How far a path leads: the path found, and what is left of it."""
    best: tuple[Path, list[str]] = (), parts
    for length in range(len(parts), 0, -1):
        step = _step(place, ".".join(parts[:length]))
        if step is None:
            continue
        inner, rest = walk(place[step], parts[length:])
        if len(rest) < len(best[1]):
            best = (step, *inner), rest
        if not rest:
            break
    return best


def _step(place: Any, name: str) -> str | int | None:
    """The key or index that a name means; None if it means none."""
    if isinstance(place, dict):
        return name if name in place and place[name] is not REMOVED else None
    if isinstance(place, list) and name.isascii() and name.isdigit() and len(name) < _LISTED:
        return int(name) if int(name) < len(place) and place[int(name)] is not REMOVED else None
    return None


def at(place: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        place = place[step]
    return place


def spell(path: Path) -> str:
    return ".".join(map(str, path))


def copied(data: Any) -> Any:
    """Plain data once more."""
    if isinstance(data, dict):
        return {key: copied(value) for key, value in data.items()}
    return [copied(item) for item in data] if isinstance(data, list) else data


def missing(data: Any, path: Path, rest: list[str], where: str) -> Missing:
    """Why nothing stands at the `rest` of a path; `where` is what the data is."""
    container = at(data, path)
    names = [*container] if isinstance(container, dict) else []
    # one key of several parts may be meant where there are such keys
    name = ".".join(rest) if any(other.startswith(f"{rest[0]}.") for other in names) else rest[0]
    if not isinstance(container, dict | list):
        return Missing(f"`{spell(path)}` is {kind_of(container)} and holds no `{name}`", None, False)
    message = f"no `{name}` in {f'`{spell(path)}`' if path else where}"
    if isinstance(container, list):
        return Missing(message, f"its items are 0 to {len(container) - 1}" if container else "it is empty", False)
    near = did_you_mean(name, names) or did_you_mean(rest[0], names)
    return Missing(message, near or listed(names), near is not None)


def listed(names: list[str]) -> str | None:
    """A hint that lists the first of some names."""
    shown = quoted(names[:_LISTED])
    return f"there are {shown}{', …' if len(names) > _LISTED else ''}" if names else None
