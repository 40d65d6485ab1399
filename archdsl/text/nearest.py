"""The names that a misspelt one may mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from archdsl.limits import MAX_NAME, current

_LEAST_PART: Final = 3
"""Letters that a name shares with a longer one by more than chance: `kernel` and `kernel_size`."""
_LEAST_SURE: Final = 5
"""Letters of which one may be a slip, and the word is still known."""
_COMPARED: Final = 8
"""Candidates whose slips are counted: those with the most letters in common."""
_LETTERS: Final = 64
"""Pairs of letters that count as one comparison: two names of eight."""


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a misspelt name most likely means, if one is close."""
    return _once(_most_likely, name, candidates)


def _most_likely(name: str, candidates: Iterable[str]) -> str | None:
    return next(iter(_nearest(name, _affordable(name, candidates))), None)


def surely(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a misspelt name of five letters or more surely means: the only one that is a slip away."""
    return None if len(name) < _LEAST_SURE else _once(_only_one, name, candidates)


def _only_one(name: str, candidates: Iterable[str]) -> str | None:
    lower = name.lower()
    alike = _affordable(name, (each for each in candidates if abs(len(each) - len(name)) <= 1))
    found = [each for each in alike if _slips(lower, each.lower()) <= 1]
    return found[0] if len(found) == 1 else None


def _once(meant: Callable[[str, Iterable[str]], str | None], name: str, candidates: Iterable[str]) -> str | None:
    """What a name means, worked out once in an analysis: a slip may stand a thousand times in a file."""
    names, answers = tuple(candidates), current().answers
    key = meant, name, names
    if key not in answers:
        answers[key] = meant(name, names)
    return answers[key]


def _nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """The close candidates with the fewest slips, those with the most letters in common first."""
    from difflib import get_close_matches

    lower = name.lower()
    spelled = {candidate.lower(): candidate for candidate in candidates}
    close = [each for each in get_close_matches(lower, spelled, _COMPARED, 0.5) if _is_near(lower, each)]
    slips = {each: 0 if _same_words(lower, each) else _slips(lower, each) for each in close}
    return [spelled[each] for each in close if slips[each] == min(slips.values())]


def _affordable(name: str, candidates: Iterable[str]) -> Iterator[str]:
    """The names to compare a misspelt one with, until the analysis has compared too many."""
    budget = current()
    if len(name) > MAX_NAME:
        return
    for candidate in candidates:
        if len(candidate) > MAX_NAME:
            continue
        if not budget.take("suggestions", 1 + len(name) * len(candidate) // _LETTERS):
            return
        yield candidate


def _is_near(name: str, other: str) -> bool:
    """Whether one is the other with a slip in every three letters at most, or is a part of it."""
    short, long = sorted((name, other), key=len)
    if len(short) >= _LEAST_PART and (long.startswith(short) or short in long.split("_")):
        return True
    return _same_words(name, other) or _slips(name, other) <= max(1, (len(long) + 1) // 3)


def _same_words(name: str, other: str) -> bool:
    return sorted(name.split("_")) == sorted(other.split("_"))


def _slips(name: str, other: str) -> int:
    """How many letters are missing, too many, wrong, or swapped with the next."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(name, 1):
        this = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, this[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 < column and letter == other[column - 2] and name[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            this.append(cost)
        before, last = last, this
    return last[-1]


def alike(name: str, candidates: Iterable[str]) -> list[str]:
    """The names that a name may mean: the nearest, and those that only go on or break off; at most three."""
    known = list(_affordable(name, candidates))
    near = _nearest(name, known)
    longer = (each for each in known if each != name and (each.startswith(name) or (each and name.startswith(each))))
    return list(dict.fromkeys([*near[:1], *longer, *near[1:]]))[:3]


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The hint for a misspelt name, if a candidate is close."""
    found = nearest(name, candidates)
    return None if found is None else f"did you mean `{found}`?"
