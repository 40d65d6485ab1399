"""The Python API: what each function takes, returns and raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl

BROKEN = "archdsl: 1\nname: broken\ninputs: {x: [N, 4]}\nnodes:\n  a: {op: linear, out_featurs: 3}\n  b: reluu\n"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    return path


def test_everything_public_is_there() -> None:
    for name in archdsl.__all__:
        assert getattr(archdsl, name).__doc__ or name == "__version__"
    with pytest.raises(AttributeError, match="no attribute 'grahp'"):
        _ = archdsl.grahp  # type: ignore[attr-defined]


def test_load_gives_the_document_with_what_it_extends() -> None:
    document = archdsl.load("resnet50")
    assert document.name == "resnet50"
    assert document.params["layers"] == [3, 4, 6, 3]
    assert "bottleneck" in document.blocks


def test_load_raises_mistakes_of_form(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("archdsl: 1\nnam: x\nnodes: {a: relu}\n")
    with pytest.raises(archdsl.SpecError, match="did you mean `name`"):
        archdsl.load(tmp_path / "a.yaml")


def test_check_returns_every_mistake_in_order(broken: Path) -> None:
    found = archdsl.check(broken)
    assert [(each.code, each.span.line) for each in found if each.span] == [
        ("unknown-field", 5),
        ("unknown-op", 6),
    ]
    assert archdsl.check("lenet5") == []


def test_graph_raises_what_check_returns_with_the_lines(broken: Path) -> None:
    with pytest.raises(archdsl.SpecError) as caught:
        archdsl.graph(broken)
    assert list(caught.value.diagnostics) == archdsl.check(broken)
    assert "  a: {op: linear, out_featurs: 3}" in str(caught.value)


@pytest.mark.parametrize("function", [archdsl.build, archdsl.source, archdsl.summary])
def test_every_function_raises_for_a_bad_spec(broken: Path, function: object) -> None:
    with pytest.raises(archdsl.SpecError, match="did you mean `relu`"):
        function(broken)  # type: ignore[operator]


def test_params_and_sizes() -> None:
    net = archdsl.graph("resnet18", num_classes=7, sizes={"x.H": 64})
    assert net.outputs["output"].type.shape[1] == 7
    assert net.sample_sizes["H"] == 64


def test_a_wrong_param_is_a_spec_error() -> None:
    with pytest.raises(archdsl.SpecError, match="did you mean `num_classes`"):
        archdsl.graph("resnet18", num_clases=7)


def test_a_graph_is_a_spec_as_well() -> None:
    net = archdsl.graph("lenet5")
    assert archdsl.graph(net) is net
    assert archdsl.source(net) == archdsl.source("lenet5")
    assert str(archdsl.summary(net)) == str(archdsl.summary("lenet5"))
    with pytest.raises(TypeError, match="set when a graph is made"):
        archdsl.graph(net, num_classes=3)


def test_build_takes_seed_dtype_and_device() -> None:
    import torch

    weights = [archdsl.build("lenet5", seed=seed).c1.weight for seed in (1, 1, 2)]  # type: ignore[union-attr]
    assert torch.equal(weights[0], weights[1])  # type: ignore[arg-type]
    assert not torch.equal(weights[0], weights[2])  # type: ignore[arg-type]
    model = archdsl.build("lenet5", dtype=torch.float64, device="meta")
    assert {(p.dtype, p.device.type) for p in model.parameters()} == {(torch.float64, "meta")}


def test_a_seed_leaves_torchs_generator_alone() -> None:
    import torch

    state = torch.get_rng_state()
    archdsl.build("lenet5", seed=5)
    assert torch.equal(torch.get_rng_state(), state)


def test_draw_returns_the_path(tmp_path: Path) -> None:
    path = archdsl.draw("lenet5", tmp_path / "net.svg")
    assert path == tmp_path / "net.svg"
    assert b"<svg" in path.read_bytes()


def test_draw_takes_what_the_command_takes(tmp_path: Path) -> None:
    path = archdsl.draw(
        "resnet18", tmp_path / "net.dot", depth=1, expand="layer1.0", collapse=["layer2"], direction="LR",
        style="print", counts=False, batch=True, title="Ours",
    )  # fmt: skip
    text = path.read_text("utf-8")
    said = ["layer1.0.conv1", "rankdir=LR", "N×64×56×56", "<B>Ours</B>"]
    assert [each for each in said if each not in text] == []
    assert "params" not in text
    assert "layer2.0" not in archdsl.draw("resnet18", path, only="layer1").read_text("utf-8")


@pytest.mark.parametrize("option", [{"direction": "up"}, {"style": "neon"}, {"depth": 0}, {"expand": ["stem"]}])
def test_draw_refuses_what_there_is_not(tmp_path: Path, option: dict[str, Any]) -> None:
    from archdsl.diagram import DrawingError

    with pytest.raises(DrawingError):
        archdsl.draw("resnet18", tmp_path / "net.dot", **option)
    assert list(tmp_path.iterdir()) == []


def test_the_functions_survive_the_import_of_modules_of_their_names() -> None:
    import archdsl.graph
    import archdsl.summary

    assert callable(archdsl.graph)
    assert callable(archdsl.summary)


def test_a_notebook_shows_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl import diagram

    net = archdsl.graph("lenet5")
    shown = net._repr_svg_()
    assert shown is not None
    assert "<svg" in shown

    def fail(*_: object) -> str:
        raise diagram.DrawingError("no Graphviz")

    monkeypatch.setattr(diagram, "figure_svg", fail)
    assert net._repr_svg_() is None
    assert "| `c1` |" in archdsl.summary(net)._repr_markdown_()
