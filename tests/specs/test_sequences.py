"""The recurrent networks: equal to torch's own layers, or to their papers' equations in plain loops.

They are compared at small sizes, in float64: keys, outputs, and the gradients of every parameter and input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl
from archdsl.graph import Node, ScopeKind
from tests.elaboration.support import graph_of
from tests.references.parity import assert_same_pass, fill, layout

SOURCE, TARGET = 50, 60
"""The words of the small vocabularies."""
LAYERS = {"elman_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
TRANSLATORS = ("seq2seq", "seq2seq_bahdanau", "seq2seq_luong")
SMALL = {"source_vocab": SOURCE, "target_vocab": TARGET, "embedding_dim": 7, "hidden_size": 8}


def flat(result: Any) -> tuple[Tensor, ...]:
    """`(output, (h_n, c_n))` in one tuple."""
    if isinstance(result, Tensor):
        return (result,)
    return tuple(tensor for part in result for tensor in flat(part))


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


def words(vocabulary: int, *shape: int) -> Tensor:
    return torch.randint(vocabulary, shape, generator=torch.Generator().manual_seed(2))


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


# --- translation ----------------------------------------------------------------------------------


class Sutskever(nn.Module):
    """Two stacks of LSTM; the second starts from where the first ends."""

    def __init__(self) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(SOURCE, 7)
        self.encoder = nn.LSTM(7, 8, num_layers=3)
        self.target_embedding = nn.Embedding(TARGET, 7)
        self.decoder = nn.LSTM(7, 8, num_layers=3)
        self.logits = nn.Linear(8, TARGET)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        state, logits = None, []
        for words in source.T.flip(0):
            _, state = self.encoder(self.source_embedding(words)[None], state)
        for words in target.T:
            output, state = self.decoder(self.target_embedding(words)[None], state)
            logits.append(self.logits(output[0]))
        return torch.stack(logits, 1)


class Holder(nn.Module):
    """A place in the tree of names."""

    def __init__(self, **children: nn.Module) -> None:
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)


linear = partial(nn.Linear, bias=False)


class Bahdanau(nn.Module):
    """Appendix A.2, a sentence at a time and without any padding."""

    def __init__(self) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(SOURCE, 7)
        self.forth = Holder(unit=self.unit(7))
        self.back = Holder(unit=self.unit(7))
        self.keys = linear(16, 8)
        self.start = nn.Linear(8, 8)
        self.target_embedding = nn.Embedding(TARGET, 7)
        self.decoder = Holder(query=linear(8, 8), scores=linear(8, 1), unit=self.unit(7 + 16))
        self.deep = nn.Linear(8 + 7 + 16, 2 * 5)
        self.logits = nn.Linear(5, TARGET)

    @staticmethod
    def unit(features: int) -> Holder:
        return Holder(from_x=nn.Linear(features, 24), from_h=linear(8, 16), from_kept=linear(8, 8))

    @staticmethod
    def step(unit: Any, x: Tensor, h: Tensor) -> Tensor:
        w_r, w_z, w = unit.from_x.weight.chunk(3)
        b_r, b_z, b = unit.from_x.bias.chunk(3)
        u_r, u_z = unit.from_h.weight.chunk(2)
        r = torch.sigmoid(w_r @ x + b_r + u_r @ h)
        z = torch.sigmoid(w_z @ x + b_z + u_z @ h)
        proposed = torch.tanh(w @ x + b + unit.from_kept.weight @ (r * h))
        return (1 - z) * h + z * proposed

    def encode(self, unit: Any, words: Tensor) -> list[Tensor]:
        states = [torch.zeros(8, dtype=torch.float64)]
        for word in words:
            states.append(self.step(unit, self.source_embedding.weight[word], states[-1]))
        return states[1:]

    def translate(self, source: Tensor, target: Tensor, padding: int) -> tuple[Tensor, Tensor]:
        forth = self.encode(self.forth.unit, source)
        back = self.encode(self.back.unit, source.flip(0))[::-1]
        memory = torch.stack([torch.cat(pair) for pair in zip(forth, back, strict=True)])
        s = torch.tanh(self.start(back[0]))
        logits, attention = [], []
        for word in target:
            y = self.target_embedding.weight[word]
            scores = [self.decoder.scores.weight[0] @ torch.tanh(self.decoder.query(s) + self.keys(h)) for h in memory]
            alpha = torch.softmax(torch.stack(scores), 0)
            context = alpha @ memory
            deep = self.deep(torch.cat([s, y, context]))
            logits.append(self.logits(torch.stack([deep[k : k + 2].max() for k in range(0, 10, 2)])))
            attention.append(F.pad(alpha, (0, padding)))
            s = self.step(self.decoder.unit, torch.cat([y, context]), s)
        return torch.stack(logits), torch.stack(attention)

    def forward(self, source: Tensor, mask: Tensor, target: Tensor) -> tuple[Tensor, ...]:
        sentences = zip(source, mask, target, strict=True)
        made = [self.translate(words[seen], given, int((~seen).sum())) for words, seen, given in sentences]
        return tuple(torch.stack(parts) for parts in zip(*made, strict=True))


class Luong(nn.Module):
    """Sections 3.1 and 3.3, layer by layer and step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(SOURCE, 7)
        self.encoder = nn.LSTM(7, 8, num_layers=2)
        self.keys = linear(8, 8)
        self.target_embedding = nn.Embedding(TARGET, 7)
        self.decoder = Holder(lstm=nn.LSTM(7 + 8, 8, num_layers=2), combine=linear(16, 8))
        self.logits = linear(8, TARGET)

    @staticmethod
    def cell(layer: Any, index: int, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        named = {name: getattr(layer, f"{name}_l{index}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        from_x = F.linear(x, named["weight_ih"], named["bias_ih"])
        i, f, g, o = (from_x + F.linear(h, named["weight_hh"], named["bias_hh"])).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def stack(self, layer: Any, x: Tensor, state: list[tuple[Tensor, Tensor]]) -> Tensor:
        for index in range(2):
            state[index] = self.cell(layer, index, x, *state[index])
            x = state[index][0]
        return x

    def forward(self, source: Tensor, mask: Tensor, target: Tensor) -> tuple[Tensor, ...]:
        zeros = torch.zeros(len(source), 8, dtype=torch.float64)
        state = [(zeros, zeros), (zeros, zeros)]
        memory = torch.stack([self.stack(self.encoder, self.source_embedding(w), state) for w in source.T], 1)
        attended, logits, alignments = zeros, [], []
        for given in target.T:
            h = self.stack(self.decoder.lstm, torch.cat([self.target_embedding(given), attended], -1), state)
            scores = (h[:, None] @ self.keys.weight @ memory.mT)[:, 0]
            align = scores.masked_fill(~mask, -torch.inf).softmax(-1)
            context = (align[:, :, None] * memory).sum(1)
            attended = torch.tanh(self.decoder.combine(torch.cat([context, h], -1)))
            logits.append(self.logits(attended))
            alignments.append(align)
        return torch.stack(logits, 1), torch.stack(alignments, 1)


REFERENCES = {
    "seq2seq": (Sutskever, {"num_layers": 3}),
    "seq2seq_bahdanau": (Bahdanau, {"maxout": 5}),
    "seq2seq_luong": (Luong, {"num_layers": 2, "dropout": 0.0}),
}


def sentences(name: str, batch: int = 3, source: int = 6, target: int = 5) -> tuple[Tensor, ...]:
    """Source, its mask where the network has one, and target; the sources are of different lengths."""
    mask = torch.arange(source) < source - torch.arange(batch)[:, None]
    given = words(SOURCE, batch, source), mask, words(TARGET, batch, target)
    return given if "source_mask" in archdsl.graph(name).inputs else (given[0], given[2])


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
