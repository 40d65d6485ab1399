"""Every network that ships, as ONNX and pt2: `python -m tests.export_survey` prints the table of docs/export.md.

Each is exported in a process of its own with telling weights and a free batch; the ONNX file is run by onnxruntime, the
pt2 file by torch, at batches other than the traced one, and compared with the module. Networks too large for a machine
of everyday are taken at a small size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch
from torch import Tensor, nn

import archdsl
from archdsl import ExportReport, Graph
from archdsl_torch.trial import sample_inputs
from tests.references.parity import fill

SPECS: Final = Path(__file__).parents[1] / "specs"
BATCHES: Final = (1, 3)
"""A program is traced with a batch of 2."""
SMALLEST: Final = 1e-4
"""The error that the issue allows, of the largest number of an output or of 1."""
LARGEST: Final = 400e6
"""Parameters beyond which a language model is taken at a small size."""


@dataclass(frozen=True)
class Result:
    """What became of one network as one kind of file."""

    name: str
    target: str
    error: float | None = None
    """The largest difference, of the largest number of that output or of 1."""
    why_not: str = ""
    small: bool = False
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.error is not None and self.error <= SMALLEST


def survey(name: str, params: Mapping[str, Any], folder: Path) -> Iterator[Result]:
    """Exports one network, runs the files and compares."""
    graph = archdsl.graph(name, **params)
    module = archdsl.build(graph, init=False).eval()
    fill(module, seed=7)
    for target, runner in RUNNERS.items():
        started = time.monotonic()
        file = folder / f"{name}.{target}"
        try:
            report = archdsl.export(graph, file, module=module)
            run = runner(file)
            error = max(compared(graph, module, run, batch) for batch in batches(graph, report))
        except Exception as raised:
            error, why_not = None, " ".join(str(raised).split())
        else:
            why_not = "; ".join(report.notes)
        yield Result(name, target, error, why_not[:300], bool(params), round(time.monotonic() - started, 1))
        for each in folder.iterdir():
            each.unlink()


def batches(graph: Graph, report: ExportReport) -> tuple[int | None, ...]:
    """The batches to run; None where it is fixed."""
    free = {dim for shape in report.inputs.values() for dim in shape.split("×")}
    return BATCHES if graph.batch and free.issuperset(graph.batch) else (None,)


@torch.no_grad()
def compared(graph: Graph, module: nn.Module, run: Callable[..., dict[str, Tensor]], batch: int | None) -> float:
    """The largest difference of any output at a batch."""
    sizes = graph.sample_sizes | (dict.fromkeys(graph.batch, batch) if batch is not None else {})
    inputs = sample_inputs(graph, seed=1, sizes=sizes)
    expected, found = module(*inputs), run(dict(zip(graph.inputs, inputs, strict=True)))
    values = [each for each in (expected if isinstance(expected, tuple) else (expected,)) if each is not None]
    return max(difference(a, b) for a, b in zip(found.values(), values, strict=True))


def difference(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape and found.dtype == expected.dtype
    if not expected.numel():
        return 0.0
    apart = (found.double() - expected.double()).abs().max().item()
    return apart / max(1.0, expected.double().abs().max().item())


def onnx_runner(file: Path) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    import onnx
    from onnxruntime import InferenceSession, SessionOptions

    onnx.checker.check_model(file, full_check=True)
    options = SessionOptions()
    options.log_severity_level = 3
    session = InferenceSession(file, options)
    names = [each.name for each in session.get_outputs()]
    return lambda inputs: {
        name: torch.from_numpy(value)
        for name, value in zip(names, session.run(None, {k: v.numpy() for k, v in inputs.items()}), strict=True)
    }


def pt2_runner(file: Path) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    program = torch.export.load(file).module()

    def run(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        found = program(*inputs.values())
        return found if isinstance(found, dict) else {"output": found}

    return run


RUNNERS: Final = {"onnx": onnx_runner, "pt2": pt2_runner}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks (default: all)")
    parser.add_argument("--log", type=Path, default=Path("build/export_survey.jsonl"), help="results, gone on with")
    parser.add_argument("--timeout", type=int, default=3600, help="seconds for one network")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return _one(options.names[0])
    done = _done(options.log)
    options.log.parent.mkdir(parents=True, exist_ok=True)
    for name in options.names or sorted(path.stem for path in SPECS.glob("*.yaml")):
        for result in () if (name, "onnx") in done else _in_a_process(name, options.timeout):
            done[name, result.target] = result
            with options.log.open("a") as log:
                log.write(json.dumps(asdict(result)) + "\n")
            print(result, file=sys.stderr, flush=True)
    print(table([*done.values()]))
    return 0 if all(result.good for result in done.values()) else 1


def _one(name: str) -> int:
    with TemporaryDirectory() as folder:
        for result in survey(name, _params(name), Path(folder)):
            print(json.dumps(asdict(result)), flush=True)
    return 0


def _params(name: str) -> dict[str, Any]:
    """Those of a small size, where the network is too large."""
    if archdsl.graph(name).parameters <= LARGEST:
        return {}
    from tests.references.language_models import NETWORKS, VOCABULARY

    return next(({**each.params, "vocab_size": VOCABULARY} for each in NETWORKS if each.name == name), {})


def _in_a_process(name: str, timeout: int) -> list[Result]:
    call = [sys.executable, "-m", "tests.export_survey", name, "--one"]
    try:
        ended = subprocess.run(call, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return [Result(name, target, why_not=f"more than {timeout} s") for target in RUNNERS]
    found = [Result(**json.loads(line)) for line in ended.stdout.splitlines() if line.startswith("{")]
    last = (ended.stderr.strip().splitlines() or [f"exit {ended.returncode}"])[-1]
    return found + [Result(name, target, why_not=last) for target in [*RUNNERS][len(found) :]]


def _done(log: Path) -> dict[tuple[str, str], Result]:
    lines = log.read_text().splitlines() if log.exists() else []
    found = [Result(**json.loads(line)) for line in lines]
    return {(each.name, each.target): each for each in found}


def table(results: Sequence[Result]) -> str:
    """The results as Markdown."""
    by_name: dict[str, dict[str, Result]] = {}
    for result in results:
        by_name.setdefault(result.name, {})[result.target] = result
    lines = ["| network | ONNX | pt2 |", "| --- | --- | --- |"]
    for name, own in sorted(by_name.items()):
        small = " (small)" if any(each.small for each in own.values()) else ""
        lines.append(f"| {name}{small} | {' | '.join(_cell(own[each]) if each in own else '' for each in RUNNERS)} |")
    return "\n".join(lines)


def _cell(result: Result) -> str:
    if result.error is None:
        return f"no: {result.why_not}"
    size = "equal" if result.error == 0 else f"{result.error:.0e}"
    return f"{size}{'; ' + result.why_not if result.why_not else ''}".replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
