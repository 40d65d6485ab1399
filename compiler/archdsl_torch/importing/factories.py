"""A module that is named by what makes it: imported, made, traced."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from importlib import import_module
from typing import Any, Final

import torch

from archdsl.ir.modules import Example, ModuleError
from archdsl.text.names import FACTORY
from archdsl_torch.importing.exporting import first_line
from archdsl_torch.importing.importer import classes_of, spec_of
from archdsl_torch.trial import random_tensor

_INTEGERS: Final = 2
"""Drawn numbers stay below it, so that they are rows of any table and classes of any kind."""


def spec_of_factory(
    factory: str,
    settings: Mapping[str, Any],
    inputs: Sequence[Example],
    dynamic: Collection[str] | None = None,
    holes: bool = False,
) -> tuple[str, dict[str, str]]:
    """The text of a spec of the module that a factory, `package.module:function`, makes with these settings.

    Beside it the classes of the module's modules by path, after which blocks are called.

    `inputs` are dtypes and sizes to trace with, `dynamic` the sizes that stay free, by default all that can. Runs the
    code of that module, which is looked for in the current folder, too, and of the module's forward pass, and nothing
    else. Raises ModuleError, in one line or one for each call that no op says; with `holes` those are stubs.
    """
    module = module_of(factory, settings)
    logging.getLogger("torch").setLevel(logging.CRITICAL)  # what it cannot prove of sizes is no news to the user
    return spec_of(module, drawn(inputs), _called(factory, settings), dynamic, holes), classes_of(module)


def module_of(factory: str, settings: Mapping[str, Any]) -> torch.nn.Module:
    """The module that a factory makes; its module's code runs, and its own. Raises ModuleError."""
    return _made(_found(factory), factory, settings)


def _called(factory: str, settings: Mapping[str, Any]) -> str:
    """The name of the network: the factory's, or what it is asked for by a name, `model_name=…`."""
    asked = (value for key, value in settings.items() if key.endswith("name") and isinstance(value, str))
    return re.sub(r"\W", "_", next(asked, factory.rpartition(":")[2]), flags=re.ASCII).lower()


def drawn(inputs: Sequence[Example]) -> list[torch.Tensor]:
    """Random examples of these dtypes and sizes. Raises NoRoomError."""
    return [random_tensor(*each, _INTEGERS) for each in inputs]


def _found(factory: str) -> Any:
    named = FACTORY.fullmatch(factory)
    if named is None:
        raise ModuleError(f"expected MODULE:FACTORY, as in `torchvision.models:resnet18`, found `{factory}`")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        home = import_module(named["module"])
    except Exception as error:
        raise ModuleError(f"`{named['module']}` cannot be imported: {first_line(error)}") from error
    try:
        return reduce(getattr, named["factory"].split("."), home)
    except AttributeError:
        raise ModuleError(f"`{named['module']}` has no `{named['factory']}`") from None


def _made(maker: Any, factory: str, settings: Mapping[str, Any]) -> torch.nn.Module:
    try:
        module = maker(**settings)
    except Exception as error:
        raise ModuleError(f"`{factory}` makes no module: {first_line(error)}") from error
    if not isinstance(module, torch.nn.Module):
        raise ModuleError(f"`{factory}` gives {type(module).__name__}, and no `torch.nn.Module`")
    return module
