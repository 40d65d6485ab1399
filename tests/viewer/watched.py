"""A page in the browser, and what it says and asks for meanwhile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from tests.viewer.packed import unpacked

if TYPE_CHECKING:
    from playwright.sync_api import Page


PATH = "location.hash.split('?')[0].slice(2).replaceAll('/', '.')"


class WatchedPage:
    """Drives the viewer as its user would."""

    def __init__(self, page: Page, address: str, allowed: tuple[str, ...], wait_for: str) -> None:
        """`allowed` are the addresses that it may ask for beside its own; it is there with the first `wait_for`."""
        self.page = page
        self.complaints: list[str] = []
        """What was on the console, errors, and requests that should not be."""
        own = {urldefrag(address).url, *allowed}
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: request.url in own or self.complaints.append(f"request: {request.url}"))
        page.goto(address)
        page.wait_for_selector(wait_for)

    def settle(self) -> None:
        """Waits until the page shows what its address says: it hears of a new address a little later."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        self.page.wait_for_function(
            f"name => document.title.split(' · ')[0] === ({PATH} || name)",
            arg=self.content["name"],
        )

    @property
    def path(self) -> str:
        """The module of the address, once it is shown."""
        self.settle()
        return str(self.page.evaluate(PATH))

    @property
    def open(self) -> list[str]:
        """The blocks that are open in place, by the address."""
        self.settle()
        return list(self.page.evaluate("new URLSearchParams(location.hash.split('?')[1]).getAll('open')"))

    @property
    def title(self) -> str:
        return self.text("#panel h2")

    @property
    def focused(self) -> str:
        """The box that has the focus, by its name; empty where none has."""
        return str(self.page.evaluate("document.activeElement.querySelector(':scope > title')?.textContent ?? ''"))

    def boxes(self) -> list[str]:
        """The names of the figure's boxes, in running order."""
        self.settle()
        return self.page.eval_on_selector_all(
            "#stage [role=button] > title", "all => all.map(each => each.textContent)"
        )

    def text(self, selector: str) -> str:
        """What stands there, with ordinary spaces."""
        return self.page.inner_text(selector).replace("\N{NO-BREAK SPACE}", " ")

    def visit(self, path: str) -> None:
        """Goes to a module by its address, and waits until the page is there."""
        self.page.evaluate("place => { location.hash = place; }", f"#/{path.replace('.', '/')}")
        self.settle()

    @property
    def content(self) -> dict[str, Any]:
        """What the page was made with."""
        return unpacked(self.page.text_content("#content") or "")

    def figures(self) -> dict[int, str]:
        """The first module that each figure is of."""
        content = self.content
        found: dict[int, str] = {}

        def look(path: str, number: int) -> None:
            module = content["modules"][number]
            if "figure" in module:
                found.setdefault(module["figure"], path)
            for name, child in module.get("children", []):
                look(f"{path}.{name}" if path else name, child)

        look("", content["root"])
        return found

    def box(self, name: str) -> Any:
        """The box of this name."""
        exact = re.compile(f"^{re.escape(name)}$")
        return self.page.locator("#stage [role=button]", has=self.page.locator("title", has_text=exact))

    def view(self) -> list[float]:
        """What is seen of the figure: left, top, width and height, in its points."""
        return [float(each) for each in self.page.get_attribute("#stage", "viewBox").split()]  # type: ignore[union-attr]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
