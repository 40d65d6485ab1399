"""`python -m benchmarks`: every speed goal in one run; writes `benchmarks/results.json`.

Give `front` or `networks` for one half. Exit 1 where a goal is missed.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import front, networks
from benchmarks.timing import Result

PARTS = {"front": front.results, "networks": networks.results}
FILE = Path(__file__).with_name("results.json")


def main(parts: list[str]) -> int:
    torch.set_num_threads(1)
    found: list[Result] = []
    for part in parts or list(PARTS):
        for result in PARTS[part]():
            found.append(result)
            print(_line(result), flush=True)
    if not parts:
        FILE.write_text(json.dumps(_report(found), indent=2) + "\n", encoding="utf-8")
    missed = [result.name for result in found if not result.met]
    print(f"{len(missed)} goals missed: {', '.join(missed)}" if missed else "every goal met")
    return 1 if missed else 0


def _line(result: Result) -> str:
    verdict = "" if not result.goal else "met" if result.met else "MISSED"
    value = f"{result.value:.3f}{result.unit}"
    return f"{result.name:<58} {value:>12}  {result.goal:<16} {verdict:<7} {result.detail}"


def _report(found: list[Result]) -> dict[str, object]:
    machine = {
        "processor": _processor(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
        "threads": torch.get_num_threads(),
    }
    return {"machine": machine, "results": [{**asdict(r), "met": r.met} for r in found]}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - PARTS.keys():
        sys.exit(f"unknown part {', '.join(sorted(unknown))}: give {' or '.join(PARTS)}, or nothing for both")
    sys.exit(main(sys.argv[1:]))
