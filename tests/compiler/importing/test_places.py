"""The tree of modules, and the names in it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import archdsl
from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import same


class Scale(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.randn(size))
        self.register_buffer("offset", torch.randn(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gamma + self.offset


class Residual(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.layers = nn.Sequential(nn.Linear(size, 2 * size), nn.ReLU(inplace=True), nn.Linear(2 * size, size))
        self.scale = Scale(size)
        self.add = nn.ReLU()  # a name that a sum would like to have

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.scale(self.layers(self.norm(x)))
        return self.add(self.add(x) - 1)


class Whole(nn.Module):
    """Lists of modules, a shared one, weights that functions read, two inputs and outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Residual(6) for _ in range(2))
        self.shared = nn.Linear(6, 6)
        self.weight = nn.Parameter(torch.randn(4, 6))
        self.head = nn.ModuleDict({"first": nn.Linear(4, 3)})

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        for block in self.blocks:
            x = block(x)
        y = self.shared(y)
        x = self.shared(x)
        x += y
        return self.head["first"](F.linear(x, self.weight)), y.flatten(1)


def test_the_tree_of_modules_is_the_spec_s() -> None:
    text = same(Whole(), (5, 6), (5, 6))
    assert "shared_1: {share: shared, from: blocks.1}" in text
    assert "x: [N, T = 5, 6]" in text


class Named(nn.ModuleDict):
    """Modules of any names, each run twice, in formulas."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for module in self.values():
            x = module(x) + 2 * x - module(x)
        return x


@pytest.mark.parametrize("name", ["0", "norm-1", "add", "exp", "N", "share", "value_0"])
@pytest.mark.parametrize("module", [nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU())])
def test_a_name_that_a_formula_reads_otherwise(name: str, module: nn.Module) -> None:
    same(Named({name: module, "last": nn.Linear(4, 4)}), (4,))
    same(nn.Sequential(Named({name: module})), (4,))


@pytest.mark.parametrize(
    ("name", "told"), [("lambda", "a keyword of Python"), ("a b", "is not a name"), ("1e5", "is not a name")]
)
def test_a_name_that_no_node_has_is_told(name: str, told: str) -> None:
    for module in (nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU())):
        with pytest.raises(ModuleError, match=told):
            spec_of(Named({name: module}), [torch.randn(2, 4)])


class Heads(nn.Module):
    """Modules in a dictionary, by keywords of Python."""

    def __init__(self) -> None:
        super().__init__()
        inner = nn.ModuleDict({"is": nn.Linear(4, 4)})
        within = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.heads = nn.ModuleDict({"class": nn.Linear(4, 4), "in": within, "for": inner, "lambda": nn.BatchNorm1d(4)})
        self.scales = nn.ParameterDict({"if": nn.Parameter(torch.randn(4))})

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        parts = self.heads["class"](x) * self.scales["if"], self.heads["in"](x), self.heads["for"]["is"](x).exp() / x
        return {"first": parts[0], "rest": self.heads["lambda"](parts[1] + parts[2])}


def test_a_keyword_is_a_key_of_a_dictionary() -> None:
    text = same(Heads(), (4,))
    assert "heads.class:" in text
    assert same(nn.Sequential(Heads()), (4,))
    graph = archdsl.graph(archdsl.loads(text))
    again = archdsl.Graph.from_json(graph.to_json())
    assert not archdsl.diff(graph, again)
    assert not archdsl.diff(graph, archdsl.graph(archdsl.loads(archdsl.spec(graph))))


def test_a_name_that_every_scope_has() -> None:
    same(Named({"input": nn.Linear(4, 4)}), (4,))
    same(nn.Sequential(Named({"input": nn.Linear(4, 4)})), (4,))
    with pytest.raises(ModuleError, match="a module runs again where its name `0` is another's"):
        spec_of(Named({"input": nn.Sequential(nn.Linear(4, 4), nn.ReLU())}), [torch.randn(2, 4)])


class Handed(nn.Module):
    """What a module has is read by another one that stands in it, and by a list beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.randn(4))
        self.inner = nn.Sequential(Scaled(), Scaled())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner[1](self.inner[0](x + 1, self.position), self.position)


class Scaled(nn.Module):
    def forward(self, x: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
        return (x * position).relu()


def test_a_tensor_that_another_module_reads_stands_with_its_own() -> None:
    text = same(nn.Sequential(Handed(), nn.Linear(4, 2)), (3, 4))
    assert text.index("position:") < text.index("mul:")


class Repeated(nn.Module):
    """A module with others in it runs twice: the last of these gives its value."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4, batch_first=True))
        self.outer = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 4)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(2):
            x = self.outer(x)
        return self.inner(self.inner(x)[0])[0]


def test_the_last_layer_of_a_module_that_runs_again_is_shared_and_not_the_module() -> None:
    text = same(Repeated(), (3, 4))
    assert "{share: outer.1.1, " in text
