"""What the language says of the built model: wrong sizes, modes, keys, shared modules, constants."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import archdsl  # noqa: E402 - after torch is known to be there
from tests.elaboration.support import analyse_text, graph_of  # noqa: E402


def built(folder: Path, text: str) -> "torch.nn.Module":
    return archdsl.build(graph_of(folder, text), seed=0)


@pytest.mark.parametrize(
    "nodes",
    [
        "m: = x + y",
        "m: {op: cat, dim: 0, from: [x, y]}",
        "m: {op: stack, dim: 0, from: [x, y]}",
        "m: = x if x > y else y",
    ],
)
def test_sizes_that_differ_when_the_model_runs(tmp_path: Path, nodes: str) -> None:
    model = built(tmp_path, f"inputs: {{x: [N, T = 4], y: [N, S = 4]}}\nnodes:\n  {nodes}\n")
    model(torch.ones(2, 4), torch.ones(2, 4))
    with pytest.raises((RuntimeError, AssertionError)):
        model(torch.ones(2, 4), torch.ones(2, 5))


def test_a_number_in_a_file_is_checked_by_its_layer(tmp_path: Path) -> None:
    model = built(tmp_path, "inputs: {x: [N, 8]}\nnodes: [{op: linear, out_features: 3}]\n")
    with pytest.raises(RuntimeError):
        model(torch.ones(2, 7))


def test_names_are_module_paths(tmp_path: Path) -> None:
    model = built(tmp_path, """
        inputs: {x: [N, 8]}
        blocks: {b: {nodes: {layers: [{op: linear, out_features: 8}, relu]}}}
        nodes:
          convs.1: {op: linear, out_features: 8}
          a: b
          convs.0: {op: linear, out_features: 8}
          p: {op: parameter, shape: [8], init: ones}
          y: = convs.0 * p
    """)  # fmt: skip
    keys = [
        "p",
        "convs.1.weight",
        "convs.1.bias",
        "convs.0.weight",
        "convs.0.bias",
        "a.layers.0.weight",
        "a.layers.0.bias",
    ]
    assert list(model.state_dict()) == keys


def test_shared_and_tied_weights_are_one_tensor(tmp_path: Path) -> None:
    model = built(tmp_path, """
        inputs: {x: [N, 8]}
        nodes:
          p: {op: parameter, shape: [8, 8], init: normal}
          fc: {op: linear, out_features: 8, bias: false, tie: {weight: p}}
          l: [{op: linear, out_features: 8}, relu]
          again: {share: l}
          last: {op: linear, from: {input: again, weight: fc.weight}}
    """)  # fmt: skip
    assert list(model.state_dict()) == ["p", "fc.weight", "l.0.weight", "l.0.bias"]
    assert len(list(model.parameters())) == 3
    x = torch.randn(2, 8)
    hidden = model.l(model.l(x @ model.p.T))
    torch.testing.assert_close(model(x), hidden @ model.p.T)


def test_when_chooses_by_mode(tmp_path: Path) -> None:
    model = built(tmp_path, """
        inputs: {x: [N, 8], label: [N, 8]}
        nodes:
          mask: {when: training, from: label, else: x}
          other: {when: evaluation, value: x * 2, else: mask}
          aux: {when: training, nodes: [{op: linear, out_features: 3}]}
          y: = mask + other
        outputs: {y: y, aux: aux}
    """)  # fmt: skip
    x, label = torch.randn(2, 8), torch.randn(2, 8)
    training = model.train()(x, label)
    torch.testing.assert_close(training.y, 2 * label)
    assert training.aux.shape == (2, 3)
    evaluated = model.eval()(x, label)
    torch.testing.assert_close(evaluated.y, 3 * x)
    assert evaluated.aux is None


def test_another_name_in_one_mode_is_an_output_of_that_mode(tmp_path: Path) -> None:
    model = built(tmp_path, """
        inputs: {x: [N, 8]}
        nodes:
          a: relu
          inside:
            nodes:
              b: {when: training, from: a}
              c: tanh
          d: {when: evaluation, from: a}
        outputs: {a: a, b: inside.b, c: inside.c, d: d}
    """)  # fmt: skip
    x = torch.randn(2, 8)
    training, evaluated = model.train()(x), model.eval()(x)
    torch.testing.assert_close(training.b, x.relu())
    assert training.d is None
    assert evaluated.b is None
    torch.testing.assert_close(evaluated.d, x.relu())


def test_outputs_are_bare_or_a_named_tuple(tmp_path: Path) -> None:
    head = "inputs: {x: [N, 8]}\nnodes: {a: relu, b: {op: chunk, chunks: 2, dim: 1, names: [l, r]}}\n"
    x = torch.randn(2, 8)
    assert built(tmp_path, head + "outputs: b.l\n")(x).shape == (2, 4)
    assert built(tmp_path, head + "outputs: {only: b.l}\n")(x).shape == (2, 4)
    assert built(tmp_path, head)(x)._fields == ("l", "r")
    assert built(tmp_path, head + "outputs: [a, b.r]\n")(x)._fields == ("a", "b_r")


def test_an_absent_port_is_passed_on(tmp_path: Path) -> None:
    text = """
inputs: {q: [N, T = 4, 8], m: [T, T]}
blocks:
  attend:
    inputs: {x: [N, T, C], mask: {optional: true}}
    nodes: [{op: scaled_dot_product_attention, from: {query: x, key: x, value: x, attn_mask: mask}}]
  outer:
    inputs: {x: [N, T, C], mask: {shape: [A, B], optional: true}}
    nodes: {a: {op: attend, from: {x: x, mask: mask}}, name: {from: mask}, b: {op: attend, from: {x: a, mask: name}}}
nodes: {y: {op: outer, from: q}, z: {op: outer, from: [y, m]}}
"""
    q, m = torch.randn(2, 4, 8), torch.randn(4, 4)
    attend = torch.nn.functional.scaled_dot_product_attention
    expected = attend(q, q, q)
    expected = attend(expected, expected, expected)
    for _ in range(2):
        expected = attend(expected, expected, expected, attn_mask=m)
    torch.testing.assert_close(built(tmp_path, text)(q, m), expected)


def test_formulas_compare_choose_and_read_shapes(tmp_path: Path) -> None:
    text = """
inputs: {x: [N, T = 4], z: [N, T]}
nodes:
  a: = (x > 0) * z + (0 < x <= 1) - (x == z)
  b: = (x if x > z else z) + min(x, z, 0.5) + max(x, z)
  c: = clamp(x, -1, 1) + softplus(z) / x.shape[1]
  y: = a + b + c
"""
    x, z = torch.randn(2, 4), torch.randn(2, 4)
    a = (x > 0).float() * z + ((x > 0) & (x <= 1)).float() - (x == z).float()
    b = torch.where(x > z, x, z) + torch.minimum(x, z).clamp(max=0.5) + torch.maximum(x, z)
    c = x.clamp(-1, 1) + torch.nn.functional.softplus(z) / 4
    torch.testing.assert_close(built(tmp_path, text)(x, z), a + b + c)


def test_constants_of_known_and_of_run_time_shape(tmp_path: Path) -> None:
    text = """
params: {w: 2}
inputs: {x: [N, T = 4, 4]}
nodes:
  known: {op: constant, dtype: int64, persistent: true, shape: [w, w], index: [t, u], value: t * w + u}
  causal: {op: constant, shape: [T, T], index: [t, u], value: 0 if u <= t else -inf}
  y: {op: scaled_dot_product_attention, from: {query: x, key: x, value: x, attn_mask: causal}}
  e: {op: embedding, from: known, num_embeddings: 4, embedding_dim: 2}
outputs: {y: y, e: e}
"""
    model = built(tmp_path, text)
    assert model.state_dict()["known"].tolist() == [[0, 1], [2, 3]]
    assert list(model.state_dict()) == ["known", "e.weight"]
    x = torch.randn(2, 6, 4)
    expected = torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    torch.testing.assert_close(model(x).y, expected)


def test_a_spec_used_as_a_block_builds_what_is_read(tmp_path: Path) -> None:
    text = """
inputs: {image: [N, 3, H = 64, W = 64]}
nodes: {body: spec.resnet18, out: {op: conv2d, from: body.layer1, out_channels: 2, kernel_size: 1}}
init: {"body.conv1": {weight: zeros}}
"""
    model = built(tmp_path, text)
    assert not any(key.startswith(("body.layer2", "body.fc")) for key in model.state_dict())
    assert not model.body.conv1.weight.any() and model.body.layer1[0].conv1.weight.any()
    assert model(torch.randn(1, 3, 64, 64)).shape == (1, 2, 16, 16)


@pytest.mark.parametrize(
    "nodes", ["m: = x + y", "m: {op: b, from: [x, y]}"],
)  # fmt: skip
def test_sizes_that_torch_would_let_pass(tmp_path: Path, nodes: str) -> None:
    text = f"""
inputs: {{x: [N, T = 4], y: [N, S = 4]}}
blocks: {{b: {{inputs: {{x: [N, T], y: [N, T]}}, nodes: [relu, {{op: cat, dim: 1, from: [x, y]}}]}}}}
nodes: {{{nodes}}}
"""
    graph = analyse_text(tmp_path, text)[0]
    assert graph is not None
    model = archdsl.build(graph, seed=0)
    with pytest.raises((RuntimeError, AssertionError)):
        model(torch.ones(2, 4), torch.ones(2, 1))
