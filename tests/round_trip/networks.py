"""At which parameters each shipped spec is tried: fewer layers of one kind where it says how many there are."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.references.language_models import NETWORKS, VOCABULARY

_FEWER: Final[dict[str, dict[str, Any]]] = {
    r"(wide_)?resne(x)?t(18|34|50|101|152).*": {"layers": [1, 2, 1, 1]},
    r"resnet(20|56)": {"layers": [1, 2, 1]},
    r"deformable_.*|fcos_.*": {"layers": [1, 1, 1, 2]},
    r"detr_.*": {"layers": [1, 1, 1, 1], "encoder_layers": 1, "decoder_layers": 2},
    r"densenet.*": {"block_config": [2, 3, 2, 2]},
    r"convnext_.*": {"depths": [1, 1, 2, 1]},
    r"convmixer_.*|deit_.*|simple_vit_.*|mixer_.*|resmlp_.*|gmlp_.*|dit_.*": {"depth": 2},
    r"vit_.*|bert_.*|wav2vec2_.*|t5_.*|mamba_.*|transformer": {"num_layers": 2},
    r"repvgg_.*": {"depths": [1, 1, 2, 1]},
    r"shufflenet_.*": {"repeats": [2, 1, 1]},
    r"whisper_.*": {"encoder_layers": 1, "decoder_layers": 1},
    r"pvt_.*": {"depths": [1, 2, 1, 1]},
    r"mobilevit_.*": {"layers": [1, 2, 1]},
    r"gpt2": {"n_layer": 2},
    r"levit_.*": {"depths": [1, 2, 1]},
    r"clip_.*": {"vision_layers": 2, "text_layers": 2},
    r"swin_.*": {"depths": [2, 2, 2, 2]},
    r"maxvit_.*": {"layers": [1, 1, 1, 1]},
    r"ddpm_.*": {"layers": 1},
}
"""By the names of specs."""


def sized_down(name: str) -> dict[str, Any]:
    """The parameters that a spec is tried at; none: its own."""
    fewer = next((fewer for pattern, fewer in _FEWER.items() if re.fullmatch(pattern, name)), None)
    small = ({**each.params, "vocab_size": VOCABULARY} for each in NETWORKS if each.name == name)
    return fewer if fewer is not None else next(small, {})
