"""The recurrent networks: equal to torch's own layers, or to their papers' equations in plain loops.

They are compared at small sizes, in float64: keys, outputs, and the gradients of every parameter and input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.ir.graph import Node, ScopeKind
from tests.elaboration.support import graph_of
from tests.references.parity import assert_same_pass, fill, layout
from tests.specs.translators import REFERENCES, SMALL, SOURCE, TARGET, flat, sentences, words

LAYERS = {"elman_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
TRANSLATORS = ("seq2seq", "seq2seq_bahdanau", "seq2seq_luong")


class Flat(nn.Module):
    """One of torch's layers, its outputs in one tuple."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return flat(self.layer(x))

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        return self.layer.state_dict(*args, **kwargs)

    def named_parameters(self, *args: Any, **kwargs: Any) -> Any:
        return self.layer.named_parameters(*args, **kwargs)


def twins(name: str, reference: nn.Module, **params: Any) -> tuple[nn.Module, nn.Module]:
    """A network of ours and its reference with the same telling values, keys compared."""
    ours = archdsl.build(name, seed=0, **params).double()
    reference.double()
    assert layout(ours) == layout(reference)
    fill(reference, seed=7)
    ours.load_state_dict(reference.state_dict())
    return ours, reference


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


# --- layers of cells ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("num_layers", "bidirectional"), [(1, False), (3, False), (1, True), (2, True)])
def test_layers_of_cells_are_torchs_layers(name: str, num_layers: int, bidirectional: bool) -> None:
    sizes = {"input_size": 5, "hidden_size": 6, "num_layers": num_layers, "bidirectional": bidirectional}
    ours, theirs = twins(name, Flat(LAYERS[name](**sizes, batch_first=True)), **sizes)
    for training, steps in ((True, 7), (False, 1)):
        assert_same_pass(ours, theirs, noise(3, steps, 5), training=training)


@pytest.mark.parametrize("name", LAYERS)
def test_initial_values_are_torchs(name: str) -> None:
    """Uniform up to 1 / sqrt(hidden_size)."""
    ours = archdsl.build(name, seed=0, input_size=40, hidden_size=100, num_layers=1)
    for tensor in ours.parameters():
        assert tensor.abs().max() <= 0.1
        assert abs(tensor.std().item() - 0.1 / 3**0.5) < 0.01


def test_dropout_is_between_the_layers() -> None:
    sizes = {"input_size": 5, "hidden_size": 6, "num_layers": 2}
    ours, theirs = twins("lstm", Flat(nn.LSTM(**sizes, batch_first=True)), **sizes, dropout=0.9)
    x = noise(3, 4, 5)
    assert_same_pass(ours, theirs, x, training=False)
    first, second = ours.train()(x), ours(x)
    assert not torch.equal(first.output, second.output)
    assert torch.equal(first.h_n[0], second.h_n[0])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_the_cell_as_a_graph_is_the_fused_op(tmp_path: Path, name: str, bidirectional: bool) -> None:
    op = name.removeprefix("elman_")
    text = f"""
inputs: {{x: [N, T = 6, 5]}}
nodes:
  drawn: {{op: spec.{name}, input_size: 5, hidden_size: 4, num_layers: 2, bidirectional: {str(bidirectional).lower()}}}
  fused:
    {{op: {op}, from: x, hidden_size: 4, num_layers: 2, batch_first: true, bidirectional: {str(bidirectional).lower()}}}
outputs: {{drawn: drawn.output, fused: fused.output, h_drawn: drawn.h_n, h_fused: fused.h_n}}
"""
    graph = graph_of(tmp_path, text)
    model = archdsl.build(graph, seed=0, dtype=torch.float64)
    model.fused.load_state_dict(model.drawn.state_dict())
    found = model(noise(3, 6, 5))
    torch.testing.assert_close(found.drawn, found.fused, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.h_drawn, found.h_fused, rtol=0, atol=1e-12)
    drawn, fused = ([n for n in graph.nodes if n.path.startswith(part)] for part in ("drawn", "fused"))
    assert sum(n.parameters for n in drawn) == sum(n.parameters for n in fused)
    for macs in (macs_of(drawn, graph.sample_sizes), macs_of(fused, graph.sample_sizes)):
        gates = {"elman_rnn": 1, "lstm": 4, "gru": 3}[name]
        sides = 2 if bidirectional else 1
        assert macs == 6 * sides * gates * 4 * ((5 + 4) + (sides * 4 + 4))


def macs_of(nodes: list[Node], sizes: Mapping[str, int]) -> int:
    from archdsl.shapes import evaluate

    return sum(evaluate(node.macs, sizes) for node in nodes)


def test_the_cell_is_a_graph_of_primitives() -> None:
    graph = archdsl.graph("lstm", num_layers=1)
    (loop,) = (scope for scope in graph.root.children.values() if getattr(scope, "scan", None) is not None)
    assert loop.kind is ScopeKind.BLOCK
    ops = {node.op.name for node in loop.nodes()}
    assert ops == {"linear", "formula", "chunk", "scan_slice", "scan_carry", "scan_stack", "scan_last"}


# --- a tagger -------------------------------------------------------------------------------------


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SOURCE, 7)
        self.lstm = nn.LSTM(7, 6, num_layers=2, batch_first=True, bidirectional=True)
        self.tags = nn.Linear(12, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.tags(self.lstm(self.embedding(tokens))[0])


def test_tagger() -> None:
    params = {"vocab_size": SOURCE, "embedding_dim": 7, "hidden_size": 6, "num_tags": 5}
    ours, theirs = twins("bilstm_tagger", Tagger(), **params)
    for training in (True, False):
        assert_same_pass(ours, theirs, words(SOURCE, 3, 9), training=training)
    assert archdsl.build("bilstm_tagger", device="meta").tags.weight.shape == (45, 600)


def translator(name: str) -> tuple[nn.Module, nn.Module]:
    reference, params = REFERENCES[name]
    return twins(name, reference(), **SMALL, **params)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_translators_are_their_equations(name: str) -> None:
    ours, theirs = translator(name)
    for training, sizes in ((True, {}), (False, {"source": 1 + 3, "target": 8})):
        assert_same_pass(ours, theirs, *sentences(name, **sizes), training=training)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_later_words_change_nothing_before_them(name: str) -> None:
    ours, _ = translator(name)
    *source, target = sentences(name)
    changed = torch.cat([target[:, :3], (target[:, 3:] + 1) % TARGET], 1)
    found, other = (flat(ours(*source, given))[0] for given in (target, changed))
    torch.testing.assert_close(found[:, :3], other[:, :3], rtol=0, atol=0)
    assert not torch.allclose(found[:, 3:], other[:, 3:])


def test_padding_changes_nothing() -> None:
    ours, _ = translator("seq2seq_bahdanau")
    source, mask, target = sentences("seq2seq_bahdanau")
    changed = torch.where(mask, source, (source + 1) % SOURCE)
    assert not torch.equal(source, changed)
    for found, other in zip(ours(source, mask, target), ours(changed, mask, target), strict=True):
        assert torch.equal(found, other)
    attention = ours(source, mask, target).attention
    torch.testing.assert_close(attention.sum(-1), torch.ones(3, 5, dtype=torch.float64))
    assert not attention[~mask[:, None].expand_as(attention)].any()


@pytest.mark.filterwarnings("ignore:The tensor attribute:UserWarning")  # torch's own, of nn.LSTM
@pytest.mark.parametrize("name", ["bilstm_tagger", *TRANSLATORS])
def test_export_and_compile(name: str) -> None:
    if name == "bilstm_tagger":
        model = archdsl.build(name, vocab_size=SOURCE, hidden_size=6).eval()
        inputs: tuple[Tensor, ...] = (words(SOURCE, 3, 6),)
    else:
        model, inputs = archdsl.build(name, **SMALL, **REFERENCES[name][1]).eval(), sentences(name)
    expected = flat(model(*inputs))
    exported = torch.export.export(model, inputs).module()
    # torch traces its own layers only where it is told to; loops it always does
    with torch._dynamo.config.patch(allow_rnn=True):
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        for run in (compiled, exported):
            for found, value in zip(flat(run(*inputs)), expected, strict=True):
                torch.testing.assert_close(found, value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_what_is_made_while_running_has_the_dtype_of_the_weights(dtype: torch.dtype) -> None:
    model = archdsl.build("seq2seq_bahdanau", **SMALL).to(dtype).eval()
    assert model(*sentences("seq2seq_bahdanau")).logits.dtype == dtype


def test_published_sizes() -> None:
    """Section 3.4 of arXiv:1409.3215: 384 million, of which 64 in the recurrence; biases are on top."""
    graph = archdsl.graph("seq2seq")
    assert graph.parameters == 384_000_000 + 80_000 + 2 * 4 * 2 * 4000
    recurrent = sum(node.parameters for node in graph.nodes if node.op.name == "lstm")
    assert recurrent == 64_000_000 + 2 * 4 * 2 * 4000
    assert archdsl.graph("seq2seq_bahdanau").sample_sizes == {"N": 1, "S": 24, "T": 24}


LENGTHS = """
inputs:
  x: [N, T = 6, 5]
  lengths: {shape: [N], dtype: int64, below: 7}
blocks:
  step:
    inputs: {x: [N, C], on: [N], h: [N, H]}
    nodes:
      from_x: {op: linear, from: x, out_features: H}
      from_h: {op: linear, from: h, out_features: H}
      next: = tanh(from_x + from_h)
      column: {op: unsqueeze, from: on, dim: -1}
      kept: = next if column else h
    outputs: {h: kept}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  positions: {op: constant, shape: [T], index: [t], value: t, dtype: int64}
  column: {op: unsqueeze, from: lengths, dim: -1}
  on: = positions < column
  loop: {op: scan, body: step, dim: 1, over: {x: x, on: on}, carry: {h: zeros}}
outputs: {h: loop.h}
"""


def test_lengths_as_an_input_are_a_packed_sequence(tmp_path: Path) -> None:
    """Each sequence keeps its last state where it ends, as torch's packed sequences do."""
    ours = archdsl.build(graph_of(tmp_path, LENGTHS), seed=0).double()
    layer = nn.RNN(5, 4, batch_first=True).double()
    with torch.no_grad():
        for part, linear in (("ih", ours.loop.from_x), ("hh", ours.loop.from_h)):
            getattr(layer, f"weight_{part}_l0").copy_(linear.weight)
            getattr(layer, f"bias_{part}_l0").copy_(linear.bias)
    x = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    lengths = torch.tensor([6, 2, 4])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    torch.testing.assert_close(ours(x=x, lengths=lengths), layer(packed)[1][0], rtol=0, atol=1e-12)


def test_several_inputs_on_the_command_line(archdsl_cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """`build` runs the network once: whole numbers are drawn within their range, sizes are set by input."""
    file = tmp_path / "packed.yaml"
    file.write_text(f"archdsl: 1\nname: packed\n{LENGTHS}")
    code, out, error = archdsl_cli("build", file, "-o", tmp_path / "out", "--size", "x.T=3", "--seed", "0")
    assert (code, error) == (0, "")
    assert "x 3×5" in out.splitlines()[0] and "lengths" in out.splitlines()[0]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"packed.py", "packed.svg", "summary.json"}
