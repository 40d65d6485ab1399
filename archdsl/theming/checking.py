"""What a theme says, held against its network: names that lead nowhere, and what cannot be drawn so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from archdsl.document.positions import Path
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault
from archdsl.figure.contrast import READABLE, contrast, text_on
from archdsl.figure.flow import Flow
from archdsl.figure.palette import KINDS
from archdsl.figure.theme import Theme, around
from archdsl.figure.view import View
from archdsl.theming.form import is_hex
from archdsl.theming.names import NetworkNames


class ThemeChecks:
    """The faults of a theme's plain data beside those of its form: `wrong` has the places of these."""

    def __init__(self, raw: Mapping[str, Any], wrong: Collection[Path], names: NetworkNames) -> None:
        self._raw = raw
        self._wrong = wrong
        self._names = names

    def faults(self) -> Iterator[Fault]:
        yield from self._labels()
        yield from self._colours()
        yield from self._hidden()
        yield from self._groups()

    def _entries(self, key: str) -> dict[str, Any]:
        found = self._raw.get(key)
        return found if isinstance(found, dict) and (key,) not in self._wrong else {}

    def _paths(self, found: Any, at: Path) -> dict[Path, str]:
        """The paths of a list, by their places."""
        if not isinstance(found, list) or at in self._wrong:
            return {}
        return {(*at, i): path for i, path in enumerate(found) if isinstance(path, str) and (*at, i) not in self._wrong}

    def _labels(self) -> Iterator[Fault]:
        names = self._names
        for path in self._entries("labels"):
            if path not in names.ports and not names.is_path(path):
                yield names.unknown_path(path, names.ports).at(("labels", path), key=True)

    def _colours(self) -> Iterator[Fault]:
        names, groups = self._names, self._entries("group")
        for name, colour in self._entries("colours").items():
            if not (names.is_path(name) or name in groups or name in names.blocks or names.is_op(name)):
                yield names.unknown_name(name, groups).at(("colours", name), key=True)
            if isinstance(colour, dict):
                yield from self._unfit(colour, ("colours", name))

    def _unfit(self, colour: Mapping[str, Any], at: Path) -> Iterator[Fault]:
        """Colours that a paint has already, and one of text that is too near to what is behind it."""
        fill, text = colour.get("fill"), colour.get("text")
        if isinstance(fill, str) and fill in KINDS:
            for key in colour.keys() & {"border", "text"}:
                yield Fault(Code.BAD_VALUE, f"`{key}`: `{fill}` has one of its own in every style", "leave it out").at(
                    (*at, key), key=True
                )
        elif is_hex(fill) and is_hex(text) and (found := contrast(fill, text)) < READABLE:
            message = f"`text`: the contrast of {text} on {fill} is {found:.2f} to 1, expected at least {READABLE}"
            yield Fault(Code.BAD_VALUE, message, f"write `{text_on(fill)}`, or leave it out").at((*at, "text"))

    def _hidden(self) -> Iterator[Fault]:
        for at, path in self._paths(self._raw.get("hide"), ("hide",)).items():
            known = self._names.is_path(path)
            fault = self._names.not_hidden(path) if known else self._names.unknown_path(path)
            if fault is not None:
                yield fault.at(at)

    def _groups(self) -> Iterator[Fault]:
        taken: dict[str, str] = {}
        """By path that a group names, or that is around one of these, the group."""
        flow = self._flow()
        for name, found in self._entries("group").items():
            places = {path: at for at, path in self._paths(found, ("group", name)).items()}
            faults = [fault.at(at) for path, at in places.items() if (fault := self._misplaced(path, name, taken))]
            yield from faults
            taken.update((each, name) for path in places for each in around(path))
            for path, fault in self._names.not_one_card(name, places, flow) if not faults else ():
                yield fault.at(places[path])

    def _misplaced(self, path: str, name: str, taken: Mapping[str, str]) -> Fault | None:
        """Why a path cannot be in a group, whatever else is."""
        if not self._names.is_path(path):
            return self._names.unknown_path(path)
        if taken.get(path, name) == name:
            return None
        return Fault(Code.BAD_VALUE, f"`{path}` is in the group `{taken[path]}` already", "name it in one of them")

    def _flow(self) -> Flow:
        """The flow of the network without what can be hidden."""
        paths = self._paths(self._raw.get("hide"), ("hide",)).values()
        names = self._names
        able = [path for path in paths if names.is_path(path) and names.not_hidden(path) is None]
        hidden = tuple(each for path in able for each in names.everywhere(path))
        return Flow(names.graph, view=View(theme=Theme(hide=hidden))) if hidden else names.flow
