"""The module in torch's other forms, and the spec as figure, summary and difference: each works, and gives the same."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import archdsl
from archdsl.formats import FORMATS
from archdsl.ir.graph import Graph, Scope
from tests.compiler import interpreter
from tests.compiler.test_differential import named
from tests.reliability.promises import Pass, forget, require, same_pass
from tests.reliability.torchs_refusals import fx_refuses, one_value

Form = Callable[[nn.Module, tuple[Tensor, ...]], Callable[..., Any]]


def traced(file: Path) -> list[str]:
    """`torch.export`, `export.save`, `fx`, `torch.compile` compute what the module does; returns what torch refused."""
    graph = archdsl.graph(file)
    module = archdsl.build(graph, seed=0, dtype=torch.float64).eval()
    if one_value(graph, {}, False) is not None:
        return ["one value per channel"]
    inputs = tuple(interpreter.draw(graph).values())
    refused = []
    with warnings.catch_warnings(), recurrent_layers_compiled():
        warnings.simplefilter("ignore")
        expected = named(module(*copied(inputs)), graph)
        for name, form in FORMS.items():
            if name == "fx" and (why := fx_refuses(graph)):
                refused.append(why)
                continue
            found = named(form(module, inputs)(*copied(inputs)), graph)
            same_pass(Pass(found, []), Pass(expected, []), name)
    torch._dynamo.reset()
    forget()
    return refused


def copied(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(x.clone() for x in inputs)


@contextmanager
def recurrent_layers_compiled() -> Iterator[None]:
    """What docs/reliability.md says that `rnn`, `lstm` and `gru` need."""
    before = torch._dynamo.config.allow_rnn
    torch._dynamo.config.allow_rnn = True
    yield
    torch._dynamo.config.allow_rnn = before


def _exported(module: nn.Module, inputs: tuple[Tensor, ...]) -> Callable[..., Any]:
    return torch.export.export(module, copied(inputs)).module()


def _saved(module: nn.Module, inputs: tuple[Tensor, ...]) -> Callable[..., Any]:
    file = io.BytesIO()
    torch.export.save(torch.export.export(module, copied(inputs)), file)
    file.seek(0)
    return torch.export.load(file).module()


def _symbolic(module: nn.Module, inputs: tuple[Tensor, ...]) -> Callable[..., Any]:
    return torch.fx.symbolic_trace(module)


def _compiled(module: nn.Module, inputs: tuple[Tensor, ...]) -> Callable[..., Any]:
    return torch.compile(module, fullgraph=True, backend="eager")


FORMS: dict[str, Form] = {"export": _exported, "export.save": _saved, "fx": _symbolic, "compile": _compiled}


def shown(file: Path, folder: Path) -> None:
    """A summary, a figure in every format, and no difference from itself."""
    graph = archdsl.graph(file)
    text = str(archdsl.summary(graph))
    require(graph.name in text, "the summary does not name the network")
    for format in FORMATS:
        figure = archdsl.draw(graph, folder / f"figure.{format}")
        require(figure.stat().st_size > 0, f"an empty {format}")
    difference = archdsl.diff(graph, archdsl.graph(file))
    require(not difference, f"the network differs from itself: {difference}")
    str(difference)
    difference.json()


def loops(graph: Graph) -> list[Scope]:
    """The loops over time."""
    scopes: list[Scope] = []
    waiting = [graph.root]
    while waiting:
        scope = waiting.pop()
        scopes += [scope] if scope.scan is not None else []
        waiting += [child for child in scope.children.values() if isinstance(child, Scope)]
    return scopes
