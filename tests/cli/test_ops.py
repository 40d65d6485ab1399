"""What `archdsl ops` says of the ops."""

from __future__ import annotations

import pytest

from tests.cli.tiny import Cli


def test_ops_lists_what_a_spec_can_name(archdsl_cli: Cli) -> None:
    code, out, _ = archdsl_cli("ops")
    names = {line.split()[0] for line in out.splitlines()}
    assert code == 0
    assert {"conv2d", "relu", "parameter", "constant"} <= names
    assert not {"input", "formula", "by_mode"} & names


def test_every_op_has_a_page(archdsl_cli: Cli) -> None:
    for name in [line.split()[0] for line in archdsl_cli("ops")[1].splitlines()]:
        code, out, _ = archdsl_cli("ops", name)
        assert code == 0
        assert out.startswith(f"{name}: ")


def test_an_op_page_shows_fields_ports_and_defaults(archdsl_cli: Cli) -> None:
    out = archdsl_cli("ops", "max_pool2d")[1]
    assert "inputs: input" in out
    assert "kernel_size" in out
    assert "required" in out


def test_an_unknown_op_suggests_one(archdsl_cli: Cli) -> None:
    assert archdsl_cli("ops", "conv2") == (2, "", "archdsl: unknown op `conv2`; did you mean `conv2d`?\n")


@pytest.mark.parametrize(
    ("word", "listed"),
    [
        ("conv", "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"),
        ("BatchNorm", "batch_norm1d batch_norm2d batch_norm3d"),
        ("attention", "multihead_attention scaled_dot_product_attention"),
        ("zeros", ""),
        ("a", ""),
    ],
)
def test_a_word_of_several_ops_lists_them(archdsl_cli: Cli, word: str, listed: str) -> None:
    names = ", ".join(f"`{name}`" for name in listed.split())
    hint = f"there are {names}" if names else "`archdsl ops` lists them"
    assert archdsl_cli("ops", word) == (2, "", f"archdsl: unknown op `{word}`; {hint}\n")
