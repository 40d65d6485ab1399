"""The page's one HTML text: markup, style, script and content together, and the policy that shuts it in."""

from __future__ import annotations

import zlib
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import quote

from archdsl.drawing.metrics import FONTS
from archdsl.text.plain_text import to_json
from archdsl.viewer.content import Content
from archdsl.viewer.paints import style_of_paints

FOLDER: Final = Path(__file__).parent
SCRIPTS: Final = (
    "elements", "packing", "network", "camera", "drawing", "opening", "neighbours", "figure", "panel", "saving",
    "search", "page",
)  # fmt: skip
"""The parts of the script, each after those that it uses."""
ICON: Final = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><g fill='#4a7fc1'>"
    "<rect x='3' y='1' width='10' height='4' rx='1'/><rect x='3' y='11' width='10' height='4' rx='1'/>"
    "<path d='M7 5h2v6H7z'/></g></svg>"
)


def html(content: Content) -> str:
    """The page that shows this content. It can be opened as a file, and asks for nothing else."""
    return Template(_read("page.html")).substitute(
        policy=escape(policy(served="version" in content)),
        icon=f"data:image/svg+xml,{quote(ICON)}",
        name=escape(content["name"]),
        style=_style(),
        script=_script(),
        content=_packed(to_json(content, separators=(",", ":")).encode()),
        regular=_typeface("Regular"),
        bold=_typeface("Bold"),
    )


def policy(*, served: bool) -> str:
    """The Content-Security-Policy: this style and this script alone, and no request but a served page's for news."""
    rules = [
        "default-src 'none'",
        f"script-src {_hash(_script())}",
        f"style-src {_hash(_style())}",
        "img-src data:",
        *(["connect-src 'self'"] if served else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)


@cache
def _style() -> str:
    return f"\n{_read('page.css')}{style_of_paints()}"


@cache
def _script() -> str:
    return "\n" + "\n".join(_read(f"script/{name}.js") for name in SCRIPTS)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _typeface(weight: str) -> str:
    return _packed((FONTS / f"ArchdslSans-{weight}.ttf").read_bytes())


def _packed(data: bytes) -> str:
    """Small, and without any character of a spec's text: none of it stands in the page's markup."""
    return b64encode(zlib.compress(data, 9)).decode()


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")
