"""Files are written all or none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archdsl.text.writing import write_files


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


def test_the_system_s_name_for_an_open_pipe_is_written_to() -> None:
    """It is a link to a name that no file has."""
    read, write = os.pipe()
    write_files({Path(f"/dev/fd/{write}"): b"through"})
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        assert stream.read() == b"through"


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


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("old")
    (tmp_path / "private").chmod(0o640)
    write_files({tmp_path / "private": b"new"})
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o640


def test_the_longest_name_that_a_file_may_have(tmp_path: Path) -> None:
    write_files({tmp_path / ("x" * 255): b"1"})
    assert [path.name for path in tmp_path.iterdir()] == ["x" * 255]


def test_threads_that_write_one_file_leave_one_of_theirs(tmp_path: Path) -> None:
    contents = [bytes([65 + number]) * 100_000 for number in range(8)]
    file = tmp_path / "new/folder/net.py"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: [write_files({file: content}) for _ in range(10)], contents))
    assert file.read_bytes() in contents
    assert [path.name for path in file.parent.iterdir()] == ["net.py"]


def test_processes_that_write_one_file_leave_one_of_theirs(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from archdsl.text.writing import write_files\n"
        "for _ in range(50): write_files({Path(sys.argv[1]): sys.argv[2].encode() * 100_000})"
    )
    file = tmp_path / "net.py"
    running = [subprocess.Popen([sys.executable, "-c", code, str(file), letter]) for letter in "abc"]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert file.read_bytes() in [letter.encode() * 100_000 for letter in "abc"]
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_device_is_named() -> None:
    with pytest.raises(OSError, match="/dev/full"):
        write_files({Path("/dev/full"): b"x"})


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="NUL"):
        write_files({tmp_path / "a": b"1", tmp_path / "b\0": b"2"})
    assert not [*tmp_path.iterdir()]
