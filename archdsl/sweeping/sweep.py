"""What `archdsl.sweep` returns, and how it reads: as a table, CSV, JSON and a plot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from archdsl.report.measures import in_words
from archdsl.sweeping.trials import Trial
from archdsl.text.plain_text import to_json, visible
from archdsl.text.spelled import spelled

_COSTS: Final = ("Params", "MACs", "Memory")


@dataclass(frozen=True, eq=False)
class Sweep:
    """What `archdsl.sweep` returns: iterate over its trials; `str()` of it is the table."""

    trials: tuple[Trial, ...]

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def __len__(self) -> int:
        return len(self.trials)

    def __str__(self) -> str:
        return self.table()

    def _repr_svg_(self) -> str:
        return self.svg()

    @property
    def name(self) -> str:
        """The network's."""
        return next(trial.graph.name for trial in self if trial.graph is not None)

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters that are swept."""
        return tuple(self.trials[0].params)

    def table(self) -> str:
        """Columns of plain text: a line for each trial, with its first mistake where it has some."""
        timed = any(trial.latency is not None for trial in self)
        header = (*self.params, *_COSTS, *(("Latency",) if timed else ()))
        lines = [header, *(self._cells(trial, timed) for trial in self)]
        widths = [max(len(line[i]) for line in lines if i < len(line)) for i in range(len(header))]
        texts = ["  ".join(map(str.rjust, line, widths)).rstrip() for line in lines]
        told = [f"  {trial.mistakes[0].message}" if trial.graph is None else "" for trial in self]
        rows = map(str.__add__, texts[1:], told)
        return "\n".join([visible(self.name), "", *map(visible, [texts[0], "─" * len(texts[0]), *rows])])

    def csv(self) -> str:
        """A header and a line for each trial: memory in bytes, latency in seconds, the first of its mistakes."""
        from csv import writer

        text = StringIO()
        lines = writer(text, lineterminator="\n")
        lines.writerow([*self.params, "parameters", "macs", "memory", "latency", "mistake"])
        for trial in self:
            mistake = trial.mistakes[0].message if trial.graph is None else None
            values = map(spelled, trial.params.values())
            lines.writerow([*values, trial.parameters, trial.macs, trial.memory, trial.latency, mistake])
        return text.getvalue()

    def json(self) -> str:
        """The same as JSON, with every mistake."""
        return to_json({"name": self.name, "trials": [*map(_data, self)]}, indent=2) + "\n"

    def svg(self) -> str:
        """A plot of multiply-accumulates against parameters: a mark for each trial that has a graph."""
        from archdsl.sweeping.plot import plotted

        return plotted(self)

    def draw(self, file: str | os.PathLike[str]) -> Path:
        """Writes the plot; returns its path. Raises ValueError for a name that does not end in `.svg`, and OSError."""
        from archdsl.text.writing import write_files

        path = plot_path(file)
        write_files({path: self.svg().encode()})
        return path

    def _cells(self, trial: Trial, timed: bool) -> tuple[str, ...]:
        values = [*map(spelled, trial.params.values())]
        if trial.graph is None:
            return (*values, "–", "–", "–", *(("–",) if timed else ()))
        assert trial.memory is not None
        latency = () if trial.latency is None else (f"{1000 * trial.latency:.2f} ms",)
        return (*values, f"{trial.parameters:,}", f"{trial.macs:,}", in_words(trial.memory), *latency)


def plot_path(file: str | os.PathLike[str]) -> Path:
    """The path of a plot. Raises ValueError for a name that does not end in `.svg`."""
    path = Path(file)
    if path.suffix.lower() != ".svg":
        raise ValueError(f"cannot draw to `{path.name}`: expected a name that ends in .svg")
    return path


def _data(trial: Trial) -> dict[str, Any]:
    return {
        "params": dict(trial.params),
        "parameters": trial.parameters,
        "macs": trial.macs,
        "memory": trial.memory,
        "latency": trial.latency,
        "mistakes": [found.message for found in trial.mistakes] if trial.graph is None else [],
    }
