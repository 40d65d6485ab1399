"""Imports many networks, each in a process of its own, and prints a table of what became of them."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import warnings
from multiprocessing.connection import Connection

import torch

from tests.importing_survey.networks import COLLECTIONS, Network
from tests.importing_survey.proof import Verdict, verdict
from tests.references.parity import undrawn

GIGABYTES = 12
_APART = multiprocessing.get_context("fork")  # what is imported here is not imported again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", choices=COLLECTIONS)
    parser.add_argument("names", nargs="*", help="of the collection's networks, all otherwise")
    parser.add_argument("--limit", type=int, default=600, help="seconds for each")
    call = parser.parse_args()
    networks = COLLECTIONS[call.collection]
    print(f"| {call.collection} | result | nodes | lines | free sizes | why not |\n|{' --- |' * 6}", flush=True)
    wrong = False
    for name in call.names or networks:
        found = apart(networks[name], call.limit)
        why = "; ".join(dict.fromkeys(found.why.splitlines())).replace("|", "\\|")
        print(f"| `{name}` | {found.result} | {found.nodes} | {found.lines} | {found.free} | {why} |", flush=True)
        print(f"{name}: {found.seconds:.1f} s", file=sys.stderr, flush=True)
        wrong |= found.result in ("differs", "failed")
    sys.exit(wrong)


def apart(network: Network, limit: int) -> Verdict:
    """The verdict of a process of its own, which may take so many seconds."""
    ours, theirs = _APART.Pipe(duplex=False)
    process = _APART.Process(target=_one, args=(network, theirs))
    process.start()
    theirs.close()
    try:
        found: Verdict = ours.recv() if ours.poll(limit) else Verdict("failed", f"it takes longer than {limit} s")
    except EOFError:
        found = Verdict("failed", "its process ended")
    process.kill()
    process.join()
    return found


def _one(network: Network, answer: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))
    warnings.simplefilter("ignore")
    try:
        with undrawn(), torch.no_grad():
            made = network()
        answer.send(verdict(*made))
    except Exception as error:
        answer.send(Verdict("failed", f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
