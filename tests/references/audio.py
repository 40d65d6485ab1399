"""Networks of sound at a small size, and the models of `transformers` that they equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import archdsl
from tests.references import parity
from tests.references import torchvision_shim as _shim  # noqa: F401  (transformers imports torchvision)

VOCABULARY = 50


def whisper(**settings: Any) -> nn.Module:
    """Logits of the next words, of a spectrogram and of the words so far."""
    from transformers.models import whisper as family

    class Whisper(family.WhisperForConditionalGeneration):  # type: ignore[misc]
        def forward(self, spectrogram: Tensor, words: Tensor) -> Tensor:
            result = super().forward(input_features=spectrogram, decoder_input_ids=words, use_cache=False)
            return result.logits  # type: ignore[no-any-return]

    return Whisper(family.WhisperConfig(**settings, dropout=0.0, pad_token_id=None))


def wav2vec2(**settings: Any) -> nn.Module:
    """Logits of letters, of a waveform; no frame is masked."""
    from transformers.models import wav2vec2 as family

    class Wav2Vec2(family.Wav2Vec2ForCTC):  # type: ignore[misc]
        def forward(self, waveform: Tensor) -> Tensor:
            return super().forward(waveform).logits  # type: ignore[no-any-return]

    silent = ("hidden_dropout", "activation_dropout", "attention_dropout", "feat_proj_dropout", "final_dropout")
    given = {**dict.fromkeys(silent, 0.0), "layerdrop": 0.0, "mask_time_prob": 0.0, "mask_feature_prob": 0.0}
    model = Wav2Vec2(family.Wav2Vec2Config(**given, **settings))
    model.wav2vec2.feature_extractor._requires_grad = False  # else it sets that of its input, no leaf here
    return model


def hifigan(*, normalize: bool, weight_norm: bool, **settings: Any) -> nn.Module:
    """A waveform of a spectrogram."""
    from transformers.models.speecht5 import SpeechT5HifiGan, SpeechT5HifiGanConfig

    model: Any = SpeechT5HifiGan(SpeechT5HifiGanConfig(normalize_before=normalize, **settings))
    if weight_norm:
        model.apply_weight_norm()
    if normalize:
        model.mean += torch.linspace(-1, 1, len(model.mean))
        model.scale += torch.linspace(0, 1, len(model.scale))
    else:
        del model.mean, model.scale
    return model  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Network:
    """A spec at a small size, its reference, and what both hear."""

    name: str
    params: Mapping[str, Any]
    reference: Callable[..., nn.Module]
    settings: Mapping[str, Any]
    inputs: Callable[[int], tuple[Tensor, ...]]
    """Inputs of a length."""
    lengths: tuple[int, int]
    published: Mapping[str, Any]
    """The reference's settings at the published size."""

    def pair(self) -> tuple[nn.Module, nn.Module]:
        """Ours and the reference, with the same telling values."""
        theirs = self.reference(**self.settings).double()
        parity.fill(theirs, seed=7)
        ours = archdsl.build(self.name, init=False, **self.params).double()
        assert parity.layout(ours) == parity.layout(theirs)
        assert parity.registered(ours) == parity.registered(theirs)
        ours.load_state_dict(theirs.state_dict(), strict=True)
        return ours, theirs


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def _words(length: int) -> Tensor:
    return torch.randint(VOCABULARY, (2, length), generator=torch.Generator().manual_seed(length))


RATES = {"upsample_rates": [4, 3], "upsample_kernel_sizes": [8, 5], "resblock_kernel_sizes": [3, 5]}
HUGGING_RATES = {**RATES, "resblock_dilation_sizes": [[1, 3, 5]] * 2, "upsample_initial_channel": 16, "model_in_dim": 6}
V1 = {
    "upsample_rates": [8, 8, 2, 2], "upsample_kernel_sizes": [16, 16, 4, 4], "normalize": False, "weight_norm": True,
}  # fmt: skip

NETWORKS = (
    Network(
        "whisper_tiny",
        {"num_mel_bins": 6, "vocab_size": VOCABULARY, "d_model": 16, "num_heads": 2, "encoder_layers": 2,
         "decoder_layers": 2, "ffn_dim": 24, "max_source_positions": 20, "max_target_positions": 12},
        whisper,
        {"num_mel_bins": 6, "vocab_size": VOCABULARY, "d_model": 16, "encoder_attention_heads": 2,
         "decoder_attention_heads": 2, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 24,
         "decoder_ffn_dim": 24, "max_source_positions": 20, "max_target_positions": 12},
        lambda length: (noise(2, 6, 40), _words(length)), (5, 9),
        {"encoder_layers": 4, "decoder_layers": 4, "encoder_attention_heads": 6, "decoder_attention_heads": 6},
    ),
    Network(
        "wav2vec2_base",
        {"convs": [{"out": 8, "kernel": 10, "stride": 5}, {"out": 12, "kernel": 3, "stride": 2}], "hidden_size": 16,
         "num_layers": 2, "num_heads": 2, "intermediate_size": 24, "position_kernel": 6, "position_groups": 4,
         "vocab_size": 9, "dropout": 0.0},
        wav2vec2,
        {"conv_dim": [8, 12], "conv_kernel": [10, 3], "conv_stride": [5, 2], "num_feat_extract_layers": 2,
         "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
         "num_conv_pos_embeddings": 6, "num_conv_pos_embedding_groups": 4, "vocab_size": 9},
        lambda length: (noise(2, length),), (200, 333),
        {},
    ),
    Network(
        "speecht5_hifigan", {**RATES, "channels": 16, "model_in_dim": 6},
        hifigan, {**HUGGING_RATES, "normalize": True, "weight_norm": False},
        lambda length: (noise(2, length, 6),), (7, 12),
        {"normalize": True, "weight_norm": False},
    ),
    Network(
        "hifigan_v1", {**RATES, "channels": 16, "model_in_dim": 6},
        hifigan, {**HUGGING_RATES, "normalize": False, "weight_norm": True},
        lambda length: (noise(2, length, 6),), (7, 12),
        V1,
    ),
)  # fmt: skip
