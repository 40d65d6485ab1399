"""The PyTorch back end: graph -> readable source -> module.

Only what makes, runs or loads modules imports torch, when it is first asked for: source is printed without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from archdsl.text.later import imported
from archdsl_torch.writing.codegen import class_name, source

if TYPE_CHECKING:
    from archdsl_torch.exports.targets import export
    from archdsl_torch.importing.factories import drawn, module_of, spec_of_factory
    from archdsl_torch.importing.importer import classes_of, spec_of, spec_of_program
    from archdsl_torch.packaging.package import package
    from archdsl_torch.room import check_run
    from archdsl_torch.runtime import build, source_of
    from archdsl_torch.trial import latency, run_once
    from archdsl_torch.verifying.verify import verify
    from archdsl_torch.weights.bundling import content_of
    from archdsl_torch.weights.checkpoints import build_with_weights, load_weights, saved
    from archdsl_torch.weights.transferring import transfer

__all__ = [
    "build", "build_with_weights", "check_run", "class_name", "classes_of", "content_of", "drawn", "export", "latency",
    "load_weights", "module_of", "package", "run_once", "saved", "source", "source_of",
    "spec_of", "spec_of_factory", "spec_of_program", "transfer", "verify",
]  # fmt: skip

_HOMES: Final = {
    "build": "runtime",
    "build_with_weights": "weights.checkpoints",
    "check_run": "room",
    "classes_of": "importing.importer",
    "content_of": "weights.bundling",
    "drawn": "importing.factories",
    "export": "exports.targets",
    "latency": "trial",
    "load_weights": "weights.checkpoints",
    "module_of": "importing.factories",
    "package": "packaging.package",
    "run_once": "trial",
    "saved": "weights.checkpoints",
    "source_of": "runtime",
    "spec_of": "importing.importer",
    "spec_of_factory": "importing.factories",
    "spec_of_program": "importing.importer",
    "transfer": "weights.transferring",
    "verify": "verifying.verify",
}


def __getattr__(name: str) -> Any:
    """What needs torch. Raises ImportError, whose `name` is torch, where that is not installed."""
    try:
        return imported(__name__, _HOMES, name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError("a module needs PyTorch, which is not installed: `pip install torch`", name="torch") from None
