"""The translators of 2014 and 2015 as their papers' equations, in plain loops."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl

SOURCE, TARGET = 50, 60
"""The words of the small vocabularies."""
SMALL = {"source_vocab": SOURCE, "target_vocab": TARGET, "embedding_dim": 7, "hidden_size": 8}


def flat(result: Any) -> tuple[Tensor, ...]:
    """`(output, (h_n, c_n))` in one tuple."""
    if isinstance(result, Tensor):
        return (result,)
    return tuple(tensor for part in result for tensor in flat(part))


def words(vocabulary: int, *shape: int) -> Tensor:
    return torch.randint(vocabulary, shape, generator=torch.Generator().manual_seed(2))


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
