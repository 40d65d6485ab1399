"""The commands for networks that begin or end elsewhere."""

from __future__ import annotations

import argparse

import archdsl
from archdsl.cli.sharing import Failure, give, step


def import_module(options: argparse.Namespace) -> int:
    """Prints the spec of a module that a factory makes, or writes it to a file."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.ir.modules import ModuleError

    with step("loading PyTorch"):
        from archdsl_torch import spec_of_factory
    try:
        text = spec_of_factory(options.factory, dict(options.settings), options.inputs)
        archdsl.loads(text)
    except (ModuleError, SpecError) as error:
        raise Failure(str(error)) from error
    give(text, options.output)
    return 0
