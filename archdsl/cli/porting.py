"""The commands for networks that begin or end elsewhere."""

from __future__ import annotations

import argparse
import sys

import archdsl
from archdsl.cli.sharing import BAD_SPEC, Failure, exit_code, give, shown, step, write


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


def sweep(options: argparse.Namespace) -> int:
    """Prints what each setting of a spec costs, and plots it."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.sweeping.sweep import plot_path

    fixed = {name: values[0] for name, values in options.values if len(values) == 1}
    swept = {name: values for name, values in options.values if len(values) != 1}
    sizes, include = dict(options.sizes), options.include
    try:
        if options.output is not None:
            plot_path(options.output)
        made = archdsl.sweep(options.spec, swept, latency=options.latency, sizes=sizes, include=include, **fixed)
    except SpecError as error:
        print(shown(error.diagnostics, sys.stderr), file=sys.stderr)
        return exit_code(error.diagnostics)
    except ValueError as error:
        raise Failure(str(error)) from error
    print({"table": made.table, "json": made.json, "csv": made.csv}[options.format]().rstrip("\n"))
    if options.output is not None:
        write(options.output, made.svg().encode())
    return BAD_SPEC if any(trial.graph is None for trial in made) else 0
