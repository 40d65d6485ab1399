"""The way in: a module becomes the text of a spec."""

from __future__ import annotations

import logging
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import torch

from archdsl.ir.modules import ModuleError
from archdsl.text.spelled import quoted
from archdsl_torch.importing.exporting import axis
from archdsl_torch.importing.places import DraftTree
from archdsl_torch.importing.programs import read_program
from archdsl_torch.importing.said import TiedPaths, Unsaid
from archdsl_torch.importing.sizes import UnknownSize
from archdsl_torch.importing.tracing import Traced, trace, trace_program
from archdsl_torch.importing.training import with_training
from archdsl_torch.importing.writing import written


def spec_of(
    module: torch.nn.Module,
    inputs: Sequence[torch.Tensor],
    name: str | None = None,
    dynamic: Collection[str] | None = None,
    holes: bool = False,
) -> str:
    """The text of a spec of the network that a module is, with every node written out.

    The module is traced with these inputs. It keeps its state, and the spec's network has its keys. Sizes that the
    module takes at other values stay names, or those of `dynamic`. With `holes` a stub stands for each call
    that no op says, as far as one can. Raises ModuleError.
    """
    try:
        return _spec(_traced(module, inputs, dynamic), module, name or type(module).__name__.lower(), holes)
    except (Unsaid, UnknownSize) as error:
        raise ModuleError(str(error)) from None


def spec_of_program(file: str | os.PathLike[str], holes: bool = False) -> str:
    """The same of the program that a `.pt2` file holds, as it was exported; nothing of the file is run.

    The network is called as the file is. Raises ModuleError, and OSError where the file cannot be read.
    """
    program = read_program(file)
    name = re.sub(r"\W", "_", Path(file).stem, flags=re.ASCII).lower().lstrip("_0123456789") or "program"
    try:
        return _spec(trace_program(program), program.module, name, holes)
    except (Unsaid, UnknownSize) as error:
        raise ModuleError(str(error)) from None


def _spec(traced: Traced, module: torch.nn.Module, name: str, holes: bool) -> str:
    """Raises ModuleError, Unsaid and UnknownSize."""
    names = {
        path: frozenset((*each._modules, *each._parameters, *each._buffers)) for path, each in module.named_modules()
    }
    places = DraftTree(traced, names, _groups(module))
    for path, tensor in module.state_dict(keep_vars=True).items():
        places.keep(path, tensor)
    if told := [*dict.fromkeys(_mistakes(module, places, holes))]:
        raise ModuleError("\n".join(told))
    return written(traced, places, [*module.state_dict()], name, _frozen(module, places))


def _frozen(module: torch.nn.Module, places: DraftTree) -> list[str]:
    """The parameters that are not trained, or a pattern that means all."""
    trained = {path: each.requires_grad for path, each in module.named_parameters()}
    if trained and not any(trained.values()):
        return ["*"]
    return [path for path, each in trained.items() if not each and path in places.held]


def _groups(module: torch.nn.Module) -> TiedPaths:
    paths: defaultdict[int, list[str]] = defaultdict(list)
    for path, tensor in module.state_dict(keep_vars=True).items():
        paths[id(tensor)].append(path)
    return {path: tuple(group) for group in paths.values() if len(group) > 1 for path in group}


def _traced(module: torch.nn.Module, inputs: Sequence[torch.Tensor], dynamic: Collection[str] | None) -> Traced:
    """In evaluation mode, with what training mode has besides, where that can be said; else that is logged.

    Raises ModuleError.
    """
    evaluation = trace(module, inputs, dynamic)
    _check_names(inputs, dynamic or ())
    both = evaluation
    with suppress(ModuleError, UnknownSize):
        both = with_training(evaluation, trace(module, inputs, ("N",), training=True))
    if both is evaluation:
        logging.getLogger("archdsl").warning(
            "`%s` is written as it is in evaluation mode alone: what it does in training mode besides, no op says",
            type(module).__name__,
        )
    return both


def _check_names(inputs: Sequence[torch.Tensor], dynamic: Collection[str]) -> None:
    """Raises ModuleError for a size that no input has."""
    known = dict.fromkeys(axis(each.dim(), place) for each in inputs for place in range(each.dim()))
    if unknown := [name for name in dynamic if name not in known]:
        raise ModuleError(f"{quoted(unknown)}: the inputs have no such size; they have {quoted(known)}")


def classes_of(module: torch.nn.Module) -> dict[str, str]:
    """The classes of modules by path, but for those that only hold others."""
    return {path: type(each).__name__ for path, each in module.named_modules() if not isinstance(each, _HOLDERS)}


_HOLDERS: Final = (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)


def _mistakes(module: torch.nn.Module, places: DraftTree, holes: bool) -> Iterator[str]:
    """What the spec would not have of the module."""
    yield from places.failed
    yield from () if holes else places.stubs
    if not (places.failed or (places.stubs and not holes)):
        for path, tensor in module.named_parameters():
            if tensor.dtype != torch.float32:
                yield f"`{path}` is {tensor.dtype}: parameters are float32 until the network is built"
        for path in sorted(places.owned - {*module.state_dict()}):
            yield f"`{path}` would be a key of the network, and is none of the module"
