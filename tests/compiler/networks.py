"""Small specs, one for every construct that the compiler must print: the files under `constructs`.

- `general`: blocks, containers, ports, constants, modes and what else the language has;
- `loops`: loops over time, in every way in which they meet the rest of the language;
- `passed`: sizes of the network around, which a class's forward is given as numbers;
- `outputs`: one value under several names, beside uses where the values differ;
- `stacks`: layers of one list that run one after another and read more than the one before;
- `varied`: instances that differ in what decides what is printed: names, sizes, lists, initialisers;
- `random`: those that draw numbers when they train: their sources are compared, what they compute is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("constructs")
HEAD: Final = "archdsl: 1\nname: net\n"


def texts(folder: str) -> dict[str, str]:
    """The specs of one folder by the names of their files, without their first two lines."""
    files = sorted((FOLDER / folder).glob("*.yaml"))
    return {file.stem.replace("_", " "): file.read_text("utf-8").removeprefix(HEAD) for file in files}


NETWORKS: Final = {
    name: text
    for folder in ("general", "loops", "outputs", "passed", "stacks", "varied")
    for name, text in texts(folder).items()
}
RANDOM: Final = texts("random")
