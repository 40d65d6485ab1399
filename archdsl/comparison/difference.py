"""What `archdsl.diff` returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.comparison.compare import Comparison
from archdsl.text.plain_text import to_json

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from archdsl.figure.view import ViewOptions
    from archdsl.formats import Drawing


class Difference(Comparison):
    """What changed from one network to another; `str()` of it says so in words, and it is false where nothing did."""

    def __bool__(self) -> bool:
        return not self.same

    def __str__(self) -> str:
        from archdsl.comparison.text import text_of

        return text_of(self)

    def __repr__(self) -> str:
        return f"<Difference {self.before.name} → {self.after.name}>"

    def data(self) -> dict[str, Any]:
        """Everything as plain data, as `docs/diff.md` describes it."""
        from archdsl.comparison.data import data_of

        return data_of(self)

    def json(self) -> str:
        """The same as JSON text."""

        return to_json(self.data(), indent=2, default=str) + "\n"

    def draw(self, file: str | os.PathLike[str], **options: Unpack[ViewOptions]) -> Path:
        """Draws the second network with the changes coloured; the file's suffix chooses the format.

        The options are those of `archdsl.draw`, but colours and the legend always say what changed. Returns the path
        that was written, the first of several. Raises DrawingError, and OSError where the file cannot be written.
        """
        from archdsl import formats
        from archdsl.comparison.marks import ChangeMarks

        return formats.draw(self.after, file, formats.asked(self.after, options), marks=ChangeMarks(self))[0]

    def figure(self, **options: Unpack[ViewOptions]) -> Drawing:
        """The same for a notebook. Raises DrawingError."""
        from archdsl.comparison.marks import ChangeMarks
        from archdsl.formats import Drawing

        return Drawing(self.after, options, ChangeMarks(self))

    def _repr_svg_(self) -> str | None:
        from archdsl.comparison.marks import ChangeMarks
        from archdsl.formats import svg_or_nothing

        return svg_or_nothing(self.after, ChangeMarks(self))
