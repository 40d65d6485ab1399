"""Writes into docs/unparsing.md the spec that `archdsl spec resnet50` prints."""

from __future__ import annotations

import re
import sys
from pathlib import Path

TARGET = Path(__file__).with_name("unparsing.md")
sys.path.insert(0, str(TARGET.parent.parent))

import archdsl  # noqa: E402


def render(page: str) -> str:
    """The page with its example renewed."""
    made = f"<!-- example -->\n```yaml\n{archdsl.spec('resnet50')}```\n<!-- /example -->"
    return re.sub(r"<!-- example -->.*?<!-- /example -->", lambda _: made, page, flags=re.DOTALL)


if __name__ == "__main__":
    TARGET.write_text(render(TARGET.read_text("utf-8")), "utf-8")
