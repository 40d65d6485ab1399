"""What is looked at where inputs are unknown: every mistake, and never one that there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.elaboration.catalogue import Catalogue
from tests.elaboration.support import mistakes
from tests.mutants.sites import Spec, errors, shipped


@pytest.mark.parametrize("spec", shipped(), ids=lambda spec: spec.path.stem)
def test_a_good_block_has_no_mistake_whatever_its_inputs_are(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    unused = Catalogue.unused
    monkeypatch.setattr(Catalogue, "unused", lambda self, home, seen: unused(self, home, frozenset()))
    assert not errors(spec, spec.text)


@pytest.mark.parametrize("spec", shipped(), ids=lambda spec: spec.path.stem)
def test_nothing_follows_from_an_input_that_is_broken(spec: Spec) -> None:
    before, key, after = spec.text.partition("\ninputs:")
    shape = after.index("[") + 1
    found = errors(spec, f"{before}{key}{after[:shape]}nowhere, {after[shape:]}")
    assert [each.code for each in found] == ["bad-expression"], found


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
