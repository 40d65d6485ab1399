"""The Python API: what each function takes, returns and raises."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from tests.compiler.verifying.support import SPEC, Port

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


def test_one_value_of_a_table() -> None:
    wide = archdsl.graph("mobilenet_v2", **{"stages.1.out": 32})
    assert wide.params["stages"][1]["out"] == 32
    assert "archdsl source mobilenet_v2 -p stages.1.out=32\n" in archdsl.source(wide)
    with pytest.raises(archdsl.SpecError, match=r"no `oot` in `stages\.1`"):
        archdsl.graph("mobilenet_v2", **{"stages.1.oot": 32})


def test_a_size_counts_whichever_input_it_names(tmp_path: Path) -> None:
    """Of two inputs with one dimension the second one's default won, and what no input has was passed over."""
    spec = tmp_path / "net.yaml"
    spec.write_text("archdsl: 1\ninputs: {x: [N, H = 8], y: [N, H = 8]}\nnodes: {a: = x + y}\n")
    for name in ("H", "x.H", "y.H"):
        assert archdsl.graph(spec, sizes={name: 4}).sample_sizes["H"] == 4
    for wrong, message in {
        "z.H": "no dimension `z.H` to give a size", "x.y.H": "no dimension `x.y.H`", "H.": "no dimension `H.`",
    }.items():  # fmt: skip
        with pytest.raises(archdsl.SpecError, match=message):
            archdsl.graph(spec, sizes={wrong: 4})
    with pytest.raises(archdsl.SpecError, match=r"size `y\.H` is 5, and `x\.H` is 4"):
        archdsl.graph(spec, sizes={"x.H": 4, "y.H": 5})


@pytest.mark.parametrize("sizes", [{"H": "4"}, {"H": 2.0}, {"H": None}, {1: 2}, {"H": 2**63}])
def test_what_is_no_size_is_told_once(sizes: dict[str, int]) -> None:
    (found,) = archdsl.check("resnet18", sizes=sizes)
    assert found.message.startswith(f"size `{next(iter(sizes))}`: ")


def test_a_list_that_holds_itself_is_a_spec_error() -> None:
    within: list[object] = []
    within.append(within)
    with pytest.raises(archdsl.SpecError, match="`layers`: lists and mappings nest more than 100 deep"):
        archdsl.graph("resnet18", layers=within)


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


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, "a"])
def test_a_seed_that_torch_does_not_take(seed: Any) -> None:
    with pytest.raises(ValueError, match=r"a seed is a whole number from -\(2 \*\* 63\) to 2 \*\* 64 - 1, found"):
        archdsl.build("lenet5", seed=seed)


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
    from archdsl.figure.errors import DrawingError

    with pytest.raises(DrawingError):
        archdsl.draw("resnet18", tmp_path / "net.dot", **option)
    assert list(tmp_path.iterdir()) == []


def test_no_module_hides_a_public_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(archdsl.__path__)}
    assert "elaboration" in modules
    assert modules.isdisjoint(archdsl.__all__)


def test_a_notebook_shows_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl import formats

    net = archdsl.graph("lenet5")
    shown = net._repr_svg_()
    assert shown is not None
    assert "<svg" in shown

    def fail(*_: object, **__: object) -> str:
        raise formats.DrawingError("no Graphviz")

    monkeypatch.setattr(formats, "figure_svg", fail)
    assert net._repr_svg_() is None
    assert "| `c1` |" in archdsl.summary(net)._repr_markdown_()


def test_a_notebook_shows_the_figure_as_it_is_asked_for() -> None:
    net = archdsl.graph("lenet5")
    shown = net.figure(title="Digits", style="dark")._repr_svg_()
    assert "Digits" in shown
    assert "#12161d" in shown.lower()
    with pytest.raises(archdsl.DrawingError, match="there is no block `no`"):
        net.figure(only="no")


def test_a_module_wherever_a_spec_is_taken(tmp_path: Path) -> None:
    module = Port()
    images = torch.randn(2, 3, 12, 12)
    made = archdsl.graph(module, inputs=images)
    assert made.parameters == archdsl.graph(SPEC).parameters
    assert str(archdsl.summary(module, inputs=[images])) == str(archdsl.summary(made))
    assert archdsl.draw(module, tmp_path / "port.dot", inputs=images).is_file()
    assert "class Port" in archdsl.source(module, inputs=images)
    archdsl.build(module, inputs=images).load_state_dict(module.state_dict())
    assert not archdsl.diff(module, made)
    assert archdsl.diff(SPEC, module).after.parameters == made.parameters
    with pytest.raises(TypeError, match="give `inputs`, a tensor or several"):
        archdsl.summary(module)
    with pytest.raises(TypeError, match="has no parameter `width`"):
        archdsl.summary(module, inputs=images, width=3)
    with pytest.raises(TypeError, match="a spec says its own"):
        archdsl.summary(SPEC, inputs=images)
