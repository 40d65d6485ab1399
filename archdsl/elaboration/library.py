"""Files of blocks alone, for `use`: each block is looked at as one whose inputs and parameters nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from archdsl.elaboration.mistakes import Stopped
from archdsl.elaboration.second_look import look_at_unused
from archdsl.elaboration.unused import Uses, warn_unused
from archdsl.elaboration.walk import Elaborator
from archdsl.faults.code import Code
from archdsl.limits import TooLarge
from archdsl.text.spelled import quoted

if TYPE_CHECKING:
    from archdsl.diagnostics.diagnostic import Diagnostic
    from archdsl.document.resolved import Resolved


def look_through(resolved: Resolved, sizes: Mapping[str, int]) -> list[Diagnostic]:
    """Every mistake and warning in the blocks of a library, which has no inputs that `sizes` could be of."""
    run = Elaborator(resolved, {})
    try:
        if sizes:
            message = f"no dimension {quoted(sizes, ' and ')} to give a size"
            run.mistakes.add(Code.UNKNOWN_SIZE, message, None, hint="a file of blocks alone has no inputs")
        run.catalogue.file_env(resolved)
        for block in run.catalogue.unused(resolved, frozenset()):
            look_at_unused(run, block)
        if not run.mistakes.failed:
            warn_unused(resolved, Uses(resolved.document), run.renamed, run.mistakes)
    except TooLarge as error:
        with suppress(Stopped):
            run.mistakes.tell(error.fault, error.span or resolved.span(()))
    except Stopped:
        pass
    return run.mistakes.diagnostics
