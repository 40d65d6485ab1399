"""The language models: equal to `transformers` and to torch's own layers, and of the published sizes.

They are compared at small sizes, in float64: keys, outputs, and the gradients of every parameter. Published
sizes are compared by keys and shapes on the meta device, or by the number of parameters alone.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl
from tests.references import torchvision_shim  # noqa: F401  (transformers imports torchvision)
from tests.references.language_models import LLAMA, NETWORKS, VOCABULARY, Network, in_float64
from tests.references.parity import (
    OUTPUT_TOLERANCE,
    Run,
    assert_same_gradients,
    assert_telling,
    distance,
    fill,
    layout,
    registered,
)
from tests.references.parity import run as run_once

PARAMETERS = {
    "transformer": 63_082_496,  # "65 million" with 37,000 words
    "gpt2": 124_439_808,
    "bert_base_uncased": 110_106_428,
    "t5_small": 60_506_624,
    "llama_2_7b": 6_738_415_616,
    "llama_3_8b": 8_030_261_248,
    "llama_3_1_405b": 405_853_388_800,
    "mixtral_8x7b": 46_702_792_704,
    "qwen3_0_6b": 596_049_920,
    "qwen3_30b_a3b": 30_532_122_624,
    "deepseek_v3_671b": 671_026_404_352,
    "moonlight_16b_a3b": 15_960_108_544,
    "olmo2_7b": 7_298_617_344,
    "gemma3_1b": 999_885_952,
    "mamba_130m": 129_135_360,
}


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda network: network.name)
def network(request: pytest.FixtureRequest) -> Network:
    found: Network = request.param
    return found


@pytest.fixture(scope="module")
def pair(network: Network) -> tuple[nn.Module, nn.Module]:
    """Ours and the reference, with the same telling values."""
    ours = network.ours()
    with in_float64(network.family):
        theirs = network.theirs()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    return ours, theirs


@pytest.mark.parametrize("name", PARAMETERS)
def test_published_parameters(name: str) -> None:
    assert archdsl.graph(name).parameters == PARAMETERS[name]


def test_keys(pair: tuple[nn.Module, nn.Module]) -> None:
    ours, theirs = pair
    assert layout(ours) == layout(theirs)
    assert registered(ours) == registered(theirs)


@pytest.mark.slow
def test_published_keys(network: Network) -> None:
    if network.published is None:
        pytest.skip("as large as another, but for numbers")
    with torch.device("meta"):
        theirs = network.theirs(network.published)
    assert layout(archdsl.build(network.name, device="meta")) == layout(theirs)


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("length", [21, 8])
def test_outputs_and_gradients(
    network: Network, pair: tuple[nn.Module, nn.Module], length: int, training: bool
) -> None:
    inputs = network.tokens(2, length)
    mine = run_once(pair[0], *inputs, training=training)
    with in_float64(network.family):
        reference = run_once(pair[1], *inputs, training=training)
    assert_telling(reference.outputs)
    assert distance(mine.outputs, reference.outputs) <= OUTPUT_TOLERANCE
    assert_same_gradients(mine.gradients, reference.gradients)


# --- the Transformer of 2017, against torch's own layers ------------------------------------------

WIDTH, HEADS = 32, 4


@pytest.fixture(scope="module")
def transformer() -> nn.Module:
    model = archdsl.build(
        "transformer", vocab_size=VOCABULARY, d_model=WIDTH, nhead=HEADS, dim_feedforward=48, num_layers=2, dropout=0.0,
        dtype=torch.float64, init=False,
    )  # fmt: skip
    fill(model, seed=7)
    return model


def sequences(*lengths: int) -> tuple[Tensor, ...]:
    """Random vectors of these lengths, for two sequences."""
    generator = torch.Generator().manual_seed(5)
    return tuple(torch.randn(2, n, WIDTH, generator=generator, dtype=torch.float64) for n in lengths)


def padding(length: int, hidden: int) -> Tensor:
    """True at the last places of the first sequence."""
    mask = torch.zeros(2, length, dtype=torch.bool)
    mask[0, length - hidden :] = True
    return mask


def assert_same_run(mine: Run, reference: Run) -> None:
    assert_telling(reference.outputs)
    assert distance(mine.outputs, reference.outputs) <= OUTPUT_TOLERANCE
    assert_same_gradients(mine.gradients, reference.gradients)


def test_an_encoder_layer_is_torchs(transformer: nn.Module) -> None:
    layer = transformer.get_submodule("encoder.layers.1")
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, 48, 0.0, batch_first=True, dtype=torch.float64)
    theirs.load_state_dict(layer.state_dict(), strict=True)
    (x,), mask = sequences(9), padding(9, 2)
    whole = theirs.forward
    theirs.forward = lambda x, padding: whole(x, src_key_padding_mask=padding)  # type: ignore[assignment]
    assert_same_run(run_once(layer, x, mask, training=True), run_once(theirs, x, mask, training=True))


def test_a_decoder_layer_is_torchs(transformer: nn.Module) -> None:
    layer = transformer.get_submodule("decoder.layers.1")
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, 48, 0.0, batch_first=True, dtype=torch.float64)
    theirs.load_state_dict(layer.state_dict(), strict=True)
    x, memory = sequences(7, 9)
    inputs = (x, memory, torch.ones(7, 7).triu(1).bool(), padding(7, 2), padding(9, 3))
    whole = theirs.forward
    theirs.forward = lambda x, memory, mask, own, other: whole(  # type: ignore[assignment]
        x, memory, tgt_mask=mask, tgt_key_padding_mask=own, memory_key_padding_mask=other
    )
    assert_same_run(run_once(layer, *inputs, training=True), run_once(theirs, *inputs, training=True))


def test_the_transformer_is_that_of_the_paper(transformer: nn.Module) -> None:
    source, target = torch.randint(VOCABULARY, (2, 9)), torch.randint(VOCABULARY, (2, 7))
    masks = padding(9, 3), padding(7, 2)
    weight = transformer.get_parameter("embedding.weight")

    def embedded(tokens: Tensor) -> Tensor:
        vectors = weight[tokens] * math.sqrt(WIDTH)
        for p in range(tokens.shape[1]):
            for i in range(WIDTH // 2):  # section 3.5
                angle = p / 10000 ** (2 * i / WIDTH)
                vectors[:, p, 2 * i] += math.sin(angle)
                vectors[:, p, 2 * i + 1] += math.cos(angle)
        return vectors

    with torch.no_grad():
        memory, x = embedded(source), embedded(target)
        for layer in transformer.get_submodule("encoder.layers"):  # type: ignore[union-attr]
            memory = layer(memory, masks[0])
        for layer in transformer.get_submodule("decoder.layers"):  # type: ignore[union-attr]
            x = layer(x, memory, torch.ones(7, 7).triu(1).bool(), masks[1], masks[0])
        found = transformer(source, target, *masks)
    assert distance([found], [x @ weight.T]) <= OUTPUT_TOLERANCE
    assert transformer.get_parameter("generator.weight") is weight


def test_the_transformers_masks_hide(transformer: nn.Module) -> None:
    source, target = torch.randint(VOCABULARY, (2, 9)), torch.randint(VOCABULARY, (2, 7))
    masks = padding(9, 3), padding(7, 2)
    others = source.clone(), target.clone()
    others[0][0, 6:] = 0
    others[1][1, 5:] = 0
    with torch.no_grad():
        first, second = transformer(source, target, *masks), transformer(others[0], others[1], *masks)
    assert torch.equal(first[0, :5], second[0, :5])
    assert torch.equal(first[1, :5], second[1, :5])
    assert not torch.allclose(first[1, 5:], second[1, 5:])


# --- parts, against plain loops -------------------------------------------------------------------


def test_experts_against_a_loop_over_tokens() -> None:
    network = next(one for one in NETWORKS if one.name == "mixtral_8x7b")
    layer = network.ours().get_submodule("model.layers.0.mlp")
    (x,) = sequences(6)
    gate, up_and_down = layer.get_parameter("gate.weight"), layer.get_submodule("experts")
    expected = torch.zeros_like(x)
    for n in range(2):
        for t in range(6):
            shares = torch.softmax(gate @ x[n, t], dim=0)
            best = sorted(range(5), key=lambda e: -shares[e].item())[:2]
            for e in best:
                a, b = (up_and_down.get_parameter("gate_up_proj")[e] @ x[n, t]).chunk(2)
                out = up_and_down.get_parameter("down_proj")[e] @ (F.silu(a) * b)
                expected[n, t] += shares[e] / sum(shares[i] for i in best) * out
    assert distance([layer(x)], [expected]) <= OUTPUT_TOLERANCE


def test_a_selective_scan_against_the_recurrence() -> None:
    network = next(one for one in NETWORKS if one.name == "mamba_130m")
    scan = network.ours().get_submodule("backbone.layers.0.mixer.scan")
    generator = torch.Generator().manual_seed(3)
    x, b, c = (torch.randn(2, 7, n, generator=generator, dtype=torch.float64) for n in (64, 5, 5))
    delta = F.softplus(torch.randn(2, 7, 64, generator=generator, dtype=torch.float64))
    a = -torch.rand(64, 5, generator=generator, dtype=torch.float64)
    d = torch.randn(64, generator=generator, dtype=torch.float64)
    expected = torch.zeros_like(x)
    for n in range(2):
        for e in range(64):
            h = torch.zeros(5, dtype=torch.float64)
            for t in range(7):  # equation 2
                h = torch.exp(delta[n, t, e] * a[e]) * h + delta[n, t, e] * b[n, t] * x[n, t, e]
                expected[n, t, e] = c[n, t] @ h + d[e] * x[n, t, e]
    assert distance([scan(x, delta, a, b, c, d)], [expected]) <= OUTPUT_TOLERANCE


def test_a_selective_scan_starts_as_in_the_paper() -> None:
    model = archdsl.build("mamba_130m", vocab_size=VOCABULARY, hidden_size=32, num_layers=1, state_size=5)
    started = model.get_parameter("backbone.layers.0.mixer.A_log")  # section 3.6: A is -1, -2, ...
    assert started.shape == (64, 5)
    assert torch.allclose(started.exp(), torch.arange(1, 6).float())


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_t5s_buckets_at_every_distance(part: str) -> None:
    """The distances where one bucket ends and the next begins included, which rounding could move."""
    from transformers.models.t5.modeling_t5 import T5Attention

    model = archdsl.build("t5_small", vocab_size=VOCABULARY, d_model=32, num_layers=1, init=False)
    seen: list[Tensor] = []
    table = model.get_submodule(f"{part}.block.0.layer.0.SelfAttention.relative_attention_bias")
    table.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0]))
    length = 300
    tokens = torch.zeros(1, length, dtype=torch.int64)
    with torch.no_grad():
        model(tokens, torch.ones(1, length, dtype=torch.bool), tokens)
    distances = torch.arange(length)[None, :] - torch.arange(length)[:, None]
    assert torch.equal(seen[0], T5Attention._relative_position_bucket(distances, bidirectional=part == "encoder"))


# --- what a language model must do besides --------------------------------------------------------


@pytest.mark.slow
def test_exports_with_a_dynamic_length(network: Network) -> None:
    if network.name == "mamba_130m":
        pytest.skip("a loop over time is as long as the sample")
    model = network.ours().eval()
    length = torch.export.Dim("length", min=4, max=40)
    batch = torch.export.Dim("batch", min=1, max=64)
    inputs = network.tokens(2, 8)
    shapes = tuple({0: batch, 1: length} for _ in inputs)
    if network.name == "t5_small":
        shapes = (*shapes[:2], {0: batch, 1: torch.export.Dim("target", min=4, max=40)})
    exported = torch.export.export(model, inputs, dynamic_shapes=shapes).module()
    more = network.tokens(3, 21)
    with torch.no_grad():
        found, expected = exported(*more), model(*more)
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    assert all(distance([ours], [theirs]) <= OUTPUT_TOLERANCE for ours, theirs in pairs)


@pytest.mark.slow
def test_compiles_whole(network: Network) -> None:
    model = network.ours().eval()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    inputs = network.tokens(2, 8)
    with torch.no_grad():
        found, expected = compiled(*inputs), model(*inputs)
    torch.compiler.reset()
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    assert all(distance([ours], [theirs]) <= OUTPUT_TOLERANCE for ours, theirs in pairs)


def test_rotary_angles_keep_their_precision_in_a_small_dtype() -> None:
    model = archdsl.build("llama_3_8b", vocab_size=VOCABULARY, **LLAMA, num_kv_heads=2, seed=0)
    tokens = torch.randint(VOCABULARY, (1, 900), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        full, half = model(tokens), model.bfloat16()(tokens)
    assert half.dtype == torch.bfloat16
    assert distance([half.float()], [full]) < 0.05


_MEASURED = """
import sys
import archdsl.cli.commands
try:
    archdsl.cli.commands.main()
except SystemExit as end:
    assert not end.code, end.code
# getrusage's peak would be that of the process that started this one, where that is larger.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("used", int(peak) / 1024, "torch" in sys.modules, sep="|")
"""


def in_a_process(code: str, *arguments: str) -> list[str]:
    """The parts of the last line that the code prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(line, check=True, capture_output=True, text=True, env=environment)
    return done.stdout.splitlines()[-1].split("|")


@pytest.mark.parametrize("command", ["check", "summary"])
def test_405_billion_parameters_without_torch(command: str) -> None:
    _, megabytes, has_torch = in_a_process(_MEASURED, command, "llama_3_1_405b")
    assert float(megabytes) < 150
    assert has_torch == "False"


_BUILT = """
import archdsl
print(sum(p.numel() for p in archdsl.build("llama_3_1_405b", device="meta").parameters()))
"""


def test_405_billion_parameters_on_the_meta_device() -> None:
    (parameters,) = in_a_process(_BUILT)
    assert int(parameters) == PARAMETERS["llama_3_1_405b"]
