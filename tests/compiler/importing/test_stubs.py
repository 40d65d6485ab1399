"""Calls that no op says: the rest is written around them, with a stub at their place."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.cli.tiny import Cli
from tests.compiler.importing.support import Of


class Inverse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(4))

    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.inv(x[..., None] * self.weight)


class Spectrum(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        _, values, vectors = torch.linalg.svd(x)
        return values, vectors.argmax(-1)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 4)
        self.inverse = Inverse()
        self.spectrum = Spectrum()
        self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        values, places = self.spectrum(self.inverse(self.first(x)))
        return self.last(values), places


def test_the_rest_is_written_around_a_stub() -> None:
    module, images = Net(), torch.randn(2, 6)
    graph = archdsl.from_module(module, images, holes=True)
    stubs = {node.path: node for node in graph.nodes if node.op.unwritten}
    assert [*stubs] == ["inverse.linalg_inv", "spectrum.linalg_svd"]
    assert [str(type) for type in stubs["spectrum.linalg_svd"].types] == ["N×4×4", "N×4", "N×4×4"]
    assert stubs["inverse.linalg_inv"].fields["stands_for"].startswith("aten.linalg_inv.default (")
    assert {path for node in graph.nodes for path in node.tensor_paths()} == {*module.state_dict()}
    assert [str(value.type) for value in graph.outputs.values()] == ["N×3", "N×4"]
    assert "2 parts are not written" in str(archdsl.summary(graph))


def test_it_is_asked_for_in_python() -> None:
    with pytest.raises(archdsl.ModuleError) as error:
        archdsl.from_module(Net(), torch.randn(2, 6))
    first, second = str(error.value).splitlines()
    assert first.startswith("`inverse` (")
    assert first.endswith("Inverse): aten.linalg_inv.default: the language has no such op")
    assert second.startswith("`spectrum` (")


def test_a_kernel_of_ones_own() -> None:
    @torch.library.custom_op("archdsl_tests::kernel", mutates_args=())
    def kernel(x: Tensor, count: int) -> Tensor:
        return x.clone()

    @kernel.register_fake
    def _(x: Tensor, count: int) -> Tensor:
        return torch.empty_like(x)

    graph = archdsl.from_module(Of(lambda x: kernel(x.relu(), 3).tanh()), torch.randn(2, 5), holes=True)
    assert [node.op.name for node in graph.nodes] == ["relu", "stub", "tanh"]
    assert graph.nodes[1].fields["stands_for"].startswith("archdsl_tests.kernel.default (")


def test_what_no_stub_can_stand_for() -> None:
    with pytest.raises(archdsl.ModuleError, match=r"aten\.nonzero\.default: `u0` is no whole number"):
        archdsl.from_module(Of(lambda x: x.nonzero()), torch.randn(2, 5), holes=True)
    with pytest.raises(archdsl.ModuleError, match=r"aten\.fft_fft"):
        archdsl.from_module(Of(lambda x: torch.fft.fft(x).real), torch.randn(2, 5), holes=True)


def test_what_is_drawn_and_what_is_not_built(tmp_path: Path) -> None:
    module, images = Net(), torch.randn(2, 6)
    text = archdsl.draw(module, tmp_path / "net.dot", inputs=images, depth=3).read_text()
    assert "dashed" in text
    assert "dashed" not in archdsl.draw("lenet5", tmp_path / "other.dot").read_text()
    for function in (archdsl.source, archdsl.build):
        with pytest.raises(archdsl.UnwrittenError) as error:
            function(module, inputs=images)
        assert len(str(error.value).splitlines()) == 3
        assert "it takes N×4×4 and gives N×4×4" in str(error.value)


def test_the_command_writes_it_and_says_so(archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    net = "tests.compiler.importing.test_stubs:Net"
    code, output, error = archdsl_cli("import", net, "--input", "2,6", "-o", "net.yaml")
    assert (code, output) == (1, "")
    assert "`inverse.linalg_inv`: aten.linalg_inv.default (" in error
    assert archdsl.graph("net.yaml").parameters == 6 * 4 + 4 + 16 + 15
    assert archdsl_cli("draw", net, "--input", "2,6", "-o", "net.dot")[0] == 0
    code, output, error = archdsl_cli("source", "net.yaml")
    assert (code, output) == (1, "")
    assert "`net` has 2 parts to be written before a module or source can be made" in error
    assert "Traceback" not in error
