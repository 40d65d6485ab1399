"""Files are written all or none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from archdsl.writing import write_files


def test_writes_every_file_and_the_directories_that_lack(tmp_path: Path) -> None:
    write_files({tmp_path / "a/b/one.py": b"1", tmp_path / "a/two.json": b"2"})
    assert (tmp_path / "a/b/one.py").read_bytes() == b"1"
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b", "two.json"]


def test_replaces_a_file_and_keeps_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / "mine").write_text("mine")
    write_files({tmp_path / "old": b"new"})
    assert (tmp_path / "old").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "old"]


def test_changes_nothing_when_a_later_file_fails(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("old")
    (tmp_path / "blocker").write_text("a file where a directory is wanted")
    with pytest.raises(OSError):
        write_files({tmp_path / "first": b"new", tmp_path / "fresh/x": b"", tmp_path / "blocker/x": b""})
    assert (tmp_path / "first").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["blocker", "first"]


def test_removes_what_it_staged_when_the_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_files({tmp_path / "new/a": b"a", tmp_path / "new/b": b"b"})
    assert list(tmp_path.iterdir()) == []


def test_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_files({tmp_path / "link": b"new"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_does_not_replace_a_device() -> None:
    write_files({Path(os.devnull): b"gone"})
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_new_files_have_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    write_files({tmp_path / "ours": b""})
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode
