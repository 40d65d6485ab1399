"""A network that is too large for this machine is refused in a line, before anything is allocated."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.report.measures import Measures
from archdsl_torch import room

Cli = Callable[..., tuple[int, str, str]]
WIDE = "archdsl: 1\nname: wide\ninputs: {x: [N, 1000000]}\nnodes: {fc: {op: linear, out_features: 1000000000}}\n"
BUSY = "archdsl: 1\nname: busy\ninputs: {x: [N, 1, H = 1000000, W = 1000000]}\nnodes: {a: relu, b: flatten}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wide.yaml").write_text(WIDE)
    (tmp_path / "busy.yaml").write_text(BUSY)
    return tmp_path


def test_the_function_says_how_large_it_is(here: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for options in ({}, {"device": "cpu"}, {"init": False}, {"dtype": torch.float16}):
        with pytest.raises(MemoryError, match=r"`wide` takes 3,6\d\d\.\d TiB for 1,000,001,000,000,000 parameters"):
            archdsl.build("wide.yaml", **options)  # type: ignore[arg-type]
    with pytest.raises(MemoryError, match=r"takes 7,\d{3}\.\d TiB"):
        archdsl.build("wide.yaml", dtype=torch.float64)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_on_meta_there_is_room(here: Path) -> None:
    assert archdsl.build("wide.yaml", device="meta").get_parameter("fc.weight").is_meta
    with torch.device("meta"):
        assert archdsl.build("wide.yaml").get_parameter("fc.weight").is_meta


def test_the_command_names_the_way_out(here: Path, archdsl_cli: Cli) -> None:
    code, output, error = archdsl_cli("build", "wide.yaml")
    assert (code, output) == (2, "") and not Path("build").exists()
    assert error.startswith("archdsl: `wide` takes 3,6") and "`--device meta`" in error and error.count("\n") == 1
    code, output, _ = archdsl_cli("build", "wide.yaml", "--device", "meta")
    assert code == 0 and "wrote build/wide/wide.py" in output and "1,000,001,000,000,000" in output


def test_a_pass_that_is_too_large_is_not_begun(here: Path, archdsl_cli: Cli) -> None:
    code, output, error = archdsl_cli("build", "busy.yaml")
    assert (code, output) == (2, "")
    assert error.startswith("archdsl: `busy` takes 7.3 TiB to run") and "`--device meta`" in error
    assert archdsl_cli("build", "busy.yaml", "--device", "meta")[0] == 0


def test_weights_need_a_place(here: Path, archdsl_cli: Cli) -> None:
    code, _, error = archdsl_cli("build", "wide.yaml", "--device", "meta", "--weights", "w.pth")
    assert code == 2 and error.startswith("archdsl: weights need a place")


def test_what_is_free_is_the_least_that_anybody_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = tmp_path / "memory.max", tmp_path / "memory.current"
    monkeypatch.setattr(room, "_GROUPS", (tuple(map(str, group)),))
    alone = room.free_memory()
    assert alone is not None and alone > 1 << 20
    group[0].write_text("max\n")
    group[1].write_text("1000\n")
    assert room.free_memory() == pytest.approx(alone, rel=0.5)
    group[0].write_text("5000\n")
    assert room.free_memory() == 4000
    group[0].write_text(str((1 << 63) - 4096))
    assert room.free_memory() == pytest.approx(alone, rel=0.5)
    monkeypatch.setattr(room, "_meminfo", dict)
    monkeypatch.setattr(room, "_physical", lambda: iter(()))
    group[0].unlink()
    assert room.free_memory() is None


def told(monkeypatch: pytest.MonkeyPatch, folder: Path, **sizes: int) -> None:
    """A machine that says these sizes, in a group whose files are in the folder."""
    monkeypatch.setattr(room, "_meminfo", lambda: sizes)
    monkeypatch.setattr(room, "_physical", lambda: iter([77]))
    monkeypatch.setattr(room, "_GROUPS", ((str(folder / "max"), str(folder / "current")),))


def test_swap_counts_and_a_group_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, tmp_path, MemAvailable=3000, SwapFree=500, MemTotal=9000, SwapTotal=700)
    assert (room.free_memory(), room.whole_memory()) == (3500, 9700)
    (tmp_path / "max").write_text("3300")
    assert (room.free_memory(), room.whole_memory()) == (3300, 3300)
    (tmp_path / "current").write_text("1100")
    assert (room.free_memory(), room.whole_memory()) == (2200, 3300)
    told(monkeypatch, tmp_path, MemAvailable=3000, MemTotal=3100)
    assert (room.free_memory(), room.whole_memory()) == (2200, 3100)
    told(monkeypatch, tmp_path / "nowhere")
    assert (room.free_memory(), room.whole_memory()) == (77, 77)


def test_what_is_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, tmp_path, MemAvailable=1 << 61, MemTotal=1 << 61)
    for limit, found in ((1 << 60, None), ((1 << 60) - 1, (1 << 60) - 1)):
        (tmp_path / "max").write_text(str(limit))
        assert (room.free_memory(), room.whole_memory()) == (found, found)


def test_what_linux_says_is_in_bytes() -> None:
    found = room._meminfo()
    whole = next(room._physical())
    assert whole > 1 << 28 and found["MemTotal"] == pytest.approx(whole, rel=0.1)
    assert 0 < found["MemAvailable"] <= found["MemTotal"]


SMALL = "archdsl: 1\nname: small\ninputs: {x: [N, 10]}\nnodes: {fc: {op: linear, out_features: 20}, bn: batch_norm1d}\n"
OWNED = (10 * 20 + 20 + 2 * 20) * 4
BUFFERS = 2 * 20 * 4 + 8


def test_the_last_byte_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    graph = archdsl.graph(tmp_path / "small.yaml")
    for dtype, needed in ((None, OWNED + BUFFERS), (torch.float64, 2 * OWNED + 2 * BUFFERS - 8), (torch.float16, None)):
        for size in (needed or OWNED + BUFFERS, (needed or OWNED + BUFFERS) - 1):
            told(monkeypatch, tmp_path, MemAvailable=size)
            if size == (needed or OWNED + BUFFERS):
                room.check_room(graph, None, dtype)
                continue
            with pytest.raises(room.NoRoomError, match=r"for 260 parameters"):
                room.check_room(graph, None, dtype)
    room.check_room(graph, torch.device("meta"), None)


def test_a_pass_is_measured_to_the_last_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    graph = archdsl.graph(tmp_path / "small.yaml")
    needed = Measures(graph, graph.sample_sizes, "float32").inference.total
    told(monkeypatch, tmp_path, MemTotal=needed)
    room.check_run(graph)
    told(monkeypatch, tmp_path, MemTotal=needed - 1)
    with pytest.raises(room.NoRoomError, match="to run"):
        room.check_run(graph)
    (tmp_path / "max").write_text(str(1 << 61))
    told(monkeypatch, tmp_path, MemTotal=1 << 61)
    room.check_run(graph)
