"""What is wrong with an op whatever its inputs are, and what is not."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from pydantic import ValidationError

from archdsl.ops import OPS
from archdsl.ops.apply import check_alone, check_inputs
from archdsl.ops.base import Op, OpError
from archdsl.shapes import TensorType


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("conv2d", {"out_channels": 8, "kernel_size": 3, "groups": 3},
         "conv2d cannot split 8 output channels into 3 groups"),
        ("conv_transpose1d", {"out_channels": 8, "kernel_size": 3, "groups": 3},
         "conv_transpose1d cannot split 8 output channels into 3 groups"),
        ("conv2d", {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": "same"},
         "conv2d with `padding: same` must have stride 1, not [2, 2]"),
        ("conv_transpose2d", {"out_channels": 8, "kernel_size": 3, "output_padding": 1},
         "conv_transpose2d's output_padding 1 must be less than its stride 1 or its dilation 1"),
        ("max_pool2d", {"kernel_size": 2, "padding": 2}, "max_pool2d's padding 2 is more than half of its kernel of 2"),
        ("pad", {"pad": [1, 2, 3]}, "pad [1, 2, 3] has an odd number of numbers, expected pairs"),
        ("pad", {"pad": [1, 1], "mode": "reflect", "value": 1.0}, "mode reflect takes no value"),
        ("affine_grid", {"size": [1, 1, 0, 3]}, "size [1, 1, 0, 3] has a size below 1"),
        ("interpolate", {}, "give either size or scale_factor"),
        ("interpolate", {"size": 4, "align_corners": True}, "mode nearest takes no align_corners"),
        ("interpolate", {"size": 4, "antialias": True}, "mode nearest takes no antialias"),
        ("fold", {"output_size": [4, 4, 4], "kernel_size": 2},
         "output_size [4, 4, 4] has 3 numbers for 2 spatial dimensions"),
        ("fold", {"output_size": 4, "kernel_size": 5}, "the window [5, 5] does not fit into [4, 4]"),
        ("chunk", {"chunks": 2, "names": ["a", "a"]}, "names has `a` twice"),
        ("unbind", {"names": ["a", "a"]}, "names has `a` twice"),
        ("split", {"split_size": [12, 0]}, "split_size 0 is less than 1"),
        ("tensor_split", {"indices_or_sections": [5, 4]}, "cannot cut at [5, 4]: a part would be empty"),
        ("tensor_split", {"indices_or_sections": [0]}, "cannot cut at [0]: a part would be empty"),
        ("narrow", {"dim": 1, "start": 8, "length": 0}, "length 0 is less than 1"),
        ("slice", {"start": -1, "end": -2}, "nothing is left from -1 to -2"),
        ("slice", {"end": 0}, "nothing is left from 0 to 0"),
        ("expand", {"size": [-1, -2]}, "size has the number -2, expected at least 1"),
        ("repeat", {"repeats": [0]}, "repeats has the number 0, expected at least 1"),
        ("tile", {"dims": [0]}, "dims has the number 0, expected at least 1"),
        ("repeat_interleave", {"repeats": 0}, "repeats has the number 0, expected at least 1"),
        ("flatten", {"start_dim": 2, "end_dim": 1}, "start_dim 2 comes after end_dim 1"),
        ("reshape", {"shape": [-1, -1]}, "shape [-1, -1] has more than one -1"),
        ("unflatten", {"dim": 1, "unflattened_size": [-2, 3]}, "unflattened_size [-2, 3] has the size -2"),
        ("permute", {"dims": [0, 2, 2]}, "dims [0, 2, 2] names dimension 2 twice"),
        ("squeeze", {"dim": [1, 1]}, "dim [1, 1] names dimension 1 twice"),
        ("flip", {"dims": [1, 1]}, "dims [1, 1] names dimension 1 twice"),
        ("mean", {"dim": [1, 1]}, "dim [1, 1] names dimension 1 twice"),
        ("normalize", {"dim": [1, 1]}, "dim [1, 1] names dimension 1 twice"),
        ("roll", {"shifts": [1, 2], "dims": [1]}, "shifts [1, 2] and dims [1] differ in length"),
        ("sum", {"keepdim": True}, "keepdim needs a dim"),
        ("argmax", {"keepdim": True}, "keepdim needs a dim"),
        ("rrelu", {"lower": 0.5, "upper": 0.25}, "rrelu's lower 0.5 is more than its upper 0.25"),
        ("celu", {"alpha": 0.0}, "celu's alpha cannot be 0"),
        ("hardtanh", {"min_val": 1.0, "max_val": 1.0}, "hardtanh's max_val 1.0 must be above its min_val 1.0"),
        ("rearrange", {"pattern": "a (b c) -> a b c"},
         "the sizes of `b` and `c` in (b c) are open: give all but one"),
        ("rearrange", {"pattern": "a b -> b a", "c": 2}, "`c` is no axis of the pattern"),
        ("lstm", {"hidden_size": 4, "proj_size": 4}, "`proj_size` is 4, and must be less than `hidden_size`, 4"),
    ],
)  # fmt: skip
def test_what_fields_alone_say(name: str, fields: dict[str, Any], message: str) -> None:
    kind = OPS[name]
    op = kind.model_validate({key: tuple(value) if type(value) is list else value for key, value in fields.items()})
    with pytest.raises(OpError) as caught:
        check_alone(op, [None if port.optional else True for port in kind.ports])
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("name", "fields", "fed", "message"),
    [
        ("linear", {}, (True, False, False), "linear needs `out_features`, since it is not fed a weight"),
        ("linear", {}, (True, None, None), None),
        ("linear", {}, (True, True, True), None),
        ("conv2d", {"kernel_size": 3}, (True, False, False),
         "conv2d needs `out_channels`, since it is not fed a weight"),
        ("embedding", {}, (True, False),
         "embedding needs `num_embeddings` and `embedding_dim`, since it is not fed a weight"),
        ("embedding", {"num_embeddings": 5, "embedding_dim": 2, "padding_idx": 5}, (True, False),
         "embedding has 5 rows, so padding_idx cannot be 5"),
        ("embedding", {"num_embeddings": 5, "embedding_dim": 2, "padding_idx": 5}, (True, None), None),
        ("embedding_bag", {"num_embeddings": 5, "embedding_dim": 2}, (True, None, True),
         "embedding_bag with `mode: mean` takes no per_sample_weights"),
        ("scaled_dot_product_attention", {"is_causal": True}, (True, True, True, True),
         "scaled_dot_product_attention with `is_causal` takes no attn_mask"),
        ("scaled_dot_product_attention", {"is_causal": True}, (True, True, True, None), None),
        ("lstm", {"hidden_size": 4}, (True, True, False), "lstm is fed `h_0` but no `c_0`: feed both or neither"),
        ("flatten", {}, (True,), None),
        ("slice", {"start": 3, "end": -2}, (True,), None),
    ],
)  # fmt: skip
def test_what_is_fed_counts_where_it_is_known(
    name: str, fields: dict[str, Any], fed: tuple[bool | None, ...], message: str | None
) -> None:
    op = OPS[name](**fields)
    try:
        check_alone(op, fed)
    except OpError as error:
        assert error.message == message
    else:
        assert message is None


@pytest.mark.parametrize("kind", OPS.values(), ids=OPS)
def test_inputs_with_fields_of_which_nothing_is_known(kind: type[Op]) -> None:
    """Whatever follows from them: nothing is raised but what is wrong with the inputs."""
    fields = {*kind.model_fields}
    required = {name for name in fields if kind.model_fields[name].is_required()}
    try:
        op = kind.model_validate(dict.fromkeys(required, 1))
    except ValidationError:
        return  # nothing is said of such an op
    least = sum(not port.optional for port in kind.ports)
    for unsure in (fields, *({name} for name in fields)):
        for rank in range(6):
            for dtype in ("float32", "int64", "bool"):
                for fed in range(least, len(kind.ports) + 1):
                    given = TensorType(tuple(range(2, 2 + rank)), dtype)
                    types = tuple(given if place < fed else None for place in range(len(kind.ports)))
                    with suppress(OpError):
                        check_inputs(op, types, unsure | required)


def test_an_input_that_no_value_of_a_field_makes_right() -> None:
    op = OPS["conv2d"].model_validate({"out_channels": 8, "kernel_size": 3})
    types = TensorType((1, 4, 4)), None, None
    for unsure in ("padding", "out_channels", "kernel_size", "stride"):
        with pytest.raises(OpError, match="rank 4"):
            check_inputs(op, types, {unsure})
    flatten = OPS["flatten"].model_validate({"start_dim": 1})
    check_inputs(flatten, (TensorType((3,)),), {"start_dim"})
    with pytest.raises(OpError):
        check_inputs(flatten, (TensorType((3,)),), set())
    # what differs with the answer to whether the field is equal to something is not said
    check_inputs(OPS["celu"].model_validate({}), (TensorType((3,), "int64"),), {"alpha"})
