"""The page on a phone: nothing sideways, text that can be read, and all of it by touch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.viewer.watched import WatchedPage

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
NETWORKS = ["resnet50", *(pytest.param(name, marks=pytest.mark.slow) for name in ("unet", "gpt2", "inception_v3"))]
RATIO = "document.querySelector('#stage').getScreenCTM().a"
"""Pixels of the style sheet for a point of the figure."""


@pytest.fixture
def phone(browse: Callable[..., WatchedPage], drawn: Callable[[str], Path]) -> Callable[..., WatchedPage]:
    """Opens a network's page on a phone, at a place."""

    def open_network(name: str, place: str = "") -> WatchedPage:
        return browse(drawn(name).as_uri() + place, **PHONE)

    return open_network


def places(page: WatchedPage, selector: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.page.eval_on_selector_all(
        selector, "all => all.map(each => each.getBoundingClientRect().toJSON())"
    )
    return found


def touch(page: WatchedPage, *moves: list[tuple[float, float]]) -> None:
    """Puts fingers down, moves them from place to place, and lifts them."""
    session = page.page.context.new_cdp_session(page.page)
    for number, fingers in enumerate(moves):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(fingers)]
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("name", NETWORKS)
def test_the_first_view_fits_the_screen(name: str, phone: Callable[..., WatchedPage]) -> None:
    page = phone(name)
    assert page.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        390,
        844,
    ]
    (stage,), (side,) = places(page, "#stage"), places(page, "#side")
    assert stage["width"] == 390 and stage["height"] > 844 / 2
    assert (stage["bottom"], side["bottom"]) == (side["top"], 844)
    assert 8 * page.page.evaluate(RATIO) > 7, "the smallest text is of 8 points"
    first = places(page, "#stage .card, #stage .op")[0]
    assert stage["left"] <= first["left"] < first["right"] <= stage["right"]
    assert stage["top"] < first["top"] < stage["top"] + stage["height"] / 3
    for button in places(page, "#tools button, #query, #more"):
        assert 0 <= button["left"] < button["right"] <= 390 and min(button["width"], button["height"]) >= 40


def test_a_figure_of_one_column_is_as_wide_as_the_screen(phone: Callable[..., WatchedPage]) -> None:
    cards = places(phone("resnet50"), "#stage .card > rect:first-of-type")
    assert all(card["left"] > 0 and card["right"] < 390 and card["width"] > 310 for card in cards)


def test_all_about_a_module_is_a_touch_away(phone: Callable[..., WatchedPage]) -> None:
    page = phone("resnet50", "#/layer3/0/conv3")
    (before,) = places(page, "#panel")
    assert page.page.get_attribute("#more", "aria-expanded") == "false"
    page.page.tap("#more")
    (after,) = places(page, "#panel")
    assert page.page.get_attribute("#more", "aria-expanded") == "true"
    assert before["height"] < 140 and after["height"] > 400
    (stage,), (box,) = places(page, "#stage"), places(page, "#stage .selected")
    assert stage["top"] <= box["top"] and box["bottom"] <= stage["bottom"], "what is selected is still seen"
    page.page.tap("#more")
    assert places(page, "#panel") == [before]


def test_a_touch_opens_a_block(phone: Callable[..., WatchedPage]) -> None:
    page = phone("resnet50")
    page.box("layer1.0").tap()
    assert page.path == "layer1.0"


def test_one_finger_moves_and_two_zoom(phone: Callable[..., WatchedPage]) -> None:
    page = phone("resnet50")
    start = page.view()
    touch(page, [(200, 500)], [(200, 480)], [(200, 400)])
    moved = page.view()
    assert (moved[0], moved[2:]) == (start[0], start[2:])
    assert moved[1] - start[1] == pytest.approx(100 / page.page.evaluate(RATIO), abs=1)
    assert page.path == ""
    apart = (50, 60, 80, 120)
    touch(page, *([(200 - each, 400), (200 + each, 400)] for each in apart))
    assert page.view()[2] == pytest.approx(start[2] * 50 / 120, rel=0.1)


def test_a_small_phone_has_no_sideways_scrolling_either(
    browse: Callable[..., WatchedPage], drawn: Callable[[str], Path]
) -> None:
    small = PHONE | {"viewport": {"width": 320, "height": 568}}
    page = browse(f"{drawn('resnet50').as_uri()}#/layer1/0/downsample", **small)
    assert page.page.evaluate("document.documentElement.scrollWidth") == 320
