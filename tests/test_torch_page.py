"""docs/torch.md says of every public name of `torch.nn` what it is here."""

from __future__ import annotations

import re

import pytest

from docs.make_torch import TARGET, classes, functions, render, said, version

PAGE = TARGET.read_text("utf-8")


@pytest.mark.parametrize("name", [*classes(), *functions()])
def test_every_name_is_told(name: str) -> None:
    """Of the torch that is installed, whichever: its newest names, too."""
    assert said(name)


def test_the_page_is_fresh() -> None:
    if f"in torch {version()}." not in PAGE:
        pytest.skip("the page is made with another torch")
    assert render() == PAGE, "run `python docs/make_torch.py`"


def test_what_has_no_op_is_told_where_a_spec_names_it() -> None:
    """The page says what `archdsl check` does."""
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE))
    assert rows["CrossEntropyLoss"] == "none: a loss is no part of a network: compute it where you train"
    assert rows["Conv2d"] == "[`conv2d`](ops.md#conv2d)"
    assert rows["ReflectionPad2d"] == "[`pad`](ops.md#pad) with `mode: reflect`"
    assert rows["relu_"] == "[`relu`](ops.md#relu)"
