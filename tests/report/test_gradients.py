"""Receptive fields of random stacks against the gradient: place by place, borders apart.

The stacks are linear, or positive throughout, and have positive weights. So what answers to an impulse at a place of
the input is what that place has a gradient to, and a batch of impulses gives all gradients at once.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest
import torch
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import interpolate
from torch.overrides import TorchFunctionMode

import archdsl
from archdsl.measures.fields import Field
from archdsl.report.receptive_fields import Fields
from tests.thorough import examples

CHANNELS, HEIGHT, WIDTH = 4, 120, 4
MARGIN = 16
"""So far from the ends of the input, what ops cut off is not missed."""
FAINT = 1e-10
"""What rounding leaves of a weight that is 0."""
Folders: TypeAlias = pytest.TempPathFactory
Op: TypeAlias = dict[str, Any]


@st.composite
def windows(draw: st.DrawFn, op: str) -> Op:
    kernel, gap = draw(st.integers(1, 5)), 1 if op.startswith("avg") else draw(st.integers(1, 3))
    chosen: Op = {"op": op, "kernel_size": [kernel, 1], "stride": [draw(st.integers(1, 4)), 1]}
    chosen["padding"] = [draw(st.integers(0, kernel // 2)), 0]
    if op.startswith(("avg", "max")):
        chosen["ceil_mode"] = draw(st.booleans())
    if op != "conv_transpose2d" and draw(st.integers(0, 3)) == 0:
        chosen["padding"] = "same_upper"
    return chosen | ({} if gap == 1 else {"dilation": [gap, 1]})


@st.composite
def convolutions(draw: st.DrawFn) -> Op:
    chosen = draw(windows("conv2d")) | {"out_channels": CHANNELS, "bias": False}
    chosen["padding_mode"] = draw(st.sampled_from(["zeros", "reflect", "circular", "replicate"]))
    chosen["groups"] = draw(st.sampled_from([1, 1, 1, 2, CHANNELS]))
    if chosen["stride"] == [1, 1] and draw(st.booleans()):
        chosen["padding"] = "same"
    return chosen


@st.composite
def transposed(draw: st.DrawFn) -> Op:
    chosen = draw(windows("conv_transpose2d")) | {"out_channels": CHANNELS, "bias": False}
    most = max(chosen["stride"][0], chosen.get("dilation", [1])[0]) - 1
    return chosen | {"output_padding": [draw(st.integers(0, most)), 0]}


@st.composite
def resized(draw: st.DrawFn) -> Op:
    chosen: Op = {"op": "interpolate"}
    chosen["mode"] = draw(st.sampled_from(["nearest", "nearest-exact", "area", "bilinear"]))
    # where a place lies between two, and no factor of a power of 2 tells which is nearer, rounding decides
    if chosen["mode"].startswith("nearest"):
        chosen["scale_factor"] = [draw(st.sampled_from([2, 4, 8, 0.5, 0.25])), 1]
    elif draw(st.booleans()):
        chosen["scale_factor"] = [draw(st.sampled_from([2, 3, 4, 0.5, 1.5, 0.25, 1.25])), 1]
    else:
        chosen["size"] = [draw(st.integers(60, 200)), WIDTH]
    if chosen["mode"] == "bilinear":
        chosen["align_corners"] = draw(st.booleans())
        chosen["antialias"] = draw(st.booleans())
    return chosen


@st.composite
def cubic(draw: st.DrawFn) -> Op:
    chosen = {"scale_factor": [draw(st.sampled_from([2, 3, 0.5, 1.5, 0.25, 1.25])), 1]}
    flags = {"align_corners": draw(st.booleans()), "antialias": draw(st.booleans())}
    return {"op": "interpolate", "mode": "bicubic"} | chosen | flags


OPS = st.one_of(
    convolutions(),
    convolutions(),
    transposed(),
    windows("avg_pool2d"),
    windows("max_pool2d"),
    resized(),
    st.builds(lambda size: {"op": "adaptive_avg_pool2d", "output_size": [size, WIDTH]}, st.integers(40, 120)),
    st.builds(lambda ends: {"op": "pad", "pad": [0, 0, *ends]}, st.tuples(st.integers(-2, 3), st.integers(-2, 3))),
    st.just({"op": "pixel_shuffle", "upscale_factor": 2}),
    st.just({"op": "pixel_unshuffle", "downscale_factor": 2}),
    st.just({"op": "channel_shuffle", "groups": 2}),
    st.builds(lambda n: {"op": "repeat_interleave", "repeats": n, "dim": 2}, st.integers(2, 3)),
    st.builds(lambda a, s: {"op": "slice", "dim": 2, "start": a, "step": s}, st.integers(0, 2), st.integers(1, 3)),
)
SMOOTH = st.one_of(convolutions(), transposed(), windows("avg_pool2d"), cubic())
"""Without maxima, so that numbers may be negative."""
MIXED = {"op": "conv2d", "out_channels": CHANNELS, "kernel_size": 1, "bias": False}
"""It sums over the channels."""


@st.composite
def stacks(draw: st.DrawFn, ops: st.SearchStrategy[Op]) -> dict[str, Any]:
    """A chain of ops, perhaps with a branch that joins it again."""
    nodes: dict[str, Any] = {"mix": MIXED}
    for i, op in enumerate(draw(st.lists(ops, min_size=1, max_size=5))):
        nodes[f"n{i}"] = op
        if draw(st.integers(0, 5)) == 0:  # what shuffles do to the channels
            nodes[f"mix{i}"] = MIXED
        if draw(st.integers(0, 4)) == 0:
            nodes |= _branches(draw, i, next(reversed(nodes)))
    return {"archdsl": 1, "name": "stack", "inputs": {"x": ["N", CHANNELS, HEIGHT, WIDTH]}, "nodes": nodes}


def _branches(draw: st.DrawFn, i: int, start: str) -> dict[str, Any]:
    """Two windows of which one lies before the place and one may lie behind it."""
    made: dict[str, Any] = {}
    for name in ("left", "right"):
        kernel, before = draw(st.integers(1, 4)), draw(st.integers(0, 3))
        pad = [0, 0, before, kernel - 1 - before]
        made[f"{name}_pad{i}"] = {"op": "pad", "from": start, "pad": pad}
        made[f"{name}{i}"] = MIXED | {"kernel_size": [kernel, 1]}
    return made | {f"join{i}": f"= left{i} + right{i}"}


class Weighed(TorchFunctionMode):
    """Each element that is interpolated is multiplied by a number of its own.

    Cubic weights have both signs and are fractions of small numbers: those of two interpolations in a row cancel
    exactly at some places, which see what they have no gradient to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.numbers = torch.Generator().manual_seed(0)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func is interpolate:
            made *= 0.5 + torch.rand(made.shape[1:], dtype=made.dtype, generator=self.numbers)
        return made


def answers(graph: archdsl.Graph) -> Tensor:
    """What answers to an impulse in each row of the input: how much, (rows, C, H)."""
    module = archdsl.build(graph, dtype=torch.float64, seed=0).eval()
    with torch.no_grad(), Weighed():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1.5)
        impulses = torch.eye(HEIGHT, dtype=torch.float64)[:, None, :, None].expand(-1, CHANNELS, -1, WIDTH)
        made = module(impulses if graph.inputs["x"].types[0].rank == 4 else impulses[..., 0])
    assert isinstance(made, Tensor)
    return made.abs().flatten(3).amax(-1) if made.dim() == 4 else made.abs()


def told(field: Field, axis: int, channel: int, row: int) -> tuple[int, int] | None:
    """What the element of this channel and row is said to see of an axis."""
    seen, place = field.seen[axis], 0
    for parts, index in ((field.dims[1], channel), (field.dims[2], row)):
        left = index
        for part in reversed(parts):
            left, digit = divmod(left, part.size)
            place += digit * part.stride if part.axis == axis else 0
    assert seen.reach is not None
    return seen.reach.at(place)


def flat(spec: dict[str, Any]) -> dict[str, Any]:
    """The same without the width, in one dimension."""
    nodes = {name: _flat(op) if isinstance(op, dict) else op for name, op in spec["nodes"].items()}
    return spec | {"inputs": {"x": ["N", CHANNELS, HEIGHT]}, "nodes": nodes}


def _flat(op: Op) -> Op:
    assume("pixel" not in op["op"] and not op.pop("antialias", False))
    lists = {key: value[0] for key, value in op.items() if isinstance(value, list)}
    lists |= {"pad": op["pad"][2:]} if "pad" in op else {}
    named = {"op": op["op"].replace("2d", "1d")} | ({"mode": "linear"} if op.get("mode") == "bilinear" else {})
    return op | lists | named


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@given(spec=stacks(OPS))
@settings(max_examples=examples(120), deadline=None)
def test_every_place_sees_what_has_a_gradient_to_it(spec: dict[str, Any], tmp_path_factory: Folders) -> None:
    compare(spec, tmp_path_factory)


CUBIC = {"op": "interpolate", "mode": "bicubic"}
CANCELLED = {
    "archdsl": 1,
    "name": "stack",
    "inputs": {"x": ["N", CHANNELS, HEIGHT, WIDTH]},
    "nodes": {
        "finer": CUBIC | {"scale_factor": [1.25, 1]},
        "finest": CUBIC | {"scale_factor": [3, 1], "antialias": True},
    },
}
"""The weights of its row 71 add up to 0 in row 21 of the input."""


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@example(spec=CANCELLED)
@given(spec=stacks(SMOOTH))
@settings(max_examples=examples(30), deadline=None)
def test_cubic_interpolation(spec: dict[str, Any], tmp_path_factory: Folders) -> None:
    compare(spec, tmp_path_factory)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@given(spec=stacks(OPS).map(flat))
@settings(max_examples=examples(30), deadline=None)
def test_one_dimension(spec: dict[str, Any], tmp_path_factory: Folders) -> None:
    compare(spec, tmp_path_factory)


def compare(spec: dict[str, Any], tmp_path_factory: Folders) -> None:
    """Each element away from the borders sees from the first to the last place that it answers to."""
    graph = graph_of(spec, tmp_path_factory)
    (output,) = graph.outputs.values()
    fields = Fields(graph, graph.sample_sizes)
    field = fields.found[output.node, 0]
    assume(field.seen[0].reach is not None)
    made = answers(graph)
    inner = 0
    spans = set()
    for channel in range(made.shape[1]):
        for row in range(made.shape[2]):
            hull = told(field, 0, channel, row)
            seen = (made[:, channel, row] > FAINT).nonzero().flatten().tolist()
            if hull is None:
                assert not seen
            elif hull[0] >= MARGIN and hull[1] < HEIGHT - MARGIN:
                assert (seen[0], seen[-1]) == hull
                spans.add(len(range(*hull)) + 1)
                inner += 1
    event(f"ops: {len(spec['nodes'])}, inner elements: {min(inner, 1)}")
    assume(spans)
    if field.seen[0].reach and inner >= made.shape[1] * len(field.seen[0].reach.hulls):
        assert fields.text(output).split("×")[0] == str(max(spans))


def graph_of(spec: dict[str, Any], folders: Folders) -> archdsl.Graph:
    file = folders.mktemp("stack") / "net.yaml"
    file.write_text(json.dumps(spec), "utf-8")
    try:
        return archdsl.graph(file)
    except archdsl.SpecError:
        assume(False)
        raise
