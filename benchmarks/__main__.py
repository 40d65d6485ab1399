"""`python -m benchmarks`: every speed goal in one run.

Give `drawing`, `front`, `networks` or `sources` for one part. Exit 1 where a goal is missed.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import drawing, front, networks, sources
from benchmarks.timing import Result

PARTS = {
    "drawing": drawing.results,
    "front": front.results,
    "networks": networks.results,
    "sources": sources.results,
}


def main(parts: list[str]) -> int:
    torch.set_num_threads(1)
    print(_machine())
    found: list[Result] = []
    for part in parts or list(PARTS):
        for result in PARTS[part]():
            found.append(result)
            print(_line(result), flush=True)
    missed = [result.name for result in found if not result.met]
    print(f"{len(missed)} goals missed: {', '.join(missed)}" if missed else "every goal met")
    return 1 if missed else 0


def _line(result: Result) -> str:
    verdict = "" if not result.goal else "met" if result.met else "MISSED"
    value = f"{result.value:.3f}{result.unit}"
    return f"{result.name:<58} {value:>12}  {result.goal:<16} {verdict:<7} {result.detail}"


def _machine() -> str:
    versions = f"torch {torch.__version__}, torchvision {version('torchvision')}"
    return f"{_processor()}: Python {platform.python_version()}, {versions}, {torch.get_num_threads()} thread"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - PARTS.keys():
        sys.exit(f"unknown part {', '.join(sorted(unknown))}: give {' or '.join(PARTS)}, or nothing for all")
    sys.exit(main(sys.argv[1:]))
