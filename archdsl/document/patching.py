"""Applies a file's `patch` to the document that it inherits.

A patch key is a dotted path. All paths mean the inherited document, so items of lists keep their numbers until every
patch is applied.
"""

from __future__ import annotations

from typing import Any, Final

from archdsl.diagnostics.report import Report
from archdsl.document.dotted import REMOVED, at, listed, missing, spell, walk
from archdsl.document.origins import Origins
from archdsl.document.positions import Path, SourceMap
from archdsl.document.splices import is_splice
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault
from archdsl.limits import MAX_PATH, current
from archdsl.text.names import check_module_name, check_name
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import kind_of

_PLACES: Final = ("after", "before")
_RENAME: Final = "rename"
_AT_ONCE: Final = 50
"""Entries that are moved for an insertion in the time that one node takes to be expanded."""


def apply(data: dict[str, Any], origins: Origins, patch: Any, source: SourceMap, report: Report) -> None:
    """Changes `data` and `origins` in place. Mistakes are reported and their patches left out."""
    patcher = _Patcher(data, origins, source, report)
    for key, value in patch.items():
        if isinstance(key, Gap):
            continue
        patcher.patch(key, value)
    patcher.sweep()


def _is_partly_read(value: Any) -> bool:
    """Whether a piece of it could not be read, which may say where it goes."""
    return value is UNKNOWN or (isinstance(value, dict) and Gap in map(type, value))


class _Patcher:
    def __init__(self, data: dict[str, Any], origins: Origins, source: SourceMap, report: Report) -> None:
        self.data = data
        self.origins = origins
        self.source = source
        self.report = report
        self.removed: dict[Path, None] = {}
        """The containers that items were removed from."""
        self.renamed: dict[Path, dict[str, tuple[str, str]]] = {}
        """By container: of each node that gets another name, that name and the patch that says it."""

    def patch(self, key: str, value: Any) -> None:
        if len(key) > MAX_PATH:
            self._error(
                Code.UNKNOWN_PATH, f"a path of {len(key):,} characters", key, f"paths have at most {MAX_PATH:,}"
            )
            return
        path, rest = walk(self.data, key.split("."))
        if isinstance(value, dict) and _RENAME in value:
            self._rename(key, value, path, rest)
            return
        neighbour = self._neighbour(key, value)
        if neighbour is None:
            return
        if rest and not neighbour:
            if not _is_partly_read(value):
                self._unknown(key, path, rest)
        elif neighbour:
            self._insert(key, value, (*path, ".".join(rest)) if rest else path, neighbour)
        elif not path:
            self._error(Code.UNKNOWN_PATH, "an empty path", key, "write a path such as `nodes.fc`")
        elif value is None:
            at(self.data, path[:-1])[path[-1]] = REMOVED
            self.removed[path[:-1]] = None
            self.origins.removed[str(path[-1])] = self.source, ("patch", key)
        else:
            self._replace(path, value, key)

    def sweep(self) -> None:
        """Takes out what was removed, and gives nodes their new names."""
        # Inner containers first: taking out an outer item moves what lies behind it.
        for path in sorted({**self.removed, **dict.fromkeys(self.renamed)}, key=len, reverse=True):
            container = at(self.data, path)
            if isinstance(container, list):
                kept = [index for index, item in enumerate(container) if item is not REMOVED]
                container[:] = [container[index] for index in kept]
                self.origins.renumber(path, kept)
            elif isinstance(container, dict):
                for name in [name for name, item in container.items() if item is REMOVED]:
                    del container[name]
                for name, (new, key) in self.renamed.get(path, {}).items():
                    self._give_name((*path, name), new, key)

    def _replace(self, path: Path, value: Any, key: str) -> None:
        at(self.data, path[:-1])[path[-1]] = value
        self.origins.put(path, self.source, ("patch", key))

    def _neighbour(self, key: str, value: Any) -> tuple[()] | tuple[str, str] | None:
        """`after` or `before` and the node it names, if the patch says one; None after a mistake."""
        given = [word for word in _PLACES if word in value] if isinstance(value, dict) else []
        if not given:
            return ()
        if len(given) > 1:
            self._error(Code.BAD_PATCH, "a node goes `after` another or `before` it, not both", key)
            return None
        name = self._name(key, given[0], value[given[0]])
        return None if name is None else (given[0], name)

    def _name(self, key: str, word: str, value: Any) -> str | None:
        """The name of a node that a patch says behind a word; None after a mistake."""
        if isinstance(value, str | int) and not isinstance(value, bool):
            return self.source.scalar_text(("patch", key, word))
        message = f"`{word}`: expected the name of a node, found {kind_of(value)}"
        self._error(Code.WRONG_TYPE, message, key, inner=word)
        return None

    def _rename(self, key: str, value: dict[str, Any], path: Path, rest: list[str]) -> None:
        """Notes a node's new name; what else the patch says replaces the node."""
        if rest:
            self._unknown(key, path, rest)
            return
        if any(word in value for word in _PLACES):
            self._error(Code.BAD_PATCH, "a node is renamed where it stands, and moved by another patch", key)
            return
        if not _is_named_node(path):
            message = f"`{key}` is no node with a name"
            self._error(Code.BAD_PATCH, message, key, "`rename` gives one of `nodes` another name", inner=_RENAME)
            return
        new = self._name(key, _RENAME, value[_RENAME])
        if new is None:
            return
        problem = None if "$" in new else check_name(new) or check_module_name(new)
        if problem is not None:
            self._error(Code.BAD_NAME, *problem[:1], key, problem[1], inner=_RENAME)
            return
        node = {field: item for field, item in value.items() if field != _RENAME}
        if node:
            self._replace(path, node, key)
        self.renamed.setdefault(path[:-1], {})[str(path[-1])] = new, key

    def _give_name(self, path: Path, new: str, key: str) -> None:
        """Renames a node; its readers find it by its earlier name, which stands behind it."""
        container, old = at(self.data, path[:-1]), path[-1]
        if new in container:
            message, hint = f"`{spell(path[:-1])}` has a `{new}` already", "rename or remove that one as well"
            self._error(Code.DUPLICATE_NAME, message, key, hint, inner=_RENAME)
            return
        current().spend("expansions", 1 + len(container) // _AT_ONCE)
        entries = [*container.items()]
        container.clear()
        for name, item in entries:
            container.update({new: item, name: {"from": new}} if name == old else {name: item})
        self.origins.rename(path, new)
        self.origins.put(path, self.source, ("patch", key, _RENAME))

    def _insert(self, key: str, value: dict[str, Any], target: Path, neighbour: tuple[str, str]) -> None:
        """Puts a node beside another; one that is there already is moved."""
        where, name = neighbour
        container_path, new = target[:-1], str(target[-1])
        container = at(self.data, container_path)
        if not isinstance(container, dict):
            message = f"nothing can be inserted into `{spell(container_path)}`, {kind_of(container)}"
            self._error(Code.BAD_PATCH, message, key, f"replace the whole of it: `{spell(container_path)}: …`")
            return
        current().spend("expansions", 1 + len(container) // _AT_ONCE)
        others = [other for other in container if other != new and container[other] is not REMOVED]
        if name not in others and name not in container:
            near = did_you_mean(name, others) or listed(others)
            self._error(Code.UNKNOWN_PATH, f"no `{name}` in `{spell(container_path)}`", key, near, inner=where)
            return
        node = {field: item for field, item in value.items() if field != where}
        entries = [(other, item) for other, item in container.items() if other != new]
        index = [other for other, _ in entries].index(name) + (where == "after")
        container.clear()
        container.update([*entries[:index], (new, node), *entries[index:]])
        self.origins.put((*container_path, new), self.source, ("patch", key))

    def _unknown(self, key: str, path: Path, rest: list[str]) -> None:
        message, hint, near = missing(self.data, path, rest, "the inherited file")
        if path and hint is not None and isinstance(at(self.data, path), dict) and not near:
            hint = f"{hint}; a new node says `after` or `before` which it goes"
        self._error(Code.UNKNOWN_PATH, message, key, hint)

    def _error(self, code: Code, message: str, key: str, hint: str | None = None, inner: str | None = None) -> None:
        path: Path = ("patch", key)
        span = self.source.key(path) if inner is None else self.source.value((*path, inner))
        self.report.tell(Fault(code, message, hint), span)


def _is_named_node(path: Path) -> bool:
    """Whether a path leads to an entry of a mapping of nodes, in the network or in a block."""
    *around, name = path or ("",)
    while around and is_splice(around[-1]):
        around.pop()
    in_nodes = path[:1] == ("nodes",) or (path[:1] == ("blocks",) and path[2:3] == ("nodes",))
    return in_nodes and around[-1:] == ["nodes"] and isinstance(name, str) and not is_splice(name)


def is_earlier_name(place: Path) -> bool:
    """Whether a node is written as what another was called before a patch renamed it."""
    return place[:1] == ("patch",) and place[2:] == (_RENAME,)
