"""A bracket that is not closed at the end of its line, anywhere in a shipped spec: one mistake, told where it opens."""

import random
import re

from tests.mutants.seeds import seed
from tests.mutants.sites import Spec, errors, shipped

FILES = 60
_CLOSING = re.compile(r"[\]}](?=\s*(?:#.*)?$)", re.MULTILINE)


def drawn(draw: random.Random) -> tuple[Spec, int]:
    """A file and the offset of a bracket in it."""
    while True:
        spec = draw.choice(shipped())
        places = [found.start() for found in _CLOSING.finditer(spec.text)]
        if places:
            return spec, draw.choice(places)


def test_a_bracket_that_is_not_closed_is_one_mistake() -> None:
    start = seed()
    draw = random.Random(start)
    wrong = []
    for _ in range(FILES):
        spec, place = drawn(draw)
        found = errors(spec, spec.text[:place] + spec.text[place + 1 :])
        line = spec.text.count("\n", 0, place) + 1
        if len(found) != 1 or found[0].span is None or found[0].span.line > line:
            wrong.append((spec.path.name, line, [each.message for each in found]))
    assert not wrong, f"seed {start}: {wrong}"
