"""Every network that ships, there and back: `python -m tests.round_trip` prints the table of docs/importing.md.

Each is built, traced and compared in a process of its own. `--log FILE` keeps what was found, and goes on with it;
`--write` puts the table into the page.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import archdsl
from archdsl.document.files import shipped
from tests.round_trip.comparing import Return, round_trip
from tests.round_trip.networks import sized_down

PAGE: Final = Path(__file__).parents[2] / "docs" / "importing.md"
MARKS: Final = ("<!-- round trip -->", "<!-- /round trip -->")
_APART: Final = multiprocessing.get_context("fork")  # what is imported here is not imported again


@dataclass(frozen=True)
class Row:
    """What became of one network."""

    name: str
    why: str = ""
    but: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    params: str = ""
    """Those that it was tried at, where they are not its own."""
    nodes: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        result = "differs" if self.why else f"equal but for {' and '.join(self.but)}" if self.but else "equal"
        at = ", ".join((*([self.params] if self.params else []), *self.fixed))
        return f"| `{self.name}` | {result} | {_cell(at)} | {self.nodes} | {_cell(self.why)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks (default: all)")
    parser.add_argument("--log", type=Path, default=Path("build/round_trip.jsonl"), help="results, gone on with")
    parser.add_argument("--free", action="store_true", help="trace with all sizes free, and not the batch alone")
    parser.add_argument("--limit", type=int, default=1200, help="seconds for each")
    parser.add_argument("--write", action="store_true", help="put what the log has into the page")
    call = parser.parse_args()
    done = _read(call.log)
    call.log.parent.mkdir(parents=True, exist_ok=True)
    for name in call.names or sorted(path.stem for path in shipped()):
        if name not in done:
            done[name] = _apart(name, call.free, call.limit)
            with call.log.open("a") as log:
                log.write(json.dumps(asdict(done[name])) + "\n")
        print(done[name], flush=True)
    if call.write:
        before, rest = PAGE.read_text().split(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n\n{table([*done.values()])}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}")
    sys.exit(any(row.why for row in done.values()))


def table(rows: Sequence[Row]) -> str:
    """The rows by name, below how many there are of each kind."""
    equal = [row for row in rows if not row.why]
    whole = sum(not row.but for row in equal)
    count = f"{len(equal)} of {len(rows)} come back, {whole} of them with all that they say."
    head = "| network | result | at | nodes | why |\n| --- | --- | --- | --- | --- |"
    left = sorted({path.stem for path in shipped()} - {row.name for row in rows})
    end = ["", f"Not tried yet: {', '.join(f'`{name}`' for name in left)}."] if left else []
    return "\n".join((count, "", head, *map(str, sorted(rows, key=lambda row: row.name)), *end))


def _apart(name: str, free: bool, limit: int) -> Row:
    ours, theirs = _APART.Pipe(duplex=False)
    process = _APART.Process(target=_one, args=(name, free, theirs))
    process.start()
    theirs.close()
    try:
        found: Row = ours.recv() if ours.poll(limit) else Row(name, f"it takes longer than {limit} s")
    except EOFError:
        found = Row(name, "its process ended")
    process.kill()
    process.join()
    return found


def _one(name: str, free: bool, answer: Connection) -> None:
    warnings.simplefilter("ignore")
    began, params = time.perf_counter(), sized_down(name)
    graph = archdsl.graph(name, **params)
    try:
        found = round_trip(graph, free=free)
    except Exception as error:
        found = Return(f"{type(error).__name__}: {error}")
    answer.send(
        Row(name, found.why, found.but, found.fixed, _said(params), len(graph.nodes), time.perf_counter() - began)
    )


def _said(params: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in params.items())


def _cell(text: str) -> str:
    """Text in a table of Markdown, cut where it is long."""
    line = re.sub(r"\s+", " ", text).replace("|", "\\|")
    return line if len(line) <= 200 else f"{line[:199]}…"


def _read(log: Path) -> dict[str, Row]:
    lines = log.read_text().splitlines() if log.exists() else []
    found = [json.loads(line) for line in lines]
    return {each["name"]: Row(**{**each, "but": tuple(each["but"]), "fixed": tuple(each["fixed"])}) for each in found}


if __name__ == "__main__":
    main()
