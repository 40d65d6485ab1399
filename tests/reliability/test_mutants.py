"""`check` survives what becomes of shipped specs."""

import os
import subprocess
import time
from pathlib import Path

import archdsl
from tests.mutants.seeds import seed
from tests.reliability.guard import watched
from tests.reliability.mutants import checked
from tests.thorough import examples


def test_check_answers_soon_and_runs_nothing(tmp_path: Path) -> None:
    drawn = seed()
    found = checked(f"{drawn}", examples(400), tmp_path)
    assert not found, f"seed {drawn}: {found[0].what}\n{found[0].text}"


def test_the_guard_notes_what_it_should(tmp_path: Path) -> None:
    """A guard that sees nothing would keep every promise."""
    with watched([tmp_path]) as reached:
        (tmp_path / "allowed").write_text("")
        subprocess.run(["true"], check=True)
        Path(os.devnull).write_text("")
        exec(compile("1 + 1", "net.yaml", "exec"))
    assert [event.split()[0] for event in reached if "Popen" in event or event.startswith("exec")] == [
        "subprocess.Popen", "exec",
    ]  # fmt: skip


def test_a_check_of_a_shipped_spec_reaches_nothing() -> None:
    began = time.process_time()
    archdsl.check("resnet18")
    with watched() as reached:
        assert not archdsl.check("resnet18")
    assert not reached
    assert time.process_time() - began < 10
