"""How many instructions this checkout takes in units of another's: `python -m benchmarks.instructions BASE`.

Valgrind counts them, so that what else the machine does changes nothing: two counts differ by less than 0.1 %. Each
thing is counted in both checkouts, in processes of their own, and a process that only sets it up is taken off.
Exit 1 where one takes more than `AT_MOST` times BASE's.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from compileall import compile_dir
from dataclasses import dataclass
from pathlib import Path
from typing import Final

AT_MOST: Final = 1.03
HERE: Final = Path(__file__).parents[1]
NETWORKS: Final = ("resnet50", "resnet152", "swin_t", "vit_b_16", "efficientnet_b0")
GRAPHS: Final = f"import archdsl; graphs = [archdsl.graph(name) for name in {NETWORKS}]"
VALGRIND: Final = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


@dataclass(frozen=True)
class Thing:
    """What is counted: `action`, after `setup`. A warm one has been done once before."""

    name: str
    setup: str
    action: str
    warm: bool = True

    def count(self, checkout: Path) -> int:
        """The instructions of the action alone."""
        setup = f"{self.setup}\n{self.action}\n" if self.warm else f"{self.setup}\n"
        return _count(checkout, setup + self.action) - _count(checkout, setup)


THINGS: Final = (
    Thing("import archdsl, cold", "", "import archdsl", warm=False),
    Thing(
        "archdsl check resnet50, cold",
        "import sys; sys.argv = ['archdsl', 'check', 'specs/resnet50.yaml']",
        "from archdsl.__main__ import main; main()",
        warm=False,
    ),
    Thing(
        "read, check and elaborate five networks, warm",
        "import archdsl",
        f"for name in {NETWORKS}: archdsl.graph(name)",
    ),
    Thing(
        "the same, for the first time in a process",
        "import archdsl; archdsl.graph('alexnet')",
        f"for name in {NETWORKS}: archdsl.graph(name)",
        warm=False,
    ),
    Thing(
        "read 20,000 lines of YAML",
        "import archdsl; from benchmarks.loader import spec; from pathlib import Path; from tempfile import mkdtemp; "
        "file = Path(mkdtemp(), 'spec.yaml'); "
        "file.write_text('archdsl: 1\\nname: long\\ninputs: {x: [N, 4]}\\n' + spec())",
        "archdsl.load(file)",
    ),
    Thing(
        "print the sources of five networks, warm",
        f"{GRAPHS}; from archdsl_torch import source",
        "for graph in graphs: source(graph)",
    ),
    Thing(
        "build five networks on meta",
        f"{GRAPHS}; from archdsl_torch import build; build(archdsl.graph('alexnet'), device='meta')",
        "for graph in graphs: build(graph, device='meta')",
        warm=False,
    ),
)


def main(base: Path) -> int:
    for checkout in (base, HERE):
        for package in ("archdsl", "compiler"):
            compile_dir(checkout / package, quiet=1)  # else a start would count Python's compiler
    ratios: list[float] = []
    for thing in THINGS:
        before, now = thing.count(base), thing.count(HERE)
        ratios.append(now / before)
        counts = f"{now / 1e6:,.1f} against {before / 1e6:,.1f} million"
        print(f"{thing.name:<50} {ratios[-1]:.3f}  {counts}", flush=True)
    return int(max(ratios) > AT_MOST)


def _count(checkout: Path, code: str) -> int:
    """The instructions of one Python process."""
    path = os.pathsep.join(map(str, (checkout, checkout / "compiler")))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*VALGRIND, sys.executable, "-c", code],
        cwd=checkout,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    (told,) = re.findall(r"I\s+refs:\s+([\d,]+)", done.stderr)
    return int(told.replace(",", ""))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("name the folder of the other checkout")
    sys.exit(main(Path(sys.argv[1]).resolve()))
