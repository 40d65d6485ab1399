"""Capsules, patches, towers and queries: networks of small sizes against references, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.references import parity
from tests.references.torchvision_shim import timm_model  # before transformers, which imports torchvision too


@dataclass(frozen=True)
class Small:
    """A network made small by its parameters, a reference with the same keys, and inputs for both."""

    name: str
    reference: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Tensor, ...]]
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    prefix: str = ""
    """What the reference's keys begin with, and ours do not."""

    @property
    def id(self) -> str:
        return f"{self.name} {self.label}".strip()

    def ours(self, by_key: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The reference's tensors under our keys."""
        return {key.removeprefix(self.prefix): value for key, value in by_key.items()}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class CapsNet(nn.Module):
    """arXiv:1710.09829, procedure 1 as it is printed: image after image, capsule after capsule."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 9)
        self.primary_capsules = nn.ModuleList([nn.Conv2d(6, 2 * 4, 9, stride=2)])
        self.digit_capsules = nn.ParameterDict({"W": torch.zeros(2 * 2 * 2, 3, 5, 4)})
        widths = [3 * 5, 12, 14, 20 * 20]
        self.decoder = nn.Sequential(nn.Flatten())
        for before, after in pairwise(widths):
            self.decoder.extend([nn.Linear(before, after), nn.ReLU()])
        self.decoder[-1] = nn.Sigmoid()

    @staticmethod
    def squash(s: Tensor) -> Tensor:
        squared = (s * s).sum()
        return squared / (1 + squared) * s / squared.sqrt()

    def route(self, votes: Tensor) -> Tensor:
        """The digit capsules of one image from its votes, primary×digit×features."""
        primary, digits, _ = votes.shape
        b = votes.new_zeros(primary, digits)
        for _ in range(3):
            c = torch.stack([b[i].softmax(0) for i in range(primary)])
            s = [sum((c[i, j] * votes[i, j] for i in range(primary)), votes.new_zeros(())) for j in range(digits)]
            v = torch.stack([self.squash(s[j]) for j in range(digits)])
            b = torch.stack(
                [torch.stack([b[i, j] + votes[i, j] @ v[j] for j in range(digits)]) for i in range(primary)]
            )
        return v

    def forward(self, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps = self.primary_capsules[0](self.conv1(x).relu())
        digits, kept = [], []
        for n in range(len(x)):
            u = [
                self.squash(maps[n, 4 * c : 4 * c + 4, row, column])
                for c in range(2) for row in range(2) for column in range(2)
            ]  # fmt: skip
            votes = [torch.stack([matrix @ u[i] for matrix in self.digit_capsules["W"][i]]) for i in range(8)]
            v = self.route(torch.stack(votes))
            kept.append(int(label[n]) if self.training else max(range(3), key=lambda j: v[j].norm().item()))
            digits.append(v)
        capsules = torch.stack(digits)
        masked = torch.zeros_like(capsules)
        for n, j in enumerate(kept):
            masked[n, j] = capsules[n, j]
        return capsules.norm(dim=-1), capsules, self.decoder(masked).view(-1, 1, 20, 20)


class Siamese(nn.Module):
    """Koch, Zemel and Salakhutdinov (2015), figure 4, in small: one tower that runs on either image."""

    def __init__(self) -> None:
        super().__init__()
        convolutions = [nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU()]
        self.twin = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(6 * 5 * 5, 8), nn.Sigmoid())
        self.score = nn.Linear(8, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.score((self.twin(a) - self.twin(b)).abs()).sigmoid()


def mixer() -> nn.Module:
    from timm.models.mlp_mixer import MlpMixer

    return MlpMixer(img_size=32, patch_size=8, embed_dim=24, num_blocks=2, mlp_ratio=(0.5, 3.0), num_classes=7)


def deit() -> nn.Module:
    from timm.models.deit import VisionTransformerDistilled

    model = VisionTransformerDistilled(
        img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=3, mlp_ratio=2.0, num_classes=7
    )
    model.set_distilled_training(True)
    return model


class Clip(nn.Module):
    """transformers' CLIP without the outputs of its towers."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import CLIPConfig, CLIPModel

        size = {"hidden_size": 24, "intermediate_size": 96, "num_hidden_layers": 2}
        text = {**size, "num_attention_heads": 3, "vocab_size": 50, "max_position_embeddings": 9, "eos_token_id": 49}
        vision = {**size, "num_attention_heads": 4, "image_size": 32, "patch_size": 8}
        self.model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=10))

    def forward(self, input_ids: Tensor, pixel_values: Tensor) -> tuple[Tensor, ...]:
        result = self.model(input_ids, pixel_values)
        return result.logits_per_image, result.logits_per_text, result.text_embeds, result.image_embeds


def texts() -> Tensor:
    """Three texts of other lengths than the context's; each ends with 49, and padding follows."""
    tokens = torch.randint(1, 49, (3, 7), generator=torch.Generator().manual_seed(0))
    for row, length in enumerate((4, 6, 2)):
        tokens[row, length:] = 0
        tokens[row, length] = 49
    return tokens


class SimpleVit(nn.Module):
    """arXiv:2010.11929, equations 1 to 4, with the fixed positions of arXiv:2205.01580 or learned ones."""

    def __init__(self, positions: str, pool: str) -> None:
        super().__init__()
        self.embedding = nn.Linear(3 * 8 * 8, 24)
        if pool == "cls":
            self.class_token = nn.Parameter(torch.zeros(24))
        self.positions = nn.Module()
        if positions == "learned":
            self.positions.place = nn.Parameter(torch.zeros(16, 24))
        if positions == "axial":
            self.positions.rows = nn.Parameter(torch.zeros(4, 1, 24))
            self.positions.columns = nn.Parameter(torch.zeros(1, 4, 24))
        self.layers = nn.ModuleList(SimpleVit.Layer() for _ in range(2))
        self.norm = nn.LayerNorm(24)
        self.head = nn.Linear(24, 7)
        self.kinds = positions, pool

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            parts = {"norm": nn.LayerNorm(24), "to_qkv": nn.Linear(24, 72), "to_out": nn.Linear(24, 24)}
            self.attention = nn.ModuleDict(parts)
            widths = nn.Linear(24, 40), nn.GELU(), nn.Identity(), nn.Linear(40, 24)
            self.feed_forward = nn.Sequential(nn.LayerNorm(24), *widths)

        def forward(self, x: Tensor) -> Tensor:
            own = self.attention
            q, k, v = own["to_qkv"](own["norm"](x)).split(24, dim=-1)
            heads = [slice(8 * i, 8 * i + 8) for i in range(3)]
            weights = [(q[..., h] @ k[..., h].mT / 8**0.5).softmax(-1) for h in heads]
            x = x + own["to_out"](torch.cat([w @ v[..., h] for w, h in zip(weights, heads, strict=True)], dim=-1))
            return x + self.feed_forward(x)

    @staticmethod
    def sinusoidal() -> Tensor:
        rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij")
        omega = 10000 ** -(torch.arange(6, dtype=torch.float64) / 5)
        x, y = columns.reshape(-1, 1) * omega, rows.reshape(-1, 1) * omega
        return torch.cat([x.sin(), x.cos(), y.sin(), y.cos()], dim=1)

    def forward(self, image: Tensor) -> Tensor:
        positions, pool = self.kinds
        corners = [(row, column) for row in range(0, 32, 8) for column in range(0, 32, 8)]
        patches = [image[:, :, r : r + 8, c : c + 8].movedim(1, -1).flatten(1) for r, c in corners]
        x = self.embedding(torch.stack(patches, dim=1))
        if positions == "learned":
            x = x + self.positions.place
        elif positions == "axial":
            x = x + (self.positions.rows + self.positions.columns).view(16, 24)
        else:
            x = x + self.sinusoidal().to(x.dtype)
        if pool == "cls":
            x = torch.cat([self.class_token.expand(len(x), 1, 24), x], dim=1)
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x)
        return self.head(x[:, 0] if pool == "cls" else x.mean(1))


class Detr(nn.Module):
    """arXiv:2005.12872, appendix A.3, of torchvision's bottlenecks and torch's attention."""

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models.resnet import Bottleneck, ResNet
        from torchvision.ops import FrozenBatchNorm2d

        body = ResNet(Bottleneck, [1, 1, 1, 1], norm_layer=FrozenBatchNorm2d)
        del body.fc, body.avgpool
        for norm in (module for module in body.modules() if isinstance(module, FrozenBatchNorm2d)):
            for buffer in norm.buffers():
                buffer.copy_(1 + 0.2 * normal(len(buffer), seed=len(buffer)).clamp(-2, 2))
        self.backbone = nn.ModuleList([nn.ModuleDict({"body": body})])
        self.input_proj = nn.Conv2d(2048, 24, 1)
        self.query_embed = nn.Embedding(5, 24)
        encoder = nn.ModuleDict({"layers": nn.ModuleList(Detr.layer(["self_attn"]) for _ in range(2))})
        layers = nn.ModuleList(Detr.layer(["self_attn", "multihead_attn"]) for _ in range(3))
        decoder = nn.ModuleDict({"layers": layers, "norm": nn.LayerNorm(24)})
        self.transformer = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
        self.class_embed = nn.Linear(24, 7 + 1)
        self.bbox_embed = nn.ModuleDict({"layers": nn.ModuleList(nn.Linear(24, width) for width in (24, 24, 4))})

    @staticmethod
    def layer(attentions: list[str]) -> nn.ModuleDict:
        parts = {name: nn.MultiheadAttention(24, 3, batch_first=True) for name in attentions}
        norms = {f"norm{i + 1}": nn.LayerNorm(24) for i in range(len(attentions) + 1)}
        return nn.ModuleDict({**parts, **norms, "linear1": nn.Linear(24, 40), "linear2": nn.Linear(40, 24)})

    @staticmethod
    def positions(height: int, width: int) -> Tensor:
        """A row's sines and cosines take turns, then a column's; a whole map is one turn."""
        half: list[list[Tensor]] = [[], []]
        for axis, size in enumerate((height, width)):
            turn = 2 * torch.pi * torch.arange(1, size + 1, dtype=torch.float64) / size
            for pair in range(6):
                half[axis] += [(turn / 10000 ** (pair / 6)).sin(), (turn / 10000 ** (pair / 6)).cos()]
        rows, columns = (torch.stack(values, dim=-1) for values in half)
        grid = [rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)]
        return torch.cat(grid, dim=-1).flatten(0, 1)

    def features(self, image: Tensor) -> Tensor:
        body = self.backbone[0]["body"]
        x = body.maxpool(body.relu(body.bn1(body.conv1(image))))
        return self.input_proj(body.layer4(body.layer3(body.layer2(body.layer1(x)))))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        features = self.features(image)
        place, memory = self.positions(*features.shape[-2:]).to(image.dtype), features.flatten(2).mT
        for own in self.transformer["encoder"]["layers"]:
            q = memory + place
            memory = own["norm1"](memory + own["self_attn"](q, q, memory, need_weights=False)[0])
            memory = own["norm2"](memory + own["linear2"](own["linear1"](memory).relu()))
        asked = self.query_embed.weight
        x = torch.zeros(len(image), 5, 24, dtype=image.dtype)
        logits, boxes = [], []
        for own in self.transformer["decoder"]["layers"]:
            q = x + asked
            x = own["norm1"](x + own["self_attn"](q, q, x, need_weights=False)[0])
            found = own["multihead_attn"](x + asked, memory + place, memory, need_weights=False)[0]
            x = own["norm2"](x + found)
            x = own["norm3"](x + own["linear2"](own["linear1"](x).relu()))
            says = self.transformer["decoder"]["norm"](x)
            logits.append(self.class_embed(says))
            first, second, third = self.bbox_embed["layers"]
            boxes.append(third(second(first(says).relu()).relu()).sigmoid())
        others = (torch.stack(logits[:-1]), torch.stack(boxes[:-1])) if self.training else ()
        return logits[-1], boxes[-1], *others


SMALL = {"image_size": 32, "patch_size": 8, "dim": 24, "depth": 2, "num_classes": 7}
NETWORKS = [
    Small(
        "siamese", Siamese, lambda: (normal(4, 1, 18, 18), normal(4, 1, 18, 18, seed=1)),
        {"image_size": 18, "convs": [[4, 5], [6, 3]], "embedding": 8},
    ),
    Small(
        "clip_vit_b_32", Clip, lambda: (texts(), normal(2, 3, 32, 32)),
        {"embed_dim": 10, "image_size": 32, "patch_size": 8, "vocab_size": 50, "context_length": 9,
         "vision_width": 24, "vision_layers": 2, "vision_heads": 4,
         "text_width": 24, "text_layers": 2, "text_heads": 3},
        prefix="model.",
    ),
    *(
        Small(
            "simple_vit_s_16", partial(SimpleVit, positions, pool), lambda: (normal(2, 3, 32, 32),),
            {**SMALL, "heads": 3, "mlp_dim": 40, "positions": positions, "pool": pool}, f"{positions} {pool}",
        )
        for positions in ("sinusoidal", "learned", "axial")
        for pool in ("cls", "mean")
    ),
    Small(
        "detr_resnet50", Detr, lambda: (normal(2, 3, 96, 40),),
        {"layers": [1, 1, 1, 1], "num_classes": 7, "num_queries": 5, "hidden_dim": 24, "num_heads": 3,
         "encoder_layers": 2, "decoder_layers": 3, "feedforward_dim": 40, "dropout": 0.0},
    ),
    Small("mixer_b16", mixer, lambda: (normal(2, 3, 32, 32),), {**SMALL, "tokens_dim": 12, "channels_dim": 72}),
    Small("deit_b_16_distilled", deit, lambda: (normal(2, 3, 32, 32),), {**SMALL, "num_heads": 3, "mlp_dim": 48}),
    Small(
        "capsnet", CapsNet, lambda: (normal(3, 1, 20, 20), torch.tensor([2, 0, 1])),
        {"image_size": 20, "num_classes": 3, "channels": 6, "capsules": 2, "capsule_dim": 4, "digit_dim": 5,
         "decoder": [12, 14]},
    ),
]  # fmt: skip


class Pair(NamedTuple):
    """Ours and the reference with the same telling values."""

    network: Small
    ours: nn.Module
    theirs: nn.Module
    inputs: tuple[Tensor, ...]


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda network: network.id)
def pair(request: pytest.FixtureRequest) -> Pair:
    network: Small = request.param
    theirs = network.reference().double().eval()
    parity.fill(theirs, seed=7)
    ours = archdsl.build(network.name, dtype=torch.float64, **network.params).eval()
    ours.load_state_dict(network.ours(theirs.state_dict()))
    return Pair(network, ours, theirs, network.inputs())


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_same_outputs_and_gradients(pair: Pair, training: bool) -> None:
    mine, expected = (parity.run(model, *pair.inputs, training=training) for model in (pair.ours, pair.theirs))
    parity.assert_telling(expected.outputs)
    assert parity.distance(mine.outputs, expected.outputs) <= parity.OUTPUT_TOLERANCE
    parity.assert_same_gradients(mine.gradients, pair.network.ours(expected.gradients))


def test_float32(pair: Pair) -> None:
    assert parity.float32_distance(pair.ours, pair.theirs, *pair.inputs) <= parity.FLOAT32_TOLERANCE


def test_zeroing_any_block_shows(pair: Pair) -> None:
    expected = parity.forward(pair.theirs, *pair.inputs, training=True)
    for block, names in parity.blocks_of(pair.ours, 4).items():
        with parity.zeroed(pair.ours, names):
            found = parity.distance(parity.forward(pair.ours, *pair.inputs, training=True), expected)
            assert found > 1e6 * parity.OUTPUT_TOLERANCE, f"{block} makes no difference"


def clip() -> nn.Module:
    from transformers import CLIPConfig, CLIPModel

    return CLIPModel(CLIPConfig())


PUBLISHED = {
    "mixer_b16": lambda: timm_model("mixer_b16_224"),
    "deit_b_16_distilled": lambda: timm_model("deit_base_distilled_patch16_224"),
    "clip_vit_b_32": clip,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_keys(name: str) -> None:
    with torch.device("meta"):
        theirs = PUBLISHED[name]()
    assert parity.layout(archdsl.build(name, device="meta")) == parity.layout(theirs)
