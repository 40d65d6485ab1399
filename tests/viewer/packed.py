"""What a page holds, as its script reads it."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from typing import Any

PACKED = re.compile(r'<script id="content" type="application/zlib">([A-Za-z0-9+/=]*)</script>')


def unpacked(packed: str) -> dict[str, Any]:
    """The content that is packed."""
    return dict(json.loads(zlib.decompress(b64decode(packed, validate=True))))


def content_of(page: str) -> dict[str, Any]:
    """The content of a page's text."""
    (found,) = PACKED.findall(page)
    return unpacked(found)
