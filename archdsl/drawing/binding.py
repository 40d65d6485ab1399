"""Pages as one PDF."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Final

from archdsl.figure.errors import DrawingError

INSTALL: Final = "pip install 'archdsl[figures]'"


def bound(pages: Iterable[bytes]) -> bytes:
    """One PDF of several. Raises DrawingError without pypdf."""
    try:
        from pypdf import PdfReader, PdfWriter
    except ImportError:
        raise DrawingError(
            "a `.pdf` of several pages needs the package `pypdf`", f"{INSTALL}, or draw to .svg"
        ) from None
    writer = PdfWriter()
    for page in pages:
        writer.append(PdfReader(BytesIO(page)))
    file = BytesIO()
    writer.write(file)
    return file.getvalue()
