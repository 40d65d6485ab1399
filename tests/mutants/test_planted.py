"""Up to eight mistakes in a shipped spec: one run tells at least 95 % of them, and nothing that follows from them."""

from tests.mutants.planted import outcomes
from tests.mutants.seeds import seed
from tests.thorough import examples

FILES = examples(60)


def test_mistakes_come_at_once_and_none_follows() -> None:
    drawn = seed()
    found = [*outcomes(drawn, FILES)]
    planted = sum(len(each.plants) for each in found)
    told = sum(len(each.told) for each in found)
    assert planted > 3 * FILES
    assert told >= 0.95 * planted, f"{told} of {planted} told, seed {drawn}"
    others = [(each.spec.path.name, other) for each in found for other in each.others]
    assert len(others) <= 0.01 * planted, f"seed {drawn}: {others}"
