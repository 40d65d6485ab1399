"""The budget: its defaults, how it is raised, and that what is over it is told once, at its place."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

import archdsl
from archdsl import limits
from archdsl.cli.commands import run
from archdsl.elaboration.analyse import analyse
from archdsl.limits import NAMES, VARIABLE, BadBudget, Limits
from docs import make_limits

EIGHT = "archdsl: 1\ninputs: {x: [N, 8]}\nnodes: {for i in range(8): {a$i: relu}}\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(EIGHT)
    return path


def codes(spec: Path) -> list[str]:
    return [found.code for found in archdsl.check(spec)]


def test_the_defaults_leave_ten_times_what_the_largest_network_needs() -> None:
    most = make_limits.needs()
    assert most["nodes"].amount > 3000
    defaults = Limits()
    assert [name for name in NAMES if 10 * most[name].amount > getattr(defaults, name)] == []


def test_the_page_lists_every_limit_with_its_default() -> None:
    page = make_limits.TARGET.read_text(encoding="utf-8")
    for name, meaning in make_limits.docstrings().items():
        assert f"| `{name}` | {getattr(Limits(), name):,} | {meaning} |" in page, "run `python docs/make_limits.py`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Limits()),
        ("nodes=7", Limits(nodes=7)),
        (" nodes=7 , layers=9,", Limits(nodes=7, layers=9)),
        ("0.5x,nodes=7", None),
        ("10x", None),
    ],
)
def test_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, text: str, expected: Limits | None) -> None:
    monkeypatch.setenv(VARIABLE, text)
    found = limits.limits()
    if expected is not None:
        assert found == expected
    elif "nodes" in text:
        assert (found.nodes, found.layers) == (7, 100)
    else:
        assert [getattr(found, name) for name in NAMES] == [10 * getattr(Limits(), name) for name in NAMES]


@pytest.mark.parametrize("text", ["many", "10", "-1x", "0x", "nodes=", "nodes=0", "nodes=-1", "nods=1", "nanx", "infx"])
def test_a_setting_that_cannot_be_read(spec: Path, monkeypatch: pytest.MonkeyPatch, text: str,
                                       capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv(VARIABLE, text)
    assert codes(spec) == ["bad-budget"]
    assert run(["check", str(spec)]) == 2
    assert f"{VARIABLE} is `{text}`" in capsys.readouterr().out


def test_a_budget_in_python(spec: Path) -> None:
    with archdsl.budget(nodes=9):
        assert codes(spec) == []
        with archdsl.budget(0.5):
            assert codes(spec) == ["too-large"]
        assert codes(spec) == []
    with archdsl.budget(nodes=8):
        assert codes(spec) == ["too-large"]
    assert codes(spec) == []


def test_a_budget_that_is_none() -> None:
    with pytest.raises(TypeError, match="no limit `nods`"), archdsl.budget(nods=1):
        pass
    with pytest.raises(BadBudget), archdsl.budget(0):
        pass


def test_each_analysis_has_a_budget_of_its_own(spec: Path) -> None:
    with archdsl.budget(nodes=9):
        assert [codes(spec) for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize("node", ["{op: chunk, chunks: 4, dim: -1}", "{op: lstm, hidden_size: 4, num_layers: 4}"])
def test_what_a_larger_budget_allowed_once_is_refused_again(tmp_path: Path, node: str) -> None:
    """What an op's rules say is remembered by a process, and the rules look up how much there may be."""
    path = tmp_path / "net.yaml"
    path.write_text(f"archdsl: 1\ninputs: {{x: [N, 4, 8]}}\nnodes: {{a: {node}, b: {{op: relu, from: a.0}}}}\n")
    assert codes(path) == []
    with archdsl.budget(outputs=3, layers=3):
        assert codes(path) == ["too-large"]
    assert codes(path) == []


def test_an_analysis_looks_for_no_garbage_and_leaves_the_collector_as_it_was() -> None:
    with limits.analysis(), limits.analysis():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), limits.analysis():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_one_mistake_with_the_loops_around_and_how_to_allow_more(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "archdsl: 1\ninputs: {x: [N, 8]}\nnodes:\n"
        "  for i in range(5):\n    for j in range(6):\n      a$i-$j: relu\n  later: no_such_op\n"
    )
    with archdsl.budget(nodes=20):
        _, found = analyse(tmp_path / "net.yaml")
    (told,) = found
    assert (told.code, told.message) == ("too-large", "more than 20 nodes")
    assert told.span is not None and told.span.line == 5
    assert [(note.subject, note.value, note.detail) for note in told.notes] == [
        ("for i in range(5)", "5 turns", "line 4"),
        ("for j in range(6)", "6 turns", "line 5"),
    ]
    assert told.hint == f"`{VARIABLE}=nodes=200` allows more, and `{VARIABLE}=10x` ten times as much of everything"


def test_a_mistake_that_comes_again_and_again_ends_the_search(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(EIGHT.replace("range(8)", "range(10000)").replace("relu", "{op: relu, from: b}"))
    _, found = analyse(tmp_path / "net.yaml")
    assert [each.code for each in found] == ["unknown-node"]
