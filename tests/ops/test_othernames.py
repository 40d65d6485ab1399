"""Other libraries' names of the ops lead to the op that means it, and never to another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.elaboration.applying import unknown_field
from archdsl.ops import OPS
from archdsl.ops.base import field_specs
from archdsl.ops.othernames import ALIASES, FIELDS, INSTEAD, VARIANTS, bare, op_hint
from archdsl.text.nearest import nearest

RANK = 4

MEANT = {
    # torch.nn and torchvision
    "nn.Conv2d": "conv2d", "Conv2d": "conv2d", "torch.nn.Linear": "linear", "nn.ReLU": "relu", "F.relu": "relu",
    "ReLU6": "relu6", "nn.BatchNorm2d": "batch_norm2d", "SyncBatchNorm": "batch_norm2d", "nn.LayerNorm": "layer_norm",
    "nn.MaxPool2d": "max_pool2d", "AdaptiveAvgPool2d": "adaptive_avg_pool2d", "nn.Upsample": "interpolate",
    "UpsamplingBilinear2d": "interpolate", "nn.Dropout2d": "dropout2d", "StochasticDepth": "stochastic_depth",
    "nn.MultiheadAttention": "multihead_attention", "nn.Softmax": "softmax", "LogSigmoid": "log_sigmoid",
    "nn.PixelShuffle": "pixel_shuffle", "nn.ZeroPad2d": "pad", "ReflectionPad2d": "pad", "nn.Identity": "identity",
    "nn.ConvTranspose2d": "conv_transpose2d", "torch.cat": "cat", "torch.view": "reshape", "nn.Embedding": "embedding",
    "nn.LSTM": "lstm", "nn.GELU": "gelu", "nn.Hardswish": "hardswish", "torch.bmm": "bmm", "torch.mm": "matmul",
    "nn.RMSNorm": "rms_norm", "nn.GroupNorm": "group_norm", "LocalResponseNorm": "local_response_norm",
    "nn.LazyConv2d": "conv2d", "F.max_pool2d_with_indices": "max_pool2d", "nn.CrossEntropyLoss": "no part of a network",
    "FocalLoss": "no part of a network", "nn.TransformerEncoderLayer": "encoder_layer", "pdist": "cdist",
    "GaussianNoise": None, "nn.LeakyReLU": "leaky_relu", "torch.nn.functional.interpolate": "interpolate",
    # keras
    "Dense": "linear", "Conv2D": "conv2d", "Conv2DTranspose": "conv_transpose2d", "BatchNormalization": "batch_norm2d",
    "LayerNormalization": "layer_norm", "MaxPooling2D": "max_pool2d", "AveragePooling2D": "avg_pool2d",
    "GlobalAveragePooling2D": "adaptive_avg_pool2d", "GlobalMaxPooling2D": "adaptive_max_pool2d",
    "UpSampling2D": "interpolate", "Concatenate": "cat", "SpatialDropout2D": "dropout2d", "ZeroPadding2D": "pad",
    "Reshape": "reshape", "Permute": "permute", "Flatten": "flatten", "keras.layers.Dense": "linear",
    "MultiHeadAttention": "multihead_attention", "DepthwiseConv2D": "conv2d", "SeparableConv2D": "conv2d",
    "Activation": None, "Add": "add", "Multiply": "= a * b", "Subtract": "= a - b", "Lambda": "formula",
    # timm, ultralytics, papers
    "drop_path": "stochastic_depth", "DropPath": "stochastic_depth", "drop_connect": "stochastic_depth",
    "sync_batch_norm": "batch_norm2d", "swiglu": "silu(gate)", "geglu": "gelu(gate)", "swish": "silu",
    "hswish": "hardswish", "h_swish": "hardswish", "hard_swish": "hardswish", "hard_sigmoid": "hardsigmoid",
    "concat": "cat", "Conv": "conv2d", "mha": "multihead_attention", "attention": "multihead_attention",
    "self_attention": "multihead_attention", "flash_attention": "scaled_dot_product_attention",
    "sdpa": "scaled_dot_product_attention", "bn": "batch_norm2d", "ln": "layer_norm", "gn": "group_norm",
    "fc": "linear", "dense": "linear", "lrn": "local_response_norm", "deconv": "conv_transpose2d",
    "batchnorm": "batch_norm2d", "batch_norm": "batch_norm2d", "maxpool": "max_pool2d", "avgpool": "avg_pool2d",
    "max_pool": "max_pool2d", "global_avg_pool": "adaptive_avg_pool2d", "conv_2d": "conv2d", "zeropad": "pad",
    "depthwise_conv2d": "conv2d", "pointwise_conv": "conv2d", "dropout_2d": "dropout2d", "lrelu": "leaky_relu",
    "space_to_depth": "pixel_unshuffle", "residual": "= a + b", "gelu_tanh": "gelu", "upsample": "interpolate",
    "upsample_nearest2d": "interpolate", "resize": "interpolate", "gap": "adaptive_avg_pool2d",
    # onnx and numpy
    "Gemm": "linear", "MatMul": "matmul", "ReduceMean": "mean", "Transpose": "transpose",
    "DepthToSpace": "pixel_shuffle", "expand_dims": "unsqueeze",
    "mul": "= a * b", "pow": "= a ** b", "exp": "= exp(x)",
    "sqrt": "= sqrt(x)",
    "abs": "= abs(x)", "contiguous": "leave it out", "nn.LSTMCell": "lstm_cell", "none": "null",
    "Sequential": "list", "positional_encoding": "parameter", "swapaxes": "transpose", "reverse": "flip",
}  # fmt: skip
"""By another library's name what the hint must name, over an input of rank 4; None where nothing is known."""


@pytest.mark.parametrize(("name", "meant"), MEANT.items())
def test_the_hint_names_what_is_meant(name: str, meant: str | None) -> None:
    hint = op_hint(name, RANK)
    if meant is None:
        assert hint is None
        return
    assert hint is not None
    assert f"`{meant}`" in hint if meant in OPS else meant in hint
    if meant in OPS:
        assert next(word for word in hint.split("`")[1::2] if word in OPS) == meant


SLIPS = {
    "lineer": "linear", "softmx": "softmax", "einsm": "einsum", "detatch": "detach", "argmx": "argmax",
    "embeding": "embedding", "multihead_atention": "multihead_attention", "kernal": None, "foo": None, "xyz": None,
    "abc": None, "quux": None, "norm_layer": "layer_norm", "flaten": "flatten", "sigmoide": "sigmoid",
    "pixel_shufle": "pixel_shuffle", "adaptive_average_pool2d": "adaptive_avg_pool2d", "undefined": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "meant"), SLIPS.items())
def test_a_slip_of_the_pen_leads_to_the_op_and_nothing_far_away_does(name: str, meant: str | None) -> None:
    assert nearest(name, OPS) == meant


@given(st.sampled_from(sorted(OPS)), st.data())
def test_every_op_is_found_by_its_name_in_any_case_and_with_any_library(name: str, data: st.DataObject) -> None:
    library = data.draw(st.sampled_from(["", "nn.", "torch.nn.", "F.", "tf.keras.layers."]))
    written = library + data.draw(st.sampled_from([name.upper(), name.replace("_", ""), name.title().replace("_", "")]))
    hint = op_hint(written)
    assert hint is not None and f"`{name}`" in hint


@given(st.sampled_from([name for name in sorted(OPS) if len(name) > 4]), st.data())
def test_one_slip_in_a_longer_name_is_forgiven(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(name) - 2))
    letter = data.draw(st.sampled_from("aeiouxz"))
    written = data.draw(st.sampled_from([name[:place] + name[place + 1 :], name[:place] + letter + name[place:]]))
    found = nearest(written, OPS)
    assert found is not None
    # in a family, another number of dimensions may be as near
    assert found == name or abs(len(found) - len(name)) <= 2


def test_no_name_of_another_library_is_that_of_another_op() -> None:
    """An op's own name wins, so such an alias would never be read."""
    for others, ops, *_ in (*ALIASES, *VARIANTS):
        assert set(ops) <= set(OPS) and not set(others) & set(OPS)
        for other in others:
            hint = op_hint(other)
            assert hint is not None and all(f"`{op}`" in hint for op in ops), other
    assert not set(INSTEAD) & set(OPS)


def test_every_field_that_is_called_otherwise_elsewhere_is_one_of_some_op() -> None:
    fields = {field for op in OPS.values() for field in field_specs(op)}
    assert {field for _, field in FIELDS} <= fields


def test_a_library_is_taken_off_a_name_and_a_path_is_not() -> None:
    assert [bare(name) for name in ("torch.nn.Conv2d", "tf.keras.layers.Dense", "spec.resnet50", "nnet")] == [
        "Conv2d", "Dense", "spec.resnet50", "nnet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "field", "said"),
    [
        ("conv2d", "filters", "did you mean `out_channels`?"), ("conv2d", "kernel", "did you mean `kernel_size`?"),
        ("conv2d", "strides", "did you mean `stride`?"), ("conv2d", "use_bias", "did you mean `bias`?"),
        ("linear", "units", "did you mean `out_features`?"), ("dropout", "rate", "did you mean `p`?"),
        ("conv2d", "rate", "did you mean `dilation`?"), ("softmax", "axis", "did you mean `dim`?"),
        ("permute", "perm", "did you mean `dims`?"), ("layer_norm", "epsilon", "did you mean `eps`?"),
        ("multihead_attention", "heads", "did you mean `num_heads`?"),
        ("conv2d", "activation", "an activation is a node of its own: write `relu` below"),
        ("conv2d", "repeat", "a node is repeated by a loop: `for i in range(n):`"),
        ("conv2d", "inputs", "what a node reads stands under `from`"),
        ("conv2d", "in_channels", "it is inferred from the input: remove it"),
    ],
)  # fmt: skip
def test_fields_of_other_libraries_lead_to_the_field_that_means_it(op: str, field: str, said: str) -> None:
    assert unknown_field(OPS[op], field).hint == said
