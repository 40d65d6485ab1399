"""A theme's file: what is wrong with it is told all at once, each at its place, with what there is instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl import SpecError
from archdsl.figure.theme import Colour, Theme
from archdsl.theming.reading import read_theme
from tests.figure.building import SMALL
from tests.theming.theming_of import theme_of, theme_of_text, themes
from tests.thorough import examples

RESNET = archdsl.graph("resnet18")
RECURRENT = archdsl.graph(
    {
        "archdsl": 1,
        "inputs": {"x": [1, "N", 8]},
        "nodes": {"lstm": {"op": "lstm", "hidden_size": 8}, "sum": {"op": "add", "from": ["lstm.output", "lstm.h_n"]}},
    }
)


def wrong(folder: Path, text: str) -> list[str]:
    """Each mistake of a theme: its place and its code, what is said, and the help."""
    file = folder / "theme.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(SpecError) as raised:
        read_theme(file, RESNET)
    found = raised.value.diagnostics
    assert text.splitlines()[0][:20] in str(raised.value)  # the lines are shown
    return [
        f"{each.span.line}:{each.span.column} {each.code}: {each.message} | {each.hint}" for each in found if each.span
    ]


BAD: Final = """\
titel: Our encoder
legend: yes
labels:
  layr1: Stage 1
  layer1.9: Stage 2
  fc: ""
colours:
  basic_blok: "#FFD6A5"
  conv1: #1D3557
  layer2: "#abc"
  layer3: {fill: "#1D3557", text: "#222222", bordr: "#000000"}
  layer4: {fill: linear, text: "#222222"}
hide: [layer1.0.add, avgpol, 3]
group:
  Deep: [layer3, layer4.0.conv1]
  A: [conv1, maxpool]
  B: [layer4.0]
"""
COLOUR: Final = (
    'expected a colour such as "#DCE9FB", in quotes, or one of conv, norm, activation, pool, linear, attention, '
    "embedding, reshape, block"
)
LINKS: Final = (
    "links run through what is hidden: one value must go in, and one come out; a `group` is drawn as one card"
)
TOLD: Final = [
    "1:1 unknown-key: unknown key `titel` | did you mean `title`?",
    "2:9 wrong-type: `legend`: expected true or false, found the text `yes` | None",
    "4:3 unknown-path: there is no `layr1` in `resnet18` | did you mean `layer1`?",
    "5:3 unknown-path: there is no `layer1.9` in `resnet18` | `layer1` holds `0`, `1`",
    "6:7 bad-value: `fc`: expected one line of text, of at most 100 characters, found the text `` | None",
    "8:3 unknown-path: `basic_blok` is no op, and no block, group or path of `resnet18` | did you mean `basic_block`?",
    f"9:9 bad-value: `conv1`: {COLOUR}, found nothing | put it in quotes: `#` behind a space begins a comment",
    f'10:11 bad-value: `layer2`: {COLOUR}, found the text `#abc` | write "#aabbcc"',
    "11:35 bad-value: `text`: the contrast of #222222 on #1D3557 is 1.29 to 1, expected at least 4.5 "
    "| write `#C6CCD5`, or leave it out",
    "11:46 unknown-key: unknown key `bordr` | did you mean `border`?",
    "12:26 bad-value: `text`: `linear` has one of its own in every style | leave it out",
    f"13:8 cannot-draw: `layer1.0.add` cannot be hidden: 2 values go (`layer1.0.bn2`, `maxpool`) into it | {LINKS}",
    "13:22 unknown-path: there is no `avgpol` in `resnet18` | did you mean `avgpool`?",
    "13:30 bad-value: `2`: expected a path in the network, as `layer1.0`, found the number 3 | None",
    "15:18 cannot-draw: the group `Deep` cannot be one card: `layer4.0.conv1` is in `layer4.0`, and others are not "
    "| name `layer4.0`, or only what is in it",
    "16:7 cannot-draw: the group `A` cannot be one card: `relu` reads of it, and is read by it | add `relu` to it",
    "17:7 bad-value: `layer4.0` is in the group `Deep` already | name it in one of them",
]


def test_letters_that_are_no_digits_are_not_written_twice(tmp_path: Path) -> None:
    assert wrong(tmp_path, 'colours: {fc: "#xyz"}\n') == [
        f"1:15 bad-value: `fc`: {COLOUR}, found the text `#xyz` | None"
    ]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert wrong(tmp_path, BAD) == TOLD


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "1:1 wrong-type: expected a mapping, found a list"),
        ("just text", "1:1 wrong-type: expected a mapping, found the text `just text`"),
        ("labels: [a]", "1:9 wrong-type: `labels`: expected a mapping, found a list"),
        ("labels: {fc: {a: 1}}", "1:14 bad-value: `fc`: expected one line of text"),
        ('labels: {fc: "a\\nb"}', "1:14 bad-value: `fc`: expected one line of text"),
        (f"labels: {{fc: {'a' * 101}}}", "1:14 bad-value: `fc`: expected one line of text"),
        ("labels: &a {fc: b}", "1:9 yaml-feature"),
        ("labels: {fc: a", "1:"),
        ("font_size: 7", "1:12 bad-value: `font_size`: expected a number of points from 8 to 36, found the number 7"),
        ("font_size: true", "1:12 bad-value: `font_size`: expected a number of points from 8 to 36, found true"),
        ("title: 3", "1:8 bad-value: `title`: expected one line of text"),
        ("hide: fc", "1:7 wrong-type: `hide`: expected a list, found the text `fc`"),
        ("hide: [x]", "1:8 unknown-path: there is no `x` in `resnet18`"),
        (f"hide: {['fc'] * 201}", "1:7 bad-value: `hide`: expected at most 200 entries, found a list"),
        ("group: {A: []}", "1:12 bad-value: `A`: expected a list of paths, found a list"),
        ("group: {A: fc}", "1:12 bad-value: `A`: expected a list of paths, found the text `fc`"),
        ("group: {'': [fc]}", "1:9 bad-name: `` is no name here: expected one line of text"),
        ("colours: {fc: red}", "1:15 bad-value: `fc`: expected a colour"),
        ("colours: {fc: {border: '#000000'}}", "1:11 missing-field: `fill` is missing"),
        ("colours: {layer1.conv: '#000000'}", "1:11 unknown-path: `layer1.conv` is no op"),
    ],
)
def test_what_has_another_form_is_told(tmp_path: Path, text: str, told: str) -> None:
    found = wrong(tmp_path, text)
    assert len(found) == 1, found
    assert found[0].startswith(told)


@pytest.mark.parametrize(("text", "hint"), [("", "a theme has the keys title"), (None, "None")])
def test_a_file_that_is_empty_or_not_there(tmp_path: Path, text: str | None, hint: str) -> None:
    file = tmp_path / "theme.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SpecError) as raised:
        read_theme(file, RESNET)
    (found,) = raised.value.diagnostics
    assert str(found.hint).startswith(hint)
    assert (found.span is None) == (text is None)  # a file that is not there is a mistake of the call


def test_what_a_theme_says() -> None:
    data = {
        "title": "Ours", "legend": True, "labels": {"layer1": "Stage 1", "x": "image"}, "hide": ["layer1", "layer1.0"],
        "group": {"Deep": ["layer3", "layer4"]}, "colours": {"fc": {"fill": "#ffffff", "text": "#000000"}},
    }  # fmt: skip
    assert theme_of(data, RESNET) == Theme(
        "Ours", True, {"layer1": "Stage 1", "x": "image"}, ("layer1",), {"Deep": ("layer3", "layer4")},
        {"fc": Colour("#ffffff", "", "#000000")}, 1, {"fc": "fc"},
    )  # fmt: skip


def test_what_is_said_inside_of_a_block_is_said_of_all_its_instances() -> None:
    theme = theme_of(
        {"labels": {"layer1.0.conv1": "First", "layer2.1.conv1": "Other"}, "hide": ["layer1.0.relu1"]}, RESNET
    )
    assert theme.labels["layer3.1.conv1"] in {"First", "Other"}
    assert theme.labels["layer1.0.conv1"] == "First"
    assert len(theme.hide) == 8


@pytest.mark.parametrize("path", ["layer2.0.downsample.0", "layer1", "fc", "layer1.0", "relu"])
def test_what_has_one_way_in_and_one_out_can_be_hidden(path: str) -> None:
    assert path in theme_of({"hide": [path]}, RESNET).hide


def test_what_has_several_ways_in_or_out_cannot_be_hidden() -> None:
    with pytest.raises(SpecError, match="2 values go"):
        theme_of({"hide": ["layer2.0.add"]}, RESNET)
    with pytest.raises(SpecError, match="several outputs of `lstm` come out"):
        theme_of({"hide": ["lstm"]}, RECURRENT)


def test_the_ends_of_a_loop_are_in_no_group() -> None:
    with pytest.raises(SpecError, match=r"`back.h\[t\]` is where values come into a loop, or leave it"):
        theme_of({"group": {"Ends": ["back.h[t]", "back.x[t]"]}}, SMALL["loops"]())


ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(("layer1", "fc", "#ffffff", "x")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from((*("title", "legend", "labels", "colours", "hide", "group"), "lables", "archdsl"))


@settings(max_examples=examples(200), deadline=None)
@given(st.dictionaries(KEYS, ANY, max_size=4))
def test_any_content_is_a_theme_or_told(data: dict[str, Any]) -> None:
    try:
        theme = theme_of(json.loads(json.dumps(data)), RESNET)
    except SpecError as error:
        assert all(each.span is not None for each in error.diagnostics)
    else:
        assert isinstance(theme, Theme)


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_theme_or_told(text: str) -> None:
    try:
        theme_of_text(text, RESNET)
    except SpecError as error:
        assert error.diagnostics
        assert str(error)


@settings(max_examples=examples(40), deadline=None)
@given(themes(["layer1.0.nope", "x", "layer1.0.conv1", "layer1.0.bn1"], ["basic_block", "nope"]))
def test_names_that_lead_nowhere_are_told(data: dict[str, Any]) -> None:
    named = {"layer1.0.nope"} & {*data.get("hide", []), *data.get("labels", {}), *data.get("colours", {})}
    if named:
        with pytest.raises(SpecError, match=r"no `layer1.0.nope`|`layer1.0.nope` is no op"):
            theme_of(data, RESNET)
