"""Trees of code, as hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from archdsl_torch.lowering.tree import (
    SELF,
    AddInto,
    Apply,
    Arg,
    Attribute,
    Call,
    Code,
    Comprehension,
    Conditional,
    Fixed,
    Global,
    Grid,
    In,
    Infix,
    Like,
    Loop,
    Many,
    Mapping,
    Method,
    Numbered,
    PassedSize,
    Prefix,
    Range,
    Relation,
    Self,
    Sized,
    SizeOf,
    Starred,
    Subscript,
    Tuple,
    Variable,
)

COMPARED = ("<", "<=", ">", ">=", "==", "!=", "is", "is not")
SIGNS = (*COMPARED[:6], "|", "&", "+", "-", "*", "/", "//", "%", "**", "and", "or")
COUNTED = Variable("k")
WORDS = st.one_of(
    st.sampled_from([Variable("x"), Variable("v"), SELF, Global("torch.float64"), Global("Block")]),
    st.sampled_from([2, -2, 0.5, -1e-6, 1e-6, True, None, "a b", (1, 2), (3,), float("inf"), -float("inf")]).map(Fixed),
)
HOLES: st.SearchStrategy[Code] = st.sampled_from(
    [
        In(0),
        In(1),
        Arg(2, "d"),
        Arg((1, 2)),
        Like("dtype"),
        SizeOf("x", 1),
        PassedSize("h", 0),
        Sized("n", Fixed(2)),
        AddInto(1),
        Self(),
    ]
)


def _grown(inner: st.SearchStrategy[Code]) -> st.SearchStrategy[Code]:
    several = st.lists(inner, max_size=2).map(tuple)
    named = st.lists(inner, max_size=2).map(lambda codes: tuple(zip("pq", codes, strict=False)))
    signed = st.lists(st.tuples(st.sampled_from(COMPARED), inner), min_size=1, max_size=2).map(tuple)
    ranges = st.builds(Range, *[st.none() | inner] * 3)
    loops = st.builds(Loop, st.sampled_from([("k",), ("a", ("b", "c"))]), inner, st.lists(inner, max_size=1).map(tuple))
    return st.one_of(
        st.builds(Infix, st.sampled_from(SIGNS), inner, inner),
        st.builds(Prefix, st.sampled_from(["-", "~", "not"]), inner),
        st.builds(Relation, inner, signed),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Call, st.just("F.f"), several | st.builds(Starred, inner).map(lambda code: (code,)), named),
        st.builds(
            Call,
            st.just("g"),
            st.builds(Comprehension, inner, loops.map(lambda loop: (loop,)), st.just(True)).map(lambda code: (code,)),
        ),
        st.builds(Apply, inner, several, named),
        st.builds(Method, inner, st.just("m"), several, named),
        st.builds(Attribute, inner, st.sampled_from(["weight", "conv-1"])),
        st.builds(Many, several),
        st.builds(Tuple, several),
        st.builds(Mapping, named),
        st.sampled_from([COUNTED, Infix("+", COUNTED, Fixed(1))]).map(lambda number: Numbered('a"{', number, "}")),
        st.builds(Subscript, inner, st.lists(inner | ranges, min_size=1, max_size=2).map(tuple)),
        st.builds(Comprehension, inner, st.lists(loops, min_size=1, max_size=2).map(tuple)),
    )


WRITTEN = st.recursive(WORDS, _grown, max_leaves=8)
"""Without holes."""
TREES = st.recursive(
    WORDS | HOLES,
    lambda inner: _grown(inner) | st.builds(Grid, st.just(("i", "j")), st.tuples(inner, inner), inner),
    max_leaves=8,
)
