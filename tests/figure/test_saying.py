"""How sentences about layers are spelled."""

from __future__ import annotations

import pytest

from archdsl.figure.saying import Abreast, Counted, Sentence, length, listed, spelled_out, titles_in
from archdsl.words.naming import Title
from tests.figure.seeing import plain

A = Title("Conv\xa01×1", "64", stem="Conv")
B = Title("Conv\xa03×3", "64", stem="Conv")
POOL = Title("MaxPool\xa02×2", stem="MaxPool")
LINEAR = Title("Linear", "8\xa0→\xa04", comma=False, stem="Linear")


@pytest.mark.parametrize(("found", "text"), [
    ((A, B, A), "Conv 1×1, 64 → 3×3, 64 → 1×1, 64"),
    ((A, A, POOL), "2 × Conv 1×1, 64 → MaxPool 2×2"),
    ((A, LINEAR, POOL), "Conv 1×1, 64 · Linear 8 → 4 · MaxPool 2×2"),
    ((Abreast(((A,), (A,), (A,))),), "3 × Conv 1×1, 64, side by side"),
    ((Abreast(((A,), (A, B), (A,))), POOL), "(Conv 1×1, 64 → 3×3, 64 + 2 × Conv 1×1, 64) → MaxPool 2×2"),
    ((Abreast(((POOL,), (A, B))),), "Conv 1×1, 64 → 3×3, 64 + MaxPool 2×2"),
    ((Abreast(((A,), (A,))), Abreast(((A,), (A,)))), "2 × (2 × Conv 1×1, 64)"),
    ((Counted("3 Conv"),), "3 Conv"),
    ((), ""),
])  # fmt: skip
def test_a_sentence(found: Sentence, text: str) -> None:
    assert plain(spelled_out(found)) == text


def test_many_are_counted() -> None:
    assert plain(listed([A, B] * 5 + [POOL])) == "10 Conv · MaxPool"
    assert plain(listed([A, B])) == "Conv 1×1, 64 → 3×3, 64"


def test_what_is_equal_takes_one_place() -> None:
    assert length((A, A, Abreast(((A, B), (A, B), (POOL,))))) == 4
    assert list(titles_in((A, Abreast(((B,), (POOL,)))))) == [A, B, POOL]
