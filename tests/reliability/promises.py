"""What must work wherever `check` says ok: each promise raises `Broken`, or what torch raised."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
import warnings
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.diagnostics.diagnostic import Severity
from archdsl.ir.graph import Graph, Item, Mode
from archdsl.shapes import evaluate
from archdsl_torch.runtime import PACKAGE
from tests.compiler import interpreter
from tests.compiler.test_differential import keys, named
from tests.reliability.torchs_refusals import one_value, pickle_refuses

TOLERANCE = 1e-7


class Broken(AssertionError):
    """A promise that was not kept."""


class Pass(NamedTuple):
    """One forward and backward: outputs, and the gradients of inputs and parameters."""

    outputs: dict[str, Tensor | None]
    gradients: list[Tensor | None]


def accepted(file: Path, sizes: Mapping[str, int] | None = None) -> bool:
    """Whether `check` says ok."""
    return not any(found.severity is Severity.ERROR for found in archdsl.check(file, sizes=sizes))


def numbers(file: Path) -> int:
    """Outputs, gradients, statistics and source against the oracle. Returns how many passes were compared."""
    graph = archdsl.graph(file)
    text = archdsl.source(graph)
    module = archdsl.build(graph, seed=0, dtype=torch.float64)
    with warnings.catch_warnings():
        # torch's own remarks, of padding to even sizes and the like
        warnings.simplefilter("ignore")
        require([*module.state_dict()] == keys(graph.root), "the state_dict's keys are not the graph's paths")
        require(sum(p.numel() for p in module.parameters()) == graph.parameters, "the count of parameters")
        printed = from_source(text, module)
        passes = 0
        for sizes in trials(file, graph):
            for training in (False, True):
                passes += _compare(graph, module, printed, sizes, training)
        on_meta(graph, module)
        counted(graph)
        widths(file, type(module))
    forget()
    return passes


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


def trials(file: Path, graph: Graph) -> Iterator[dict[str, int]]:
    """Batches of 1, 2 and 3 where `check` takes them, else the sample's own; and other sizes, where it takes those."""
    named = "N" in graph.sample_sizes
    batches = [{"N": batch} for batch in (2, 1, 3) if named and accepted(file, {"N": batch})] or [{}]
    yield from batches
    others = {name: size + 3 for name, size in graph.sample_sizes.items() if name != "N"}
    if others and accepted(file, larger := {**batches[0], **others}):
        yield larger


def _compare(graph: Graph, module: nn.Module, printed: nn.Module, sizes: dict[str, int], training: bool) -> int:
    """Module, printed source and oracle compute the same; 0 where torch refuses, as it must."""
    module.train(training)
    interpreter.check_trained(graph, module)
    interpreter.check_trained(graph, printed)
    refused = one_value(graph, sizes, training)
    if refused is not None:
        _must_refuse(graph, module, sizes, refused.path)
        return 0
    before = copy.deepcopy(module.state_dict())
    torch.default_generator.manual_seed(3)
    oracle: list[interpreter.Run] = []
    expected = run(graph, sizes, module, lambda inputs: _oracle(graph, module, inputs, oracle))
    torch.default_generator.manual_seed(3)
    found = run(graph, sizes, module, lambda inputs: named(module(*inputs.values()), graph))
    where = f"at {sizes}, {'training' if training else 'evaluation'}"
    same_pass(found, expected, where)
    state = module.state_dict()
    for name, value in state.items():
        close(value, oracle[0].state[name], f"`{name}` afterwards {where}")
    printed.load_state_dict(before)
    printed.train(training)
    torch.default_generator.manual_seed(3)
    same_pass(
        run(graph, sizes, printed, lambda inputs: named(printed(*inputs.values()), graph)), found, f"printed {where}"
    )
    module.load_state_dict(before)
    return 1


def _oracle(graph: Graph, module: nn.Module, inputs: dict[str, Tensor], seen: list[interpreter.Run]) -> Any:
    seen.append(interpreter.Run(graph, module, inputs))
    return seen[0].outputs()


def _must_refuse(graph: Graph, module: nn.Module, sizes: Mapping[str, int], path: str) -> None:
    try:
        module(*interpreter.draw(graph, sizes).values())
    except ValueError as error:
        require("more than 1" in str(error), f"torch refuses `{path}` otherwise: {error}")
    else:
        raise Broken(f"torch takes one value per channel at `{path}`")


def run(graph: Graph, sizes: Mapping[str, int], module: nn.Module, forward: Any) -> Pass:
    """Outputs, and gradients of a sum with fixed weights."""
    drawn = interpreter.draw(graph, sizes)
    inputs = {name: x.clone().requires_grad_(x.is_floating_point()) for name, x in drawn.items()}
    outputs: dict[str, Tensor | None] = forward(dict(inputs))
    for name, x in inputs.items():
        require(torch.equal(x, drawn[name]), f"the input `{name}` was written into")
    wanted = [x for x in (*inputs.values(), *module.parameters()) if x.requires_grad]
    made = [x for x in outputs.values() if x is not None and x.requires_grad and x.is_floating_point()]
    if not made or not wanted:
        return Pass(outputs, [])
    total = sum((x.double() * weights(x)).sum() for x in made)
    gradients = torch.autograd.grad(total, wanted, allow_unused=True)  # type: ignore[arg-type]
    return Pass(outputs, [*gradients])


def weights(x: Tensor) -> Tensor:
    return torch.arange(1, x.numel() + 1, dtype=torch.float64).cos().view(x.shape)


def same_pass(found: Pass, expected: Pass, where: str) -> None:
    require([*found.outputs] == [*expected.outputs], f"the outputs' names {where}")
    for name, right in expected.outputs.items():
        left = found.outputs[name]
        if right is None or left is None:
            require(left is right, f"`{name}` is there in the wrong mode {where}")
            continue
        close(left, right, f"output `{name}` {where}")
    for place, (left, right) in enumerate(zip(found.gradients, expected.gradients, strict=True)):
        zero = next((x for x in (left, right) if x is not None), None)
        if zero is not None:
            close(*(torch.zeros_like(zero) if x is None else x for x in (left, right)), f"gradient {place} {where}")


def close(left: Tensor, right: Tensor, what: str) -> None:
    """Equal shapes, and numbers that differ by less than a tiny part of the tensor's largest."""
    require(left.shape == right.shape, f"{what}: {tuple(left.shape)}, not {tuple(right.shape)}")
    a, b = left.detach().double(), right.detach().double()
    finite = b[b.isfinite()]
    scale = max(1.0, float(finite.abs().max())) if finite.numel() else 1.0
    if not torch.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True):
        raise Broken(f"{what}: {a.flatten()[:6].tolist()}, not {b.flatten()[:6].tolist()}")


# --- other forms ------------------------------------------------------------------------------------


def from_source(text: str, module: nn.Module) -> nn.Module:
    """The printed file's network with the module's weights, made in an empty namespace."""
    space: dict[str, Any] = {"__name__": "printed"}
    exec(compile(text, "printed.py", "exec"), space)
    made: nn.Module = space[type(module).__name__]().double()
    require([*made.state_dict()] == [*module.state_dict()], "the printed source has other keys")
    made.load_state_dict(module.state_dict())
    kept = dict(made.named_buffers())
    for name, buffer in module.named_buffers():
        require(name in kept, f"the printed source lacks the buffer `{name}`")
        close(kept[name], buffer, f"buffer `{name}` of the printed source")
    return made


def widths(file: Path, printed: type[nn.Module]) -> int:
    """A class with another width of its last layer, or without it, computes what the spec says of that.

    Returns how many passes were compared.
    """
    compared = 0
    for name, width in product(inspect.signature(printed).parameters, (5, 0)):
        try:
            graph = archdsl.graph(file, **{name: width})
        except archdsl.SpecError:  # a layer of no width, where nothing leaves it out
            continue
        module = archdsl.build(graph, seed=0, dtype=torch.float64)
        other = printed(**{name: width}).double()
        require([*other.state_dict()] == [*module.state_dict()], f"with {name}={width} the class has other keys")
        other.load_state_dict(module.state_dict())
        for training in (False, True):
            if one_value(graph, {}, training) is None:
                same_pass(seeded(graph, other, training), seeded(graph, module, training), f"with {name}={width}")
                compared += 1
    return compared


def seeded(graph: Graph, module: nn.Module, training: bool) -> Pass:
    """A pass at the sample sizes, with numbers that are drawn again."""
    module.train(training)
    torch.default_generator.manual_seed(3)
    return run(graph, {}, module, lambda inputs: named(module(*inputs.values()), graph))


def on_meta(graph: Graph, module: nn.Module) -> None:
    """Built and run without numbers, it has the same tensors and makes the inferred shapes."""
    other = archdsl.build(graph, device="meta")
    shapes = {name: x.shape for name, x in module.state_dict().items()}
    require({name: x.shape for name, x in other.state_dict().items()} == shapes, "meta has other tensors")
    other.eval()
    if one_value(graph, {}, False) is not None:
        return
    outputs = named(other(*meta_inputs(graph)), graph)
    known = graph.sample_sizes
    for name, value in graph.outputs.items():
        if graph.output_modes.get(name) is Mode.TRAINING:
            continue
        made = outputs[name]
        require(made is not None, f"`{name}` is None")
        assert made is not None
        expected = tuple(evaluate(dim, known) for dim in value.type.shape)
        require(tuple(made.shape) == expected, f"`{name}` is {tuple(made.shape)} on meta, {expected} in the graph")
        require(
            str(made.dtype) == f"torch.{value.type.dtype}", f"`{name}` is {made.dtype}, {value.type.dtype} in the graph"
        )


def meta_inputs(graph: Graph) -> list[Tensor]:
    """The inputs at the sample sizes, without numbers, in the dtypes that the spec says."""
    types = [node.types[0] for node in graph.inputs.values()]
    shapes = [[evaluate(dim, graph.sample_sizes) for dim in x.shape] for x in types]
    return [torch.empty(s, dtype=getattr(torch, x.dtype), device="meta") for s, x in zip(shapes, types, strict=True)]


def copies(file: Path) -> None:
    """deepcopy, pickle and a state_dict's way there and back, also from the names that nodes had before."""
    graph = archdsl.graph(file)
    module = archdsl.build(graph, seed=0, dtype=torch.float64).eval()
    sizes: dict[str, int] = {}
    if one_value(graph, sizes, False) is not None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = interpreter.draw(graph, sizes)
        expected = named(module(*(x.clone() for x in drawn.values())), graph)
        fresh = archdsl.build(graph, seed=1, dtype=torch.float64).eval()
        fresh.load_state_dict(module.state_dict())
        older = archdsl.build(graph, seed=2, dtype=torch.float64).eval()
        older.load_state_dict(under_earlier_names(graph, module.state_dict()))
        forms = {"deepcopy": copy.deepcopy(module), "state_dict": fresh, "state_dict of earlier names": older}
        if pickle_refuses(graph):
            with pytest.raises(RuntimeError, match="parametrized"):
                pickle.dumps(module)
        else:
            forms["pickle"] = pickle.loads(pickle.dumps(module))
        for form, other in forms.items():
            found = named(other(*(x.clone() for x in drawn.values())), graph)
            same_pass(Pass(found, []), Pass(expected, []), form)
    forget()


def under_earlier_names(graph: Graph, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as they were called when every node still had the name that its `was` says."""
    renamed: dict[str, str] = {}
    for node in graph.nodes:
        parts, item = [], cast("Item | None", node)
        while item is not None and item.scope is not None:
            parts.append(item.was or item.name)
            item = item.scope
        for name in node.tensors:
            renamed[".".join(filter(None, (node.path, name)))] = ".".join(filter(None, (*reversed(parts), name)))
    return {renamed.get(name, name): value for name, value in state.items()}


def counted(graph: Graph) -> None:
    """MACs as torch counts them."""
    if not COUNTED.issuperset(node.op.name for node in graph.nodes if node.macs != 0):
        return
    # torch's counter asks a view of a parameter for its gradient, which there is none of here
    module = archdsl.build(graph, device="meta").eval().requires_grad_(False)
    if one_value(graph, {}, False) is not None:
        return
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*meta_inputs(graph))
    # at the sample sizes, as torch counted, and not for a batch of one
    running = (node for node in graph.nodes if node.when is not Mode.TRAINING)
    macs = sum(evaluate(node.macs, graph.sample_sizes) for node in running)
    require(2 * macs == counter.get_total_flops(), f"{macs} MACs, torch {counter.get_total_flops() / 2}")


COUNTED = frozenset((
    *(f"conv{n}d" for n in (1, 2, 3)), *(f"conv_transpose{n}d" for n in (1, 2, 3)), "linear", "bmm",
    "multihead_attention", "scaled_dot_product_attention",
))  # fmt: skip
"""The ops whose products torch's counter sees."""


def forget() -> None:
    """A long run makes many classes; none is needed twice."""
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
        del sys.modules[name]
