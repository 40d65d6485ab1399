"""docs/zoo.md: fresh, and every family at most a third of its reference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docs import make_zoo


@pytest.fixture(scope="module")
def rows() -> dict[str, make_zoo.Comparison]:
    pytest.importorskip("transformers", reason="the references are other packages")
    return {row.family: row for row in make_zoo.comparisons()}


@pytest.mark.slow
def test_the_page_is_fresh() -> None:
    text = make_zoo.render()
    if os.environ.get("ARCHDSL_UPDATE"):
        make_zoo.TARGET.write_text(text, encoding="utf-8")
    assert make_zoo.TARGET.read_text(encoding="utf-8") == text, "run `python docs/make_zoo.py`"


def test_every_reference_is_a_family_s() -> None:
    assert set(make_zoo.REFERENCES) <= set(make_zoo.members())


@pytest.mark.parametrize("family", make_zoo.REFERENCES)
def test_a_third_of_the_reference(rows: dict[str, make_zoo.Comparison], family: str) -> None:
    row = rows[family]
    assert 3 * row.yaml <= row.python, f"{row.yaml} lines of YAML, {row.python} of Python"


@pytest.mark.parametrize("spec", [*make_zoo.PARTS, *make_zoo.ELSEWHERE])
def test_a_third_of_what_a_file_replaces(spec: str) -> None:
    pytest.importorskip("transformers", reason="the references are other packages")
    (row,) = [row for row in make_zoo.part_comparisons() if row.spec == spec]
    assert 3 * row.yaml <= row.python, f"{row.yaml} lines of YAML, {row.python} of Python"


def test_every_file_of_a_family_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more.yaml").write_text("archdsl: 1\nblocks:\n  two:\n    nodes: [tanh]\n")
    (tmp_path / "shared.yaml").write_text(
        "archdsl: 1\nuse: [more]\n\nblocks:\n  # a comment\n  one:\n    nodes: [two]\n"
    )
    (tmp_path / "family.yaml").write_text("archdsl: 1\nname: family\nuse: [shared, more]\nnodes:\n  a: one\n")
    (tmp_path / "small.yaml").write_text("archdsl: 1\nname: small\n# a comment\nextends: family\n")
    (tmp_path / "large.yaml").write_text("archdsl: 1\nname: large\nextends: family\nparams: {n: 3}\n")
    monkeypatch.setattr(make_zoo, "specs_folder", lambda: tmp_path)
    more, shared, family, small, large = 4, 5, 5, 3, 4
    assert make_zoo.yaml_lines(["small", "large"]) == more + shared + family + small + large


def test_parts_of_a_file_are_those_named() -> None:
    text = "import x\n\n@one\n@two\nclass A:\n    # a comment\n    a = 1\n\nb = 2\n\ndef f():\n    return b\n"
    assert make_zoo.counted(make_zoo.parts(text, ["A", "f"])) == 6
    with pytest.raises(KeyError):
        make_zoo.parts(text, ["A", "C"])


def test_docstrings_and_lists_of_weights_are_told_apart(tmp_path: Path) -> None:
    text = (
        '"""A file\n\nof two lines."""\nimport x  # y\n# comment\n\n'
        "class Net_Weights:\n    A = 1\n    B = 2\n\n"
        'class Net:\n    """Docstring."""\n\n    a = """no\ndocstring"""\n'
    )
    assert make_zoo.counted(text) == 10
    assert make_zoo.code_lines(text) == 4
