"""Finding and reading files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.document import files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and a folder of shipped specs."""
    shipped = tmp_path / "shipped"
    for name in ("resnet50", "families/resnet", "blocks/conv"):
        (shipped / name).parent.mkdir(parents=True, exist_ok=True)
        (shipped / f"{name}.yaml").write_text("archdsl: 1\n")
    monkeypatch.setattr(files, "specs_folder", lambda: shipped)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_checkout_ships_specs() -> None:
    names = [path.stem for path in files.shipped()]
    assert "resnet50" in names and names == sorted(names)
    assert any(name.startswith("families/") for name in files.shipped_names())


def test_by_path_or_by_name(here: Path) -> None:
    mine = here / "mine.yaml"
    mine.write_text("archdsl: 1")
    assert files.find("mine.yaml") == Path("mine.yaml")
    assert files.find(str(mine)) == mine
    assert files.find("mine") is None, "only what ships is found by its name"
    assert files.find("resnet50") == files.specs_folder() / "resnet50.yaml"
    assert files.find("families/resnet") == files.specs_folder() / "families/resnet.yaml"
    assert [path.name for path in files.shipped()] == ["resnet50.yaml"]
    assert files.shipped_names() == ["blocks/conv", "families/resnet", "resnet50"]


def test_beside_the_file_that_refers_to_it_first(here: Path) -> None:
    referring, beside = here / "a.yaml", here / "blocks" / "conv.yaml"
    assert files.find("blocks/conv", referring) == files.specs_folder() / "blocks/conv.yaml"
    beside.parent.mkdir()
    beside.write_text("archdsl: 1")
    assert files.find("blocks/conv", referring) == beside
    assert files.find("blocks/conv.yaml", referring) == beside
    assert files.find("conv", beside.parent / "other.yaml") == beside


def test_a_file_is_not_its_own_parent(here: Path) -> None:
    mine = here / "resnet50.yaml"
    mine.write_text("archdsl: 1")
    assert files.find("resnet50", mine) == files.specs_folder() / "resnet50.yaml"


@pytest.mark.parametrize("name", ["nothing", "a\0b", "x" * 5000, ""])
def test_nothing_is_found(here: Path, name: str) -> None:
    found = files.find(name)
    assert found is None or found.is_dir()


def test_an_unknown_name_comes_with_the_nearest_or_where_the_list_is(here: Path) -> None:
    found = files.not_found("resnet5", None)
    assert (found.code, found.message) == (
        "file-not-found", "no file `resnet5`, and no spec of that name ships with archdsl",
    )  # fmt: skip
    assert found.hint == "did you mean `resnet50`?"
    assert "`archdsl list`" in str(files.not_found("something else", None).hint)


def test_a_path_that_leads_nowhere_comes_with_what_there_is(here: Path) -> None:
    (here / "nets").mkdir()
    (here / "nets" / "notes.txt").touch()
    (here / "nets" / "first.yaml").touch()
    (here / "nets" / ".hidden.yaml").touch()
    found = files.not_found("nets/something_else.yml", None)
    assert found.hint == "there is `nets/first.yaml` here; `archdsl list` shows what ships"
    for name in ("fourth", "second", "third"):
        (here / "nets" / f"{name}.yml").touch()
    some = "there are `nets/first.yaml`, `nets/fourth.yml`, `nets/second.yml` and 1 more"
    assert files.not_found("nets/something_else.yml", None).hint == f"{some} here; `archdsl list` shows what ships"
    assert files.not_found("nets/thrid.yml", None).hint == "did you mean `nets/third.yml`?"
    text, problem = files.read_text(Path("nets"))
    assert text is None and problem is not None
    assert (problem.message, problem.hint) == ("`nets` is a folder", f"{some} in it")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("resnet50\n", "no file `resnet50\n`: character 9 of its name is U+000A, which does not show",
         "did you mean `resnet50`?"),
        ("a\x1b[31m", "no file `a\x1b[31m`: character 2 of its name is U+001B, which does not show",
         "write the name without it"),
        ("\u202ea", "no file `\u202ea`: character 1 of its name is U+202E, which does not show",
         "write the name without it"),
    ],
)  # fmt: skip
def test_a_character_that_does_not_show_is_named(here: Path, name: str, message: str, hint: str) -> None:
    found = files.not_found(name, None)
    assert (found.code, found.message, found.hint) == ("file-not-found", message, hint)


def problem(path: Path) -> tuple[str, str]:
    text, found = files.read_text(path)
    assert text is None and found is not None and found.span is not None
    return found.code, found.message


def test_what_cannot_be_read(here: Path) -> None:
    (here / "empty.yaml").write_text(" \n")
    (here / "latin.yaml").write_bytes("archdsl: 1\nname: caf\xe9\n".encode("latin-1"))
    (here / "large.yaml").touch()
    os.truncate(here / "large.yaml", 100_000_000)
    assert problem(Path("empty.yaml")) == ("file-empty", "`empty.yaml` is empty")
    assert problem(Path("latin.yaml")) == ("file-encoding", "`latin.yaml` is not UTF-8: byte 20 is 0xE9")
    assert problem(Path("large.yaml"))[0] == "file-too-large"
    assert problem(Path()) == ("file-unreadable", "`.` is a folder")
    assert problem(Path("gone.yaml"))[0] == "file-unreadable"


def test_the_place_of_what_is_not_utf8(here: Path) -> None:
    (here / "latin.yaml").write_bytes(b"\xef\xbb\xbfa: 1\nname: \xc3\xa9 \xe9\n")
    found = files.read_text(Path("latin.yaml"))[1]
    assert found is not None and found.span == ("latin.yaml", 2, 9, 2, 10)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_without_permission(here: Path) -> None:
    (here / "secret.yaml").write_text("archdsl: 1")
    (here / "secret.yaml").chmod(0)
    assert problem(Path("secret.yaml")) == ("file-unreadable", "`secret.yaml` cannot be read: permission denied")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_no_file(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    assert problem(Path("pipe.yaml")) == ("file-unreadable", "`pipe.yaml` is not an ordinary file")


def test_a_byte_order_mark_is_left_out(here: Path) -> None:
    (here / "a.yaml").write_bytes(b"\xef\xbb\xbfarchdsl: 1\n")
    assert files.read_text(Path("a.yaml")) == ("archdsl: 1\n", None)


def test_names_are_shown_from_the_current_folder(here: Path) -> None:
    assert files.display(here / "a" / "b.yaml") == "a/b.yaml"
    assert files.display(here.parent / "c.yaml") == (here.parent / "c.yaml").as_posix()
    (here / "a.yaml").write_text("archdsl: 1")
    assert files.source_of("a.yaml") == "archdsl: 1" and files.source_of("gone.yaml") is None
