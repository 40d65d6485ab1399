"""The browser that the viewer is tested in: Debian's Chromium, headless, with nothing that calls home."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import archdsl
from archdsl.viewer.server import Server
from archdsl.viewer.watching import Watched
from tests.viewer.watched import WatchedPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; where there is none the tests that need it are skipped, but not in CI."""
    program = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        reason = "no `chromium` and `playwright` here"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The page of a network that ships, drawn once."""
    folder = tmp_path_factory.mktemp("pages")

    def find(name: str) -> Path:
        path = folder / f"{name}.html"
        return path if path.exists() else archdsl.draw(name, path)

    return find


@pytest.fixture
def browse(chromium: Browser) -> Iterator[Callable[..., WatchedPage]]:
    """Opens an address in a fresh profile. Afterwards nothing may have been said on the console or asked for."""
    opened: list[WatchedPage] = []

    def open_page(
        address: str, *, allowed: tuple[str, ...] = (), wait_for: str = "#stage g", **settings: Any
    ) -> WatchedPage:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        opened.append(WatchedPage(context.new_page(), address, allowed, wait_for))
        return opened[-1]

    yield open_page
    for each in opened:
        each.page.context.close()
        assert each.complaints == []


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Serves a spec from a thread."""
    running: list[tuple[Server, list[threading.Thread]]] = []

    def start(spec: Path, **params: Any) -> Server:
        watched = Watched(str(spec), params, {})
        server = Server(watched, 0)
        threads = [threading.Thread(target=each, daemon=True) for each in (server.serve_forever, watched.watch)]
        for thread in threads:
            thread.start()
        running.append((server, threads))
        return server

    yield start
    for server, threads in running:
        server.watched.stop()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join()
