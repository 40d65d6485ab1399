"""The pipeline as data is the pipeline in code: functions, their types, the floors that they stand on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import pytest

from archdsl.figure.view import View
from archdsl.pipeline import ARTEFACTS, STAGES, Stage

ROOT = Path(__file__).parents[1]
TYPES = {each.name: each.type for each in ARTEFACTS}


def resolved(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


def signature(function: Any) -> tuple[Any, Any]:
    """The types of the first argument and of what is given."""
    made = function.__init__ if isinstance(function, type) else function
    hints = get_type_hints(made, vars(import_module(made.__module__)) | IMPORTED_FOR_ANNOTATIONS)
    first = next(name for name in inspect.signature(made).parameters if name != "self")
    return hints[first], function if isinstance(function, type) else hints["return"]


def parts(annotation: Any) -> set[type]:
    """The classes that an annotation is made of: of `tuple[Graph | None, list[str]]` all five."""
    found = {part for each in get_args(annotation) for part in parts(each)}
    own = get_origin(annotation) or annotation
    return found | ({own} if isinstance(own, type) and own not in (UnionType, Union) else set())


IMPORTED_FOR_ANNOTATIONS = {each.type.rpartition(".")[2]: resolved(each.type) for each in ARTEFACTS} | {"View": View}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_is_a_function_from_what_it_takes_to_what_it_gives(stage: Stage) -> None:
    takes, gives = signature(resolved(stage.function))
    assert resolved(TYPES[stage.takes]) in parts(takes)
    assert resolved(TYPES[stage.gives]) in parts(gives)


def test_every_stage_takes_what_one_before_it_gives() -> None:
    made = {ARTEFACTS[0].name}
    for stage in STAGES:
        assert stage.takes in made
        assert stage.gives not in made, "two stages make the same"
        made.add(stage.gives)
    assert made == set(TYPES)


class Floors(NamedTuple):
    """A contract of import-linter: how high each folder stands."""

    package: str
    height: Mapping[str, int]

    def of(self, place: str) -> int | None:
        """The floor of a module, None outside the package and for the package itself."""
        package, _, rest = place.partition(".")
        return self.height[rest.partition(".")[0]] if package == self.package else None


@pytest.fixture(scope="module")
def contracts() -> list[Floors]:
    tomllib: ModuleType = pytest.importorskip("tomllib")
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [each for each in said if each["type"] == "layers"]
    return [Floors(each["containers"][0], heights(each["layers"])) for each in layers]


def heights(layers: list[str]) -> dict[str, int]:
    return {folder.strip(): height for height, floor in enumerate(reversed(layers)) for folder in floor.split("|")}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_what_a_stage_takes_and_gives_stands_on_its_floor_or_below(stage: Stage, contracts: list[Floors]) -> None:
    (floors,) = [floors for floors in contracts if floors.of(stage.function) is not None]
    for place in (TYPES[stage.takes], TYPES[stage.gives]):
        below = floors.of(place)
        assert below is None or below <= floors.of(stage.function)
