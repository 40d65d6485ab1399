"""The served page in a browser: it follows the spec and keeps its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archdsl.viewer.server import Server
from tests.viewer.watched import WatchedPage

SPEC = """\
archdsl: 1
name: net
inputs: {x: [N, 3, 32, 32]}
blocks:
  unit:
    inputs: {x: [N, C, H, W]}
    nodes:
      conv: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
      norm: batch_norm2d
      act: relu
      again: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
      sum: = act + again
nodes:
  stem: {op: conv2d, out_channels: 8, kernel_size: 3}
  first: unit
  second: unit
"""


def test_the_page_follows_the_spec(
    serve: Callable[..., Server], browse: Callable[..., WatchedPage], tmp_path: Path
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC, "utf-8")
    url = serve(spec).url
    page = browse(f"{url}#/first", allowed=(f"{url}events?version=1",))
    page.press("+", "+")
    page.box("norm").focus()
    before = page.view()

    spec.write_text(SPEC.replace("act: relu", "act: gelu"), "utf-8")
    page.page.wait_for_selector("#stage text:text('GELU')")
    assert (page.path, page.focused, page.view()) == ("first", "norm", before)

    spec.write_text(SPEC.replace("act: relu", "act: rellu"), "utf-8")
    page.page.wait_for_selector("#diagnostics:not([hidden])")
    said = page.text("#diagnostics pre")
    assert "error[unknown-op]: unknown op or block `rellu`" in said
    assert "help: did you mean `relu`?" in said
    assert page.page.is_visible("#stage text:text('GELU')")

    spec.write_text(SPEC, "utf-8")
    page.page.wait_for_selector("#diagnostics", state="hidden")
    page.page.wait_for_selector("#stage text:text('ReLU')")
    assert (page.path, page.focused, page.view()) == ("first", "norm", before)


def test_a_spec_that_is_broken_at_first_is_shown_once_it_is_mended(
    serve: Callable[..., Server], browse: Callable[..., Any], tmp_path: Path
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC.replace("first: unit", "first: unti"), "utf-8")
    url = serve(spec).url
    page = browse(url, allowed=(f"{url}events?version=1",), wait_for="#diagnostics pre")
    assert "did you mean `unit`?" in page.text("#diagnostics pre")
    spec.write_text(SPEC, "utf-8")
    page.page.wait_for_selector("#stage text:text('Unit')")
    assert page.page.is_hidden("#diagnostics")
    assert page.title == "net"


def test_what_a_spec_says_is_text(
    serve: Callable[..., Server], browse: Callable[..., WatchedPage], tmp_path: Path
) -> None:
    note = "</script><img src=x onerror=alert(1)><svg onload=alert(2)>"
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC.replace("act: relu", f"act: {{op: relu, note: '{note}'}}"), "utf-8")
    url = serve(spec).url
    page = browse(f"{url}#/first/act", allowed=(f"{url}events?version=1",))
    assert page.text("#panel .note") == note
    assert page.page.locator("img").count() == 0
    assert "onerror=alert" in page.page.text_content("#stage .selected")  # type: ignore[operator]
