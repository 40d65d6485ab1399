"""What a summary says of memory, against what torch keeps and holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.report import Summary
from tests.report.measuring import inputs_at, kept_bytes, peak_bytes

KEPT_TOLERANCE = 0.01
PEAK_TOLERANCE = 0.02
TOTAL_TOLERANCE = 0.15
"""Of inference as a whole, where variables of the generated Python hold tensors longer than they are read."""
HELD_LONGER = ("densenet121", "detr_resnet50", "gru", "lstm", "resnet18", "resnet50", "shufflenet_v2_x1_0")
HELD_LONGER += ("swin_t", "swin_v2_t", "t5_small", "transformer", "vit_b_16", "convnext_tiny")

# On the meta device what has no attention, which is another there; parameters and sizes make the others small.
CONVOLUTIONAL: dict[str, dict[str, Any]] = {
    "alexnet": {},
    "densenet121": {},
    "efficientnet_b0": {},
    "googlenet": {},
    "mobilenet_v2": {},
    "mobilenet_v3_small": {},
    "resnet18": {},
    "resnet50": {},
    "shufflenet_v2_x1_0": {},
    "vgg16": {},
}
OTHERS: dict[str, dict[str, Any]] = {
    "bert_base_uncased": {"num_layers": 2},
    "convnext_tiny": {"sizes": {"H": 64, "W": 64}},
    "detr_resnet50": {"sizes": {"H": 128, "W": 128}},
    "gpt2": {"n_layer": 2},
    "gru": {},
    "llama_3_8b": {"num_layers": 1, "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 512},
    "lstm": {},
    "maxvit_t": {},
    "mixtral_8x7b": {"num_layers": 1, "vocab_size": 100, "hidden_size": 64, "intermediate_size": 128},
    "swin_t": {},
    "swin_v2_t": {},
    "t5_small": {},
    "transformer": {},
    "vgg16": {"sizes": {"H": 64, "W": 64}},
    "vit_b_16": {"num_layers": 2},
}
QUICK = ("resnet18", "mobilenet_v2", "densenet121", "lstm", "vit_b_16", "transformer")
CASES = [
    pytest.param(name, device, params, id=f"{name}-{device}", marks=[] if name in QUICK else pytest.mark.slow)
    for device, cases in (("meta", CONVOLUTIONAL), ("cpu", OTHERS))
    for name, params in cases.items()
]


@pytest.mark.parametrize(("name", "device", "params"), CASES)
def test_against_torch(name: str, device: str, params: dict[str, Any]) -> None:
    graph = archdsl.graph(name, **params)
    summary = archdsl.summary(graph, batch=2)
    module = archdsl.build(graph, device=device, init=False)
    sizes = graph.sample_sizes | {"N": 2}
    inputs = inputs_at(graph, sizes, device)
    memory = summary.memory
    kept = kept_bytes(module, inputs)
    assert memory.training.activations == pytest.approx(kept, rel=KEPT_TOLERANCE)
    peak, found = peak_bytes(module, inputs), memory.inference.activations
    if name in HELD_LONGER:
        assert (1 - TOTAL_TOLERANCE) * (memory.inference.total - found + peak) < memory.inference.total
        assert found < (1 + PEAK_TOLERANCE) * peak
    else:
        assert found == pytest.approx(peak, rel=PEAK_TOLERANCE)
    assert memory.inference.parameters == sum(p.nbytes for p in module.parameters())
    assert memory.inference.buffers == sum(b.nbytes for b in module.buffers())


RECURRENT = """\
archdsl: 1
name: recurrent
inputs: {{x: [N, T = 20, 32]}}
nodes:
  layer: {{op: {op}, hidden_size: 48, num_layers: 2, batch_first: true}}
outputs: {{y: layer.output}}
"""


@pytest.mark.parametrize(("op", "tolerance"), [("lstm", 0), ("gru", 0), ("rnn", 0.05)])
def test_recurrent_layers_without_vendor_kernels(tmp_path: Path, op: str, tolerance: float) -> None:
    """The vendors' kernels keep a workspace of their own beside what the equations need."""
    summary = summarise(tmp_path, RECURRENT.format(op=op), batch=4)
    module = archdsl.build(summary.graph)
    inputs = inputs_at(summary.graph, summary.graph.sample_sizes | {"N": 4}, "cpu")
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        kept = kept_bytes(module, inputs)
    finally:
        torch._C._set_mkldnn_enabled(before)
    assert summary.memory.training.activations == pytest.approx(kept, rel=tolerance)


def summarise(folder: Path, text: str, **options: Any) -> Summary:
    (folder / "net.yaml").write_text(text)
    return archdsl.summary(folder / "net.yaml", **options)


VIEWS = """\
archdsl: 1
name: views
inputs: {x: [N, 8, H = 16, W = 16]}
nodes:
  conv: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  relu: relu
  drop: {op: dropout, p: 0.5}
  last: {op: permute, dims: [0, 2, 3, 1]}
  view: {op: flatten, start_dim: 1, end_dim: 2}
  copy: {op: flatten, from: turned}
  turned: {op: transpose, from: view, dim0: 1, dim1: 2}
  add: = copy + 1
"""
MAP = 8 * 16 * 16 * 4


def test_views_and_what_is_overwritten_are_no_new_memory(tmp_path: Path) -> None:
    text = VIEWS.replace("  copy: {op: flatten, from: turned}\n", "").replace("copy + 1", "turned + 1")
    written = {row.path: row.memory for row in summarise(tmp_path, text).rows}
    assert written == {
        "conv": MAP, "relu": 0, "drop": 0, "last": 0, "view": 0, "turned": 0, "add": MAP,
    }  # fmt: skip


COPIES = """\
archdsl: 1
name: copies
inputs: {x: [N, 6, 4]}
nodes:
  turned: {op: transpose, dim0: 1, dim1: 2}
  flat: {op: flatten}
"""


def test_a_reshape_that_cannot_be_a_view_is_a_copy(tmp_path: Path) -> None:
    written = {row.path: row.memory for row in summarise(tmp_path, COPIES).rows}
    assert written == {"turned": 0, "flat": 6 * 4 * 4}


LIVES = """\
archdsl: 1
name: lives
inputs: {x: [N, 100]}
nodes:
  wide: {op: linear, out_features: 1000, bias: false}
  narrow: {op: linear, out_features: 10, bias: false}
  skip: {op: linear, from: x, out_features: 500, bias: false}
  join: {op: cat, from: [narrow, skip], dim: 1}
"""


def test_a_tensor_lives_until_its_last_reader_has_run(tmp_path: Path) -> None:
    """`wide` and `narrow` are the most, and `wide` is gone before `skip` and `join` come."""
    memory = summarise(tmp_path, LIVES).memory
    assert memory.inference.activations == max(1000 + 10, 10 + 500 + 510) * 4
    assert memory.inference.inputs == 400


def test_totals_add_up_and_follow_batch_and_dtype() -> None:
    one, many = archdsl.summary("mobilenet_v2").memory, archdsl.summary("mobilenet_v2", batch=8).memory
    half = archdsl.summary("mobilenet_v2", batch=8, dtype="bfloat16").memory
    parameters = 3_504_872 * 4
    assert one.inference.parameters == many.training.gradients == 2 * half.training.parameters == parameters
    assert one.training.optimiser == 2 * parameters
    assert many.inference.activations == 8 * one.inference.activations == 2 * half.inference.activations
    assert many.training.activations == pytest.approx(8 * one.training.activations, rel=0.01)
    inference, training = one.inference, one.training
    assert inference.total == inference.parameters + inference.buffers + inference.activations + inference.inputs
    assert training.total == 4 * parameters + training.buffers + training.activations
    # what counts the batches is a whole number, whatever the dtype
    assert one.inference.buffers - 52 * 8 == 2 * (half.inference.buffers - 52 * 8)


def test_training_keeps_every_step_of_a_loop_and_inference_one(tmp_path: Path) -> None:
    short, long = (archdsl.summary("elman_rnn", sizes={"T": steps}).memory for steps in (10, 40))
    assert long.training.activations > 3 * short.training.activations
    rows = {row.path: row for row in archdsl.summary("elman_rnn", sizes={"T": 10}).rows}
    assert rows["l0.from_h"].memory == 10 * 150 * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "batch is at least 1, found 0"),
        ({"dtype": "int8"}, "dtype is one of float16, bfloat16, float32, float64, found int8"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        archdsl.summary("lenet5", **options)


def test_half_a_sample_is_no_batch() -> None:
    with pytest.raises(TypeError, match=r"batch is a whole number, found 2\.5"):
        archdsl.summary("lenet5", batch=2.5)  # type: ignore[arg-type]


def test_a_fixed_batch_cannot_be_set(tmp_path: Path) -> None:
    text = "archdsl: 1\nname: fixed\ninputs: {x: [4, 3]}\nnodes: [relu]\n"
    with pytest.raises(ValueError, match="`fixed` has a batch of a fixed size"):
        summarise(tmp_path, text, batch=2)
    assert summarise(tmp_path, text).memory.inference.inputs == 48


ATTENTION = """\
archdsl: 1
name: attention
inputs: {{x: [N, 2, T = 64, 16]}}
nodes:
  q: {{op: linear, out_features: 16, bias: false}}
  k: {{op: linear, from: x, out_features: 16, bias: false}}
  v: {{op: linear, from: x, out_features: 16, bias: false}}
  y: {{op: scaled_dot_product_attention, from: {{query: q, key: k, value: v}}{fields}}}
"""


@pytest.mark.parametrize("fields", ["", ", is_causal: true", ", scale: 0.5"])
def test_fused_attention_holds_no_weights(tmp_path: Path, fields: str) -> None:
    """It keeps the linears' input, query, key, value, output and a number a row; 64 × 64 weights are none of it."""
    graph = archdsl.graph(_written(tmp_path, ATTENTION.format(fields=fields)))
    module = archdsl.build(graph)
    kept = kept_bytes(module, inputs_at(graph, graph.sample_sizes | {"N": 2}, "cpu"))
    one, rows = 2 * 2 * 64 * 16 * 4, 2 * 2 * 64 * 4
    assert archdsl.summary(graph, batch=2).memory.training.activations == kept == 5 * one + rows


@pytest.mark.parametrize("dtype", ["bool", "float32"])
@pytest.mark.parametrize("shape", ["[T, T]", "[N, 1, T, T]", "[N, 2, T, T]", "[N, 1, 1, T]"])
def test_fused_attention_holds_its_mask(tmp_path: Path, shape: str, dtype: str) -> None:
    """As numbers: a boolean one is copied for that, in evaluation too."""
    text = ATTENTION.format(fields="").replace("value: v}", "value: v, attn_mask: m}")
    text = text.replace("16]}\n", f"16], m: {{shape: {shape}, dtype: {dtype}}}}}\n").replace(
        "linear,", "linear, from: x,", 1
    )
    graph = archdsl.graph(_written(tmp_path, text))
    module = archdsl.build(graph)
    inputs = inputs_at(graph, graph.sample_sizes | {"N": 2}, "cpu")
    memory = archdsl.summary(graph, batch=2).memory
    assert memory.training.activations == kept_bytes(module, inputs)
    rows = 2 * 2 * 64 * 4
    assert memory.inference.activations == peak_bytes(module, inputs) - rows


def _written(folder: Path, text: str) -> Path:
    file = folder / "net.yaml"
    file.write_text(text)
    return file
