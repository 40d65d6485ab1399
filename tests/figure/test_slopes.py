"""What goes down in resolution and up again is found in any network that does, and in no other."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from archdsl.figure.slopes import Side, Tread, u_of

ONE = Fraction(1)


def chained(levels: list[int]) -> list[Tread]:
    """Steps, each of which reads the one before it."""
    return [Tread(Fraction(level), {i - 1: None} if i else {}) for i, level in enumerate(levels)]


def with_link(steps: list[Tread], source: int, target: int) -> None:
    """Adds a link to a step that meets the value at its own size."""
    steps[target] = steps[target]._replace(reads={**steps[target].reads, source: steps[source].level})


@st.composite
def us(draw: st.DrawFn) -> tuple[list[Tread], list[Side]]:
    """Encoders with decoders: several steps at a level, links across at two levels or more, and a source beside."""
    depth = draw(st.integers(2, 6))
    ratio = draw(st.sampled_from([2, 3, 4]))
    counts = draw(st.lists(st.integers(1, 3), min_size=2 * depth + 1, max_size=2 * depth + 1))
    rows = [*range(depth + 1), *range(depth - 1, -1, -1)]
    steps = chained([ratio**row for row, count in zip(rows, counts, strict=True) for _ in range(count)])
    sides = [Side.DOWN if i < depth else Side.BOTTOM if i == depth else Side.UP
             for i, count in enumerate(counts) for _ in range(count)]  # fmt: skip
    starts = [sum(counts[:i]) for i in range(2 * depth + 2)]
    crossed = draw(st.sets(st.integers(0, depth - 1), min_size=2, max_size=depth))
    for row in crossed:
        source = draw(st.integers(starts[row], starts[row + 1] - 1))
        target = draw(st.integers(starts[2 * depth - row], starts[2 * depth - row + 1] - 1))
        with_link(steps, source, target)
    if draw(st.booleans()):
        # a time embedding: every step reads it
        steps = [Tread(None, {}), *(step._replace(reads={0: None} | {s + 1: at for s, at in step.reads.items()})
                                   for step in steps)]  # fmt: skip
        sides = [Side.BESIDE, *sides]
    return steps, sides


@given(us())
def test_any_u_is_found_with_its_sides(found: tuple[list[Tread], list[Side]]) -> None:
    steps, sides = found
    standings = u_of(steps)
    assert standings is not None
    assert [each.side for each in standings] == sides
    assert all(each.level == step.level for each, step in zip(standings, steps, strict=True) if step.level)


@given(us())
def test_links_across_join_two_sides_of_one_level(found: tuple[list[Tread], list[Side]]) -> None:
    steps, _ = found
    standings = u_of(steps)
    assert standings is not None
    for target, step in enumerate(steps):
        for source, level in step.reads.items():
            if level is not None:
                assert standings[source].level == standings[target].level == level


@given(st.lists(st.integers(1, 64), min_size=1, max_size=30))
def test_no_chain_is_a_u(levels: list[int]) -> None:
    assert u_of(chained(levels)) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=30))
def test_no_residual_network_is_a_u(blocks: list[tuple[bool, int]]) -> None:
    steps, level = chained([1]), 1
    for halves, length in blocks:
        start = len(steps) - 1
        level *= 2 if halves else 1
        steps += [Tread(Fraction(level), {len(steps) - 1 + i: None}) for i in range(length)]
        steps[-1] = steps[-1]._replace(reads={**steps[-1].reads, start: steps[start].level if not halves else None})
    assert u_of(steps) is None


def test_one_link_across_is_no_u() -> None:
    steps = chained([1, 2, 4, 8, 4, 2, 1])
    with_link(steps, 1, 5)
    assert u_of(steps) is None
    with_link(steps, 2, 4)
    assert u_of(steps) is not None


def test_streams_that_exchange_maps_twice_are_no_u() -> None:
    steps = chained([1, 2, 4, 2, 1, 2, 4, 2, 1])
    for source, target in ((0, 4), (1, 3), (4, 8), (5, 7)):
        with_link(steps, source, target)
    assert u_of(steps) is None


def test_links_past_the_middle_of_the_bottom_tell_its_ends() -> None:
    steps = chained([1, 2, 4, 4, 4, 4, 4, 2, 1])
    for source, target in ((0, 8), (1, 7), (2, 6), (3, 5)):
        with_link(steps, source, target)
    standings = u_of(steps)
    assert standings is not None
    assert [each.side.name for each in standings] == ["DOWN"] * 4 + ["BOTTOM"] + ["UP"] * 4


def test_maps_that_leave_at_several_levels_make_no_u() -> None:
    steps = chained([1, 2, 4, 8, 4, 2, 1])
    for source, target in ((0, 6), (1, 5), (2, 4)):
        with_link(steps, source, target)
    heads = [Tread(steps[i].level, {i: None}) for i in (4, 5)]
    assert u_of([*steps, heads[0]]) is not None
    assert u_of([*steps, *heads]) is None
