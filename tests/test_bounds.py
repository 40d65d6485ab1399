"""No spec, however it asks, takes more than two seconds or 500 MB to be refused; and what is small enough is taken."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.elaboration.analyse import analyse
from tests.bounded import COMMANDS, measured
from tests.explosive import EXPLOSIVE
from tests.thorough import THOROUGH, examples, some

SECONDS, MEGABYTES = 6, 500
"""Of CPU: the goal is 2 on an idle machine; a busy one takes twice that, and one without bytecode 2 s more."""

REFUSED = {
    "blocks_twice": 40, "blocks_apart": 40, "for_left_out": 99_999, "op_chunk": 100_000_000, "op_layers": 1_000_000,
}  # fmt: skip
"""What stands in the first bug reports, and how large."""

BY_SIZE = {"blocks_apart": 16, "dims_doubled": 200, "mistakes_in_names": 9000, "mistakes_in_flow": 9000}
LARGE = 12_000
"""How large the others are: more than any limit of a thing allows, and a file of less than a megabyte."""

BORNE = {
    "op_sizes", "scan_steps", "pattern_stars", "init_stars", "init_suffixes", "renames", "params_many", "line_long",
    "comment_long", "text_odd", "from_many", "nodes_plain", "index_moved", "index_constant",
}  # fmt: skip
"""Large in the file, and no harm."""

SMALL = 3
WRONG = {
    "op_rearrange", "op_einsum", "op_reshape", "constant_large", "init_argument", "mistakes_in_ops",
    "mistakes_in_reads", "mistakes_in_loop", "mistakes_in_keys", "mistakes_in_expressions", "mistakes_in_names",
    "mistakes_in_flow", "mistakes_in_yaml", "mistakes_in_colons", "brackets_open", "path_long",
}  # fmt: skip
"""Families that are mistakes at every size."""


@pytest.mark.parametrize("name", REFUSED)
def test_every_command_refuses_it_soon(name: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(EXPLOSIVE[name](REFUSED[name]))
    for done in measured(spec, COMMANDS if THOROUGH else COMMANDS[::2]):
        assert (done.code, done.seconds < SECONDS, done.megabytes < MEGABYTES) == (1, True, True), done
        assert done.said.startswith("error[too-large]: more than "), done


@pytest.mark.parametrize("name", some(EXPLOSIVE))
def test_a_large_one_ends_soon(name: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(EXPLOSIVE[name](BY_SIZE.get(name, LARGE)))
    (done,) = measured(spec, ("check",))
    assert (done.seconds < SECONDS, done.megabytes < MEGABYTES) == (True, True), done._replace(said=done.said[:500])
    assert done.code == (0 if name in BORNE else 1), done.said[:500]


def test_a_long_network_without_blocks_is_drawn(tmp_path: Path) -> None:
    """Its boxes are made in one pass: 12,000 ops took minutes when each looked at all before it."""
    spec = tmp_path / "net.yaml"
    spec.write_text(EXPLOSIVE["nodes_plain"](LARGE))
    for done in measured(spec, ("draw", "summary")):
        assert (done.code, done.seconds < 20, done.megabytes < 2 * MEGABYTES) == (0, True, True), done


@pytest.mark.parametrize("name", sorted(EXPLOSIVE.keys() - WRONG))
def test_a_small_one_is_good(name: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(EXPLOSIVE[name](SMALL))
    graph, found = analyse(spec)
    assert graph is not None, found


@given(st.sampled_from(sorted(EXPLOSIVE)), st.floats(0, 4).map(lambda power: int(10**power)))
@settings(max_examples=examples(60), deadline=None)
def test_no_size_takes_long(tmp_path_factory: pytest.TempPathFactory, name: str, size: int) -> None:
    spec = tmp_path_factory.getbasetemp() / "hostile.yaml"
    spec.write_text(EXPLOSIVE[name](size))
    start = time.process_time()
    analyse(spec)
    assert time.process_time() - start < SECONDS


def test_files_that_extend_and_patch_one_another(tmp_path: Path) -> None:
    """Forty files, each with parameters of its own, and a patch of everything that it inherits."""
    nodes = "".join(f"  a{i}: relu\n" for i in range(400))
    (tmp_path / "f0.yaml").write_text(f"archdsl: 1\ninputs: {{x: [N, 8]}}\nnodes:\n{nodes}")
    for i in range(1, 40):
        params = "".join(f"  p{i}_{j}: {j}\n" for j in range(400))
        patch = "".join(f"  nodes.a{j}: tanh\n  nodes.b{i}_{j}: {{after: a{j}, op: relu}}\n" for j in range(20))
        text = f"archdsl: 1\nextends: f{i - 1}.yaml\nparams:\n{params}patch:\n{patch}"
        (tmp_path / f"f{i}.yaml").write_text(text)
    (done,) = measured(tmp_path / "f39.yaml", ("check",))
    assert (done.code, done.seconds < 2 * SECONDS, done.megabytes < MEGABYTES) == (0, True, True), done


@pytest.mark.parametrize(
    ("count", "code"), [(2500, "error[too-large]: more than 100,000 nodes and turns of `for` to expand"), (20, "")]
)
def test_a_patch_that_inserts_thousands(count: int, code: str, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(EXPLOSIVE["nodes_plain"](count))
    patch = "".join(f"  nodes.b{i}: {{after: a{i}, op: relu}}\n" for i in range(count))
    (tmp_path / "net.yaml").write_text(f"archdsl: 1\nextends: base.yaml\npatch:\n{patch}")
    (done,) = measured(tmp_path / "net.yaml", ("check",))
    assert done.said.startswith(code) and done.seconds < SECONDS, done


def test_more_files_than_are_read(tmp_path: Path) -> None:
    names = [f"f{i}.yaml" for i in range(300)]
    for i, name in enumerate(names):
        (tmp_path / name).write_text(f"archdsl: 1\nblocks: {{b{i}: {{nodes: [relu]}}}}\n")
    (tmp_path / "net.yaml").write_text(f"archdsl: 1\nuse: [{', '.join(names)}]\ninputs: {{x: [N, 8]}}\nnodes: [b1]\n")
    (done,) = measured(tmp_path / "net.yaml", ("check",))
    assert done.said.startswith("error[too-large]: more than 200 files") and done.seconds < SECONDS, done
