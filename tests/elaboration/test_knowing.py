"""Names that mean nothing, in values that cannot be evaluated for another reason."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.elaboration.fields import evaluate, prepare
from archdsl.elaboration.knowing import check_names
from archdsl.expressions import ExpressionError
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Binding, Env

ENV = Env({"lost": Binding(None, "broken"), "known": Binding(2, "param")})


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("lost + q", False), ("$lost + 1$q", True), ("[lost, q]", False), (["lost", "q"], False),
        (["$lost", "$(q)"], True), ({"op": "relu", "a": "lost", "b": "q"}, False),
        ({"a": {"b": "lost", "c": ["q"]}}, False),
        ({"op": "$lost", "a": ["known", "q"]}, False),
    ],
)  # fmt: skip
def test_a_name_is_looked_at_wherever_it_stands(raw: Any, text: bool) -> None:
    value = prepare(raw, text=text)
    with pytest.raises(FollowOn):
        evaluate(value, ENV)
    with pytest.raises(ExpressionError) as caught:
        check_names(value, ENV, lambda name: False)
    assert caught.value.fault.unknown == "q"
    if isinstance(raw, str):
        assert raw[caught.value.start : caught.value.end] == "q"


def test_names_that_mean_something_pass() -> None:
    check_names(prepare({"a": ["lost", "known"], "b": "lost * x.shape[0]"}, text=False), ENV, lambda name: name == "x")
