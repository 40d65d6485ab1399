"""One sentence for several copies: true of each."""

from __future__ import annotations

import itertools

import pytest

from archdsl.figure.copies import one_for_all
from archdsl.figure.saying import Abreast, Sentence, spelled_out
from archdsl.words.naming import Title
from tests.figure.reading import says
from tests.figure.seeing import plain


def conv(kernel: int, *fields: object) -> Title:
    return Title(f"Conv\xa0{kernel}×{kernel}", ",\xa0".join(map(str, fields)), stem="Conv")


MLP, EXPERTS = Title("MLP", "8\xa0→\xa016", comma=False), Title("Experts")


@pytest.mark.parametrize(("found", "text"), [
    ([(conv(3, 96),), (conv(3, 144),), (conv(3, 144),)], "Conv 3×3, first 96, then 144"),
    ([(conv(3, 96),), (conv(3, 120),), (conv(3, 144),)], "Conv 3×3, 96–144"),
    ([(conv(1, 96), conv(3, 96)), (conv(1, 144), conv(3, 144))], "Conv 1×1, 96–144 → 3×3, 96–144"),
    ([(conv(3, 8),), (conv(3, 8, "dilation\xa02"),)], "Conv 3×3, 8, dilation 2 after the first"),
    ([(conv(3, 8, "depthwise"),)] * 2 + [(conv(3, 8),)] * 3, "Conv 3×3, 8, depthwise in the first 2"),
    ([(conv(3, 8),), (conv(3, 8, "4\xa0groups"),)] * 2, "Conv 3×3, 8, 4 groups in 2 of 4"),
    ([(conv(3, 8),), (conv(5, 8),)], "Conv 3×3 or 5×5, 8"),
    ([(MLP,)] * 3 + [(EXPERTS,)] * 9, "MLP 8 → 16 (in the first 3) · Experts (after the first 3)"),
    ([(Title("Dropout", "0.1", comma=False),), (Title("Dropout", "0.3", comma=False),)], "Dropout first 0.1, then 0.3"),
    ([(Abreast(((conv(1, 8),), (conv(3, 8),))),), (Abreast(((conv(1, 16),), (conv(3, 24),))),)],
     "Conv 1×1, 8–16 + Conv 3×3, 8–24"),
])  # fmt: skip
def test_what_differs_is_told(found: list[Sentence], text: str) -> None:
    said = one_for_all(found)
    assert said is not None and plain(spelled_out(said)) == text
    assert all(says(spelled_out(said), spelled_out(each), turn, "") for turn, each in enumerate(found))


def test_that_the_first_halves_is_told_elsewhere() -> None:
    found = [(conv(3, 8, "/2"), conv(3, 8)), (conv(3, 8), conv(3, 8))]
    assert one_for_all(found, halved=True) == (conv(3, 8), conv(3, 8))
    assert plain(spelled_out(one_for_all(found) or ())) == "Conv 3×3, 8, /2 in the first → 3×3, 8"


def test_a_shortcut_of_the_first_is_told_elsewhere() -> None:
    way = (conv(1, 8), conv(3, 8))
    assert one_for_all([(Abreast(((conv(1, 8),), way)),), way, way], more=True) == way


def test_what_differs_too_much_is_counted() -> None:
    kinds = [Title(name) for name in "ABCDEF"]
    found = [(kinds[0], conv(1, 8), kinds[1]), (kinds[2], kinds[3]), (kinds[4], conv(1, 8), conv(1, 8), kinds[5])]
    assert plain(spelled_out(one_for_all(found) or ())) == "0–1 A · 0–2 Conv · 0–1 B · 0–1 C · 0–1 D · 0–1 E · 0–1 F"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_any_words_in_any_order_are_joined(length: int) -> None:
    """The order of all words may have one twice that every copy has once."""
    sentences = [tuple(map(Title, names)) for size in (1, 2) for names in itertools.product("AB", repeat=size)]
    for found in itertools.product(sentences, repeat=length):
        said = one_for_all(found)
        assert said is not None and {word.name[:1] for word in said if isinstance(word, Title)} <= {"A", "B"}
