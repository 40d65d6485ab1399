"""Every network that ships, as ONNX and pt2: `python -m tests.export_survey` prints the table of docs/export.md.

Each is exported with telling weights and a free batch; the ONNX file is run by onnxruntime, the pt2 file by torch, at
batches other than the traced one, and compared with the module. Networks too large for a machine of everyday are taken
at a small size, and images that take long are smaller. A few networks share a process, and one that ends it is told.
`--write` puts the table between the page's markers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

import archdsl
from archdsl import ExportReport, Graph
from archdsl_torch.trial import sample_inputs
from tests.references.parity import calibrate, fill

SPECS: Final = Path(__file__).parents[1] / "specs"
BATCHES: Final = (1, 3)
"""A program is traced with a batch of 2."""
SMALLEST: Final = 1e-4
"""The error that the issue allows, of the largest number of an output or of 1."""
LARGEST: Final = 400e6
"""Parameters beyond which a language model is taken at a small size."""
LONGEST: Final = 20e9
"""Multiply-accumulates of an image beyond which it is smaller, where the network takes others."""
SIDES: Final = (256, 252, 188, 128)
"""Of smaller images, the first with which a network can be built that takes no longer."""
TOGETHER: Final = 6
"""Networks of one process: it takes seconds to begin."""
PAGE: Final = Path(__file__).parents[1] / "docs" / "export.md"
BEGIN: Final = "<!-- surveyed -->"
END: Final = "<!-- /surveyed -->"


@dataclass(frozen=True)
class Result:
    """What became of one network as one kind of file."""

    name: str
    target: str
    error: float | None = None
    """The largest difference, of the largest number of that output or of 1."""
    why_not: str = ""
    small: str = ""
    """What was said of a size other than the spec's."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.error is not None and self.error <= SMALLEST


def survey(
    name: str, params: Mapping[str, Any], folder: Path, sizes: Mapping[str, int] | None = None
) -> Iterator[Result]:
    """Exports one network, runs the files and compares."""
    graph = archdsl.graph(name, sizes=sizes, **params)
    small = ", ".join(f"{key} = {value}" for key, value in (sizes or {}).items()) or ("small" if params else "")
    module = filled(graph)
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
        yield Result(name, target, error, why_not[:300], small, round(time.monotonic() - started, 1))
        for each in folder.iterdir():
            each.unlink()


def filled(graph: Graph) -> nn.Module:
    """The network with telling weights, in evaluation mode.

    What rounding does to float32 grows from layer to layer where half of all units are cut off by a ReLU, to 4e-4 in
    Inception-v4; with more of them open it stays near 1e-5.
    """
    module = archdsl.build(graph, init=False).eval()
    fill(module, seed=7)
    with torch.no_grad():
        for each in module.modules():
            if isinstance(each, _BatchNorm):
                each.bias += 1
    calibrate(module, *sample_inputs(graph, seed=2, sizes=graph.sample_sizes | dict.fromkeys(graph.batch, 4)))
    return module


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
    parser.add_argument("--write", action="store_true", help="write the table into docs/export.md")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.log.parent.mkdir(parents=True, exist_ok=True)
    names = options.names or sorted(path.stem for path in SPECS.glob("*.yaml"))
    if options.here:
        return _here(names, options.log)
    while left := [name for name in names if not _done(options.log).keys() >= {(name, each) for each in RUNNERS}]:
        _in_a_process(left[:TOGETHER], options.log, options.timeout)
    results = [*_done(options.log).values()]
    if options.write:
        write(results)
    print(table(results))
    return 0 if all(result.good for result in results) else 1


def _here(names: Sequence[str], log: Path) -> int:
    for name in names:
        with TemporaryDirectory() as folder:
            for result in survey(name, _params(name), Path(folder), _sizes(name)):
                _tell(result, log)
    return 0


def _tell(result: Result, log: Path) -> None:
    with log.open("a") as file:
        file.write(json.dumps(asdict(result)) + "\n")
    print(result, file=sys.stderr, flush=True)


def _params(name: str) -> dict[str, Any]:
    """Those of a small size, where the network is too large."""
    if archdsl.graph(name).parameters <= LARGEST:
        return {}
    from tests.references.language_models import NETWORKS, VOCABULARY

    return next(({**each.params, "vocab_size": VOCABULARY} for each in NETWORKS if each.name == name), {})


def _sizes(name: str) -> dict[str, int]:
    """Those of smaller images, where the spec's take long."""
    graph = archdsl.graph(name)
    if graph.macs <= LONGEST or not {"H", "W"} <= graph.sample_sizes.keys():
        return {}
    for side in SIDES:
        with suppress(archdsl.SpecError):
            if archdsl.graph(name, sizes={"H": side, "W": side}).macs <= LONGEST:
                return {"H": side, "W": side}
    return {}


def _in_a_process(names: Sequence[str], log: Path, timeout: int) -> None:
    """Surveys the networks until one ends the process, which is told of the first that is not done."""
    call = [sys.executable, "-W", "ignore", "-m", "tests.export_survey", *names, "--here", "--log", str(log)]
    try:
        ended = subprocess.run(call, stderr=subprocess.PIPE, text=True, timeout=timeout * len(names), check=False)
        last = (ended.stderr.strip().splitlines() or [f"exit {ended.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        last = f"more than {timeout} s"
    missing = [(name, each) for name in names for each in RUNNERS if (name, each) not in _done(log)]
    for name, target in missing:
        if name == missing[0][0]:
            _tell(Result(name, target, why_not=last), log)


def _done(log: Path) -> dict[tuple[str, str], Result]:
    lines = log.read_text().splitlines() if log.exists() else []
    found = [Result(**json.loads(line)) for line in lines]
    return {(each.name, each.target): each for each in found}


def write(results: Sequence[Result]) -> None:
    """Puts the table between the page's markers."""
    import onnxruntime

    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    date = time.strftime("%d %B %Y").lstrip("0")
    versions = f"On {date}, with torch {torch.__version__.partition('+')[0]} and onnxruntime {onnxruntime.__version__}:"
    PAGE.write_text(f"{before}{BEGIN}\n\n{versions}\n\n{table(results)}\n\n{END}{rest.split(END)[1]}", "utf-8")


def table(results: Sequence[Result]) -> str:
    """The results as Markdown."""
    by_name: dict[str, dict[str, Result]] = {}
    for result in results:
        by_name.setdefault(result.name, {})[result.target] = result
    lines = ["| network | ONNX | pt2 |", "| --- | --- | --- |"]
    for name, own in sorted(by_name.items()):
        (small,) = {each.small for each in own.values()}
        cells = [_cell(own[each]) if each in own else "" for each in RUNNERS]
        lines.append(f"| {' | '.join([f'{name} ({small})' if small else name, *cells])} |")
    return "\n".join(lines)


def _cell(result: Result) -> str:
    if result.error is None:
        return f"no: {result.why_not}"
    size = "equal" if result.error == 0 else f"{result.error:.0e}"
    return f"{size}{'; ' + result.why_not if result.why_not else ''}".replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
