"""Imports many networks, each in a process of its own, and prints a table of what became of them."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import warnings
from dataclasses import asdict

from tests.importing_survey import networks
from tests.importing_survey.proof import Verdict, verdict

GIGABYTES = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", choices=networks.COLLECTIONS)
    parser.add_argument("names", nargs="*", help="of the collection's networks, all otherwise")
    parser.add_argument("--one", action="store_true", help="in this process, as JSON")
    parser.add_argument("--limit", type=int, default=300, help="seconds for each")
    call = parser.parse_args()
    collection = networks.COLLECTIONS[call.collection]
    if call.one:
        warnings.simplefilter("ignore")
        print(json.dumps(asdict(verdict(*collection[call.names[0]]()))))
        return
    for name in call.names or collection:
        found = apart(call.collection, name, call.limit)
        why = "; ".join(dict.fromkeys(found.why.splitlines()))
        print(f"| {name} | {found.result} | {found.nodes} | {found.lines} | {found.seconds:.1f} | {why} |", flush=True)


def apart(collection: str, name: str, limit: int) -> Verdict:
    """The verdict of a process of its own, which may take so many seconds."""
    command = [sys.executable, "-m", "tests.importing_survey", collection, name, "--one"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False,
                               preexec_fn=_bounded, env=os.environ)  # fmt: skip
    except subprocess.TimeoutExpired:
        return Verdict("failed", f"it takes longer than {limit} s")
    if ended.returncode:
        return Verdict("failed", ended.stderr.strip().splitlines()[-1])
    return Verdict(**json.loads(ended.stdout.splitlines()[-1]))


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))


if __name__ == "__main__":
    main()
