"""The networks of sound: equal to `transformers` at small sizes in float64, and of the published sizes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from tests.references import parity
from tests.references.audio import NETWORKS, Network, whisper

PARAMETERS = {
    "whisper_tiny": 37_760_640,
    "wav2vec2_base": 94_395_552,
    "hifigan_v1": 13_936_130,  # 13.92 million without the norms of weights
    "speecht5_hifigan": 12_656_257,
}


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda network: network.name)
def network(request: pytest.FixtureRequest) -> Network:
    found: Network = request.param
    return found


@pytest.fixture(scope="module")
def pair(network: Network) -> tuple[nn.Module, nn.Module]:
    return network.pair()


@pytest.mark.parametrize("name", PARAMETERS)
def test_published_parameters(name: str) -> None:
    assert archdsl.graph(name).parameters == PARAMETERS[name]


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("which", [0, 1])
def test_outputs_and_gradients(network: Network, pair: tuple[nn.Module, nn.Module], which: int, training: bool) -> None:
    parity.assert_same_pass(*pair, *network.inputs(network.lengths[which]), training=training)


def test_published_keys(network: Network) -> None:
    with torch.device("meta"):
        theirs = network.reference(**network.published)
    assert parity.layout(archdsl.build(network.name, device="meta")) == parity.layout(theirs)


def test_whispers_frames_start_where_theirs_do() -> None:
    sizes: dict[str, Any] = {
        "num_mel_bins": 4,
        "d_model": 16,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "vocab_size": 50,
    }
    theirs = whisper(**sizes, encoder_attention_heads=2, decoder_attention_heads=2)
    ours = archdsl.build("whisper_tiny", seed=0, num_heads=2, **sizes)
    key = "model.encoder.embed_positions.weight"
    assert (ours.state_dict()[key] - theirs.state_dict()[key]).abs().max() < 1e-3  # theirs is of float32
    assert (ours.state_dict()[key][:50] - theirs.state_dict()[key][:50]).abs().max() < 1e-5


def test_wav2vec2_hears_a_frame_every_twenty_milliseconds() -> None:
    model = archdsl.build("wav2vec2_base", device="meta")
    assert model(torch.empty(1, 16000, device="meta")).shape == (1, 49, 32)


def test_a_vocoder_speaks_all_samples_of_its_frames() -> None:
    for name in ("hifigan_v1", "speecht5_hifigan"):
        model = archdsl.build(name, device="meta")
        assert model(torch.empty(1, 10, 80, device="meta")).shape == (1, 2560)
