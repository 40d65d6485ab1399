"""What works without torch, on any Python: `python -m tests.frontend` runs commands on the networks that ship."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from archdsl.cli.commands import DIFFERENT, run
from archdsl.cli.zoo import families

SEVERAL = ("resnet50", "swin_t", "gpt2", "lstm", "detr_resnet50", "unet")


def main() -> None:
    """Raises SystemExit where a command does not do what it should, or something imports torch."""
    started = time.monotonic()
    with TemporaryDirectory() as folder:
        commands(Path(folder))
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] == "torch")
    if loaded:
        raise SystemExit(f"torch was imported: {', '.join(loaded[:3])}")
    seconds = time.monotonic() - started
    print(f"Python {sys.version.split()[0]} without torch: {len(families())} specs checked in {seconds:.0f} s in all")


def commands(folder: Path) -> None:
    command(["check", *families()])
    for name in SEVERAL:
        command(["summary", name])
        command(["source", name, "-o", str(folder / f"{name}.py")])
        compile((folder / f"{name}.py").read_text("utf-8"), name, "exec")
    for suffix in ("svg", "dot", "tikz", "drawio", "mmd", "html"):
        command(["draw", "resnet50", "-o", str(folder / f"resnet50.{suffix}")])
    command(["diff", "resnet18", "resnet34"], DIFFERENT)
    command(["list", "--family", "resnet"])
    command(["ops", "conv2d"])


def command(arguments: Sequence[str], wanted: int = 0) -> None:
    """Runs one. What it prints is shown where its exit code is not the wanted one."""
    with redirect_stdout(StringIO()) as said:
        code = run(arguments)
    if code != wanted or not (said.getvalue() or "-o" in arguments):
        raise SystemExit(f"{' '.join(arguments[:3])} ended with {code}, not {wanted}:\n{said.getvalue()[-2000:]}")


if __name__ == "__main__":
    main()
