"""The PyTorch back end: graph -> readable source -> module.

Only what makes, runs or loads modules imports torch, when it is first asked for: source is printed without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import archdsl_torch.ops  # noqa: F401 - registers the lowerings
from archdsl_torch.codegen import class_name, source

if TYPE_CHECKING:
    from archdsl_torch.checkpoints import build_with_weights, load_weights, saved
    from archdsl_torch.room import check_run
    from archdsl_torch.runtime import build
    from archdsl_torch.trial import run_once

__all__ = ["build", "build_with_weights", "check_run", "class_name", "load_weights", "run_once", "saved", "source"]

_HOMES: Final = {
    "build": "runtime",
    "build_with_weights": "checkpoints",
    "check_run": "room",
    "load_weights": "checkpoints",
    "run_once": "trial",
    "saved": "checkpoints",
}


def __getattr__(name: str) -> Any:
    """What needs torch. Raises ImportError, whose `name` is torch, where that is not installed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import torch  # noqa: F401 - asked for here, so that a lack of it is told in words
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError("a module needs PyTorch, which is not installed: `pip install torch`", name="torch") from None
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
