"""The docs name what the code has: commands, functions, errors, and README's commands work as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import commands as cli
from archdsl.faults.code import Code

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_error_code_has_a_heading_and_every_heading_a_code() -> None:
    assert re.findall(r"^### ([\w-]+)$", read("docs/errors.md"), re.MULTILINE) == [code.value for code in Code]


def test_the_error_in_the_docs_is_what_archdsl_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(read("tests/specs/invalid/shape_add.yaml"))
    with pytest.raises(archdsl.SpecError) as caught:
        archdsl.graph("net.yaml")
    assert f"```\n{caught.value}\n```" in read("docs/errors.md")


def test_the_error_in_the_readme_is_what_archdsl_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = read("README.md")
    example = text.split("```yaml\n")[1].split("```")[0]
    broken = example.replace("conv2: {op: conv2d, out_channels: C", "conv2: {op: conv2d, out_channels: 2 * C")
    Path("digits.yaml").write_text(broken)
    with pytest.raises(archdsl.SpecError) as caught:
        archdsl.graph("digits.yaml")
    message = str(caught.value).partition("\n\n")[0]
    assert f"```\n{message}\n```" in text


def test_the_figure_in_the_docs_says_what_archdsl_draws() -> None:
    from archdsl.figure.view import View
    from archdsl.formats import figure_svg

    drawn = figure_svg(archdsl.graph("resnet50"), View(depth=1))
    texts = [re.findall(r"<text[^>]*>([^<]*)<", svg) for svg in (read("docs/resnet50.svg"), drawn)]
    assert "Stem" in texts[0]
    assert texts[0] == texts[1]


def test_the_volumes_in_the_docs_are_what_archdsl_draws() -> None:
    from archdsl.figure.view import View
    from archdsl.formats import figure_svg

    assert "archdsl draw dcgan_generator -o volumes.svg --style volumes" in read("docs/figures.md")
    assert read("docs/volumes.svg") == figure_svg(archdsl.graph("dcgan_generator"), View(style="volumes")), (
        "run the command in docs/figures.md"
    )


def test_every_command_and_function_is_documented() -> None:
    text = read("docs/python.md")
    for command in cli.COMMANDS:
        assert f"`archdsl {command}" in text
    for name in filter(str.islower, set(archdsl.__all__) - {"__version__", "budget"}):
        assert f"`{name}(" in text


@pytest.mark.parametrize("page", ["README.md", "docs/language.md"])
def test_the_whole_networks_in_the_docs_are_good(page: str, tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(archdsl: 1\b.*?)```", read(page), re.DOTALL)
    assert examples
    for example in examples:
        (tmp_path / "example.yaml").write_text(example)
        assert archdsl.check(tmp_path / "example.yaml") == []


def test_the_readme_has_two_shell_commands_that_ci_runs() -> None:
    blocks = re.findall(r"^```sh\n(.*?)```", read("README.md"), re.DOTALL | re.MULTILINE)
    assert ["archdsl build" in block for block in blocks] == [True, False]
    assert "pytest" in blocks[1]
    assert '"$(readme 1)"' in read(".ci/run")
    assert '"$(readme 2)"' in read(".ci/run")


def test_links_lead_somewhere() -> None:
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "examples" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]:
        for link in re.findall(r"\]\(([^)#:]+)\)", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_code_that_contributing_shows_is_the_code() -> None:
    shown = re.findall(r"```python\n# (\S+)\n(.*?)```", read("CONTRIBUTING.md"), re.DOTALL)
    assert len(shown) == read("CONTRIBUTING.md").count("```python")
    for path, code in shown:
        assert code in read(path), f"{path} has no\n{code}"


def test_the_example_of_the_page_on_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = read("docs/export.md").split("```python\n")[1].split("```")[0]
    seen: list[str] = []
    exec(code, {"print": lambda report: seen.append(str(report))})
    assert f"print(report)  # {seen[0]}\n" in code
