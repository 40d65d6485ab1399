"""What counts something is told where some of it is not there, before the network runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.elaboration.analyse import analyse

HEAD = "archdsl: 1\nname: net\ninputs:\n  x: {shape: [N, 4], dtype: int64, below: 50}\n  y: [N, 4]\nnodes:\n"
EMBEDDING = "  e: {op: embedding, num_embeddings: 10, embedding_dim: 3, from: i}\n"


def told(tmp_path: Path, nodes: str) -> list[str]:
    path = tmp_path / "net.yaml"
    path.write_text(HEAD + nodes)
    return [found.message for found in analyse(path)[1] if found.code != "unused"]


@pytest.mark.parametrize(
    "moved",
    [
        "  i: {op: reshape, shape: [2 * N, 2], from: x}\n",
        "  j: {op: permute, dims: [1, 0], from: x}\n  i: {op: select, dim: 0, index: 1}\n",
        "  i: {op: cat, dim: 0, from: [x, x]}\n",
        "  k: {op: chunk, chunks: 2, dim: 1, from: x}\n  i: {op: flip, dims: [0], from: k.1}\n",
    ],
)
def test_an_input_that_is_moved_first(tmp_path: Path, moved: str) -> None:
    assert told(tmp_path, moved + EMBEDDING) == ["`x` holds whole numbers below 50, and embedding takes those below 10"]
    assert not told(tmp_path, moved + EMBEDDING.replace("10", "50"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("t", "`i` holds 11, and embedding takes those below 10"),
        ("t - 4", "`i` holds -4, and embedding takes those below 10"),
        ("t % 10", None),
        ("9", None),
        ("10", "`i` holds 10, and embedding takes those below 10"),
    ],
)
def test_a_constant(tmp_path: Path, value: str, message: str | None) -> None:
    nodes = f"  i: {{op: constant, shape: [12], index: [t], value: {value}, dtype: int64}}\n"
    assert told(tmp_path, nodes + EMBEDDING) == [message] * (message is not None)


@pytest.mark.parametrize(("value", "refused"), [("t - 4", False), ("t - 5", True), ("t", False), ("t + 1", True)])
def test_an_index_counts_from_the_end(tmp_path: Path, value: str, refused: bool) -> None:
    nodes = f"  i: {{op: constant, shape: [4], index: [t], value: {value}, dtype: int64}}\n"
    rows = "  r: {op: permute, dims: [1, 0], from: y}\n  p: {op: index, from: {input: r, index: i}}\n"
    assert bool(told(tmp_path, nodes + rows)) is refused


@pytest.mark.parametrize("value", ["inf", "-inf", "t + inf"])
def test_a_constant_that_holds_no_whole_number_is_believed(tmp_path: Path, value: str) -> None:
    assert not told(
        tmp_path, f"  i: {{op: constant, shape: [4], index: [t], value: {value}, dtype: int64}}\n" + EMBEDDING
    )


def test_of_several_the_one_that_is_wrong_is_named(tmp_path: Path) -> None:
    nodes = "  i: {op: cat, dim: 0, from: [c, d]}\n" + EMBEDDING
    for name, value in (("c", 12), ("d", -3)):
        other = 1 if value > 0 else 2
        parts = {"c": other, "d": other} | {name: value}
        constants = "".join(
            f"  {key}: {{op: constant, shape: [2, 3], value: {held}, dtype: int64}}\n" for key, held in parts.items()
        )
        message = f"`{name}` holds {value}, and embedding takes those below 10"
        assert told(tmp_path, constants + nodes) == [message]


def test_what_the_network_computes_is_believed(tmp_path: Path) -> None:
    assert not told(tmp_path, "  i: = x + 100\n" + EMBEDDING)
    large = "  i: {op: constant, shape: [200, 200], index: [t, u], value: t, dtype: int64}\n"
    assert not told(tmp_path, large + EMBEDDING)
