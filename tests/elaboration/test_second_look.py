"""What is looked at where inputs are unknown: every mistake, and never one that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.elaboration.catalogue import Catalogue
from tests.elaboration.support import analyse_text, mistakes
from tests.mutants.sites import Spec, errors, shipped
from tests.thorough import some


@pytest.mark.parametrize("spec", some(shipped()), ids=lambda spec: spec.path.stem)
def test_a_good_block_has_no_mistake_whatever_its_inputs_are(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    unused = Catalogue.unused
    monkeypatch.setattr(Catalogue, "unused", lambda self, home, seen: unused(self, home, frozenset()))
    assert not errors(spec, spec.text)


@pytest.mark.parametrize("spec", some(shipped()), ids=lambda spec: spec.path.stem)
def test_nothing_follows_from_an_input_that_is_broken(spec: Spec) -> None:
    before, key, after = spec.text.partition("\ninputs:")
    shape = after.index("[") + 1
    found = errors(spec, f"{before}{key}{after[:shape]}nowhere, {after[shape:]}")
    assert [each.code for each in found] == ["bad-expression"], found


INPUTS = "inputs: {x: [N], y: [N, 3], z: {shape: [N], dtype: int64}}\n"
_FIELD = re.compile(
    r"(?<=[{ ])(kernel_size|out_features|stride|num_heads|pattern|dim|eps|p|shape|padding)(: )([^,}\n]+)"
)


@pytest.mark.parametrize("spec", some(shipped()), ids=lambda spec: spec.path.stem)
def test_no_input_is_wrong_because_a_field_is(spec: Spec) -> None:
    for match in [*_FIELD.finditer(spec.text)][::7][:6]:
        name, colon, value = match.groups()
        for wrong in (f"{name}{colon}{{}}", f"{name[:-1]}q{colon}{value}"):
            text = spec.text[: match.start()] + wrong + spec.text[match.end() :]
            codes = {each.code for each in errors(spec, text)}
            assert not codes & {"rank-error", "dtype-error", "shape-mismatch"}, (wrong, codes)


@pytest.mark.parametrize(
    "node",
    [
        "{op: conv2d, out_channels: 8, kernel_size: 3, paddding: 1}",
        "{op: conv2d, out_channels: -8, kernel_size: 3}",
        "{op: conv2d, out_channels: 8, kernel_size: [], groups: 2}",
        "{op: batch_norm2d, eps: nothing}",
    ],
)
def test_an_input_is_looked_at_where_a_field_is_wrong(node: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, f"inputs: {{x: [N, 8]}}\nnodes: {{a: {node}}}\n")
    assert len(found) == 2 and "rank-error" in [code for code, _ in found]


@pytest.mark.parametrize(
    "node",
    [
        "{op: flatten, strat_dim: 0}",  # the default is what the input does not fit
        "{op: mean, from: z, nothing_like_it: 0}",  # may be any
        "{op: sum, dim: 4, keepdin: true, from: y}",
        "{op: unbindd, dim: 3}",
        "{op: interpolate, size: 4, mdoe: linear}",
    ],
)
def test_what_a_wrong_field_may_decide_is_not_told_of_an_input(node: str, tmp_path: Path) -> None:
    codes = [code for code, _ in mistakes(tmp_path, INPUTS + f"nodes: {{a: {node}}}\n")]
    assert not {"rank-error", "dtype-error", "shape-mismatch"} & {*codes}


def test_what_a_misspelt_field_may_be_is_not_missed(tmp_path: Path) -> None:
    node = "{op: conv2d, kernel_size: 3, paddding: 8}"
    found = mistakes(tmp_path, f"inputs: {{x: [N, 3, 8, 8]}}\nnodes: {{a: {node}}}\n")
    assert [code for code, _ in found] == ["unknown-field"]


def test_a_block_that_nobody_uses_is_looked_at(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8]}
        blocks:
          never:
            inputs: {x: [N, C], y: {shape: [N, D], optional: true}}
            params: {size: int, act: text}
            let: {half: size // twoo}
            nodes:
              fc: {op: linear, out_features: half, biass: true}
              act: {op: $act, from: fcc}
              for i in range(size):
                out$i: {op: linear, out_features: C + D + i * sizze}
              last: {if: size > 3, op: reluu}
              sum: = last + out0 * x + nothing
        nodes: [relu]
    """
    assert [message for _, message in mistakes(tmp_path, text)] == [
        "unknown name `twoo`",
        "`linear` has no field `biass`",
        "no node `fcc` here",
        "unknown name `sizze`",
        "unknown op or block `reluu`",
        "no node `nothing` here",
    ]


@pytest.mark.parametrize("keys", ["if: size > 3, else: q", "share: q", "tie: {weight: q}",
                                  "tie: {weight: fc.weight, bias: q}"])  # fmt: skip
def test_each_path_of_a_node_in_a_block_that_nobody_uses(keys: str, tmp_path: Path) -> None:
    operation = "" if "share" in keys else "op: linear, out_features: C, "
    text = f"""
        inputs: {{x: [N, 8]}}
        blocks:
          never:
            inputs: {{x: [N, C]}}
            params: {{size: int}}
            nodes:
              fc: {{op: linear, out_features: C}}
              other: {{{operation}{keys}}}
        nodes: [relu]
    """
    assert [message for _, message in mistakes(tmp_path, text)] == ["no node `q` here"]


def test_a_mistake_in_a_block_of_which_no_use_has_inputs_is_told_once(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8]}
        blocks: {b: {inputs: {x: [N, C]}, nodes: {fc: {op: linear, out_featurez: C}}}}
        nodes:
          first: {op: nothing}
          for i in range(5):
            b$i: b
    """
    assert [code for code, _ in mistakes(tmp_path, text)] == ["unknown-op", "unknown-field"]


def test_what_fields_alone_say_is_told_though_the_input_is_broken(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8, nowhere, 9]}
        params: {groups: 3}
        nodes:
          a: {op: conv2d, out_channels: 8, kernel_size: 3, groups: groups}
          b: {op: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: same}
          c: {op: max_pool2d, kernel_size: 2, padding: 2}
          d: {op: pad, pad: [1, 2, 3]}
          e: {op: linear}
          f: {op: linear, out_features: 4, from: e, bias: false}
    """
    graph, found = analyse_text(tmp_path, text)
    assert graph is None
    assert [(each.span and each.span.line, each.message) for each in found] == [
        (4, "unknown name `nowhere`"),
        (7, "conv2d cannot split 8 output channels into 3 groups"),
        (8, "conv2d with `padding: same` must have stride 1, not [2, 2]"),
        (9, "max_pool2d's padding 2 is more than half of its kernel of 2"),
        (10, "pad [1, 2, 3] has an odd number of numbers, expected pairs"),
        (11, "linear needs `out_features`, since it is not fed a weight"),
    ]
    assert [note.subject for note in found[1].notes] == ["groups"]


def test_what_inputs_decide_is_not_guessed(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8, nowhere, 9]}
        blocks:
          two:
            inputs: {x: [N, C]}
            nodes: {weight: {op: linear, out_features: C}, more: [relu]}
            outputs: {value: more, weight: weight}
        nodes:
          a: {op: conv2d, out_channels: 9, kernel_size: 3, groups: 3}
          b: {op: two, from: a}
          g: [linear]
          c: linear
          d: {op: linear, from: b}
          e: {op: linear, from: {input: a, weight: a}}
          f: {op: linear, from: [a, a]}
          h: {op: select, dim: 5, index: 9}
          i: {op: linear, out_features: nothing, from: {input: a, weight: a}}
    """
    assert [message for _, message in mistakes(tmp_path, text)] == [
        "unknown name `nowhere`",
        "unknown name `nothing` in a file without `params` or `let`",
    ]


def test_the_fields_of_a_misspelt_op_are_looked_at_where_it_is_beyond_doubt(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 3, 8, 8]}
        blocks: {bottle: {inputs: {x: [N, C, ...]}, params: {width: int}, nodes: [relu]}}
        nodes:
          a: {op: conv2, out_channelz: 8, kernel_size: nothing, groups: -3}
          b: {op: linera, out_feature: 10}
          c: {op: botle, widht: 4}
    """
    assert [message for _, message in mistakes(tmp_path, text)] == [
        "unknown op or block `conv2`",
        "`conv2d` has no field `out_channelz`",
        "unknown op or block `linera`",
        "`linear` has no field `out_feature`",
        "unknown op or block `botle`",
        "`bottle` has no parameter `widht`",
    ]


@pytest.mark.parametrize(
    "node",
    [
        "{op: relu7, width: 4}",  # relu6 or relu
        "{op: conv4d, width: 4}",  # any of three
        "{op: mix, width: 4}",  # too short: not max
        "{op: Conv2D, width: 4}",  # another library's name
        "{op: spec.conv2, width: 4}",
        "{op: convolve, width: 4}",
    ],
)
def test_a_misspelt_op_that_may_be_several_has_no_fields(tmp_path: Path, node: str) -> None:
    assert len(mistakes(tmp_path, f"inputs: {{x: [N, 3]}}\nnodes:\n  a: {node}\n")) == 1


@pytest.mark.parametrize("brought", ["use: [lib]", "extends: lib"])
@pytest.mark.parametrize("node", ["{op: conv1d, out_features: 3}", "{op: through, layer: conv1d}",
                                  "{op: through, layer: {op: conv1d, std: 0.1}}"])  # fmt: skip
@pytest.mark.parametrize("line", ["inputs: {x: [N, T, C]", "params: {out_features: int"])
def test_a_block_that_cannot_be_read_is_not_the_op_of_its_name(
    tmp_path: Path, brought: str, node: str, line: str
) -> None:
    (tmp_path / "lib.yaml").write_text(
        f"""archdsl: 1
name: lib
blocks:
  conv1d:
    {line}
    nodes: {{a: {{op: linear, out_features: 3}}}}
  through:
    params: {{layer: text}}
    nodes: {{b: {{op: $layer, out_features: 3}}}}
"""
    )
    found = analyse_text(tmp_path, f"{brought}\ninputs: {{x: [N, 4, 5]}}\nnodes:\n  a: {node}\n")[1]
    assert [each.code for each in found] == ["yaml-syntax"], found


def test_what_came_into_a_scope_is_not_missed_where_it_is_broken(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8]}
        nodes:
          a: {op: linear, out_features: 3, nosuch: 2}
          b: {nodes: {c: {op: linear, from: input, out_features: 3}, d: = c + input, e: {nodes: {f: = input * 2}}}}
          for i in nothing:
            g$i: {nodes: {h: = input + 1}}
          k: {from: a, nodes: {l: = input + 1}}
    """
    assert [code for code, _ in mistakes(tmp_path, text)] == ["unknown-field", "bad-expression"]
