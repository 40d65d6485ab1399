"""Ops that torch, or the printed source, computes in several steps, as these steps."""

from __future__ import annotations

import math

from archdsl.ops import OPS
from tests.round_trip.arithmetic import elementwise, number
from tests.round_trip.layout import part, permuted, reshaped
from tests.round_trip.rules import Applied, applied, rule
from tests.round_trip.terms import Term, Terms


@rule("normalize")
def _(app: Applied, x: Term) -> Term:
    length = applied(app.terms, OPS["norm"](p=app.op.p, dim=app.op.dim, keepdim=True), x)
    floor = elementwise(app.terms, "max", [length, number(app.terms, app.op.eps)])
    return elementwise(app.terms, "/", [x, floor])


@rule("local_response_norm")
def _(app: Applied, x: Term) -> Term:
    """As `F.local_response_norm`: a mean over channels beside, of which each has all places."""
    n, c, *places = x.shape
    flat = (n, 1, c, *places) if len(places) == 1 else (n, 1, c, places[0], math.prod(places[1:]))
    square = reshaped(app.terms, elementwise(app.terms, "*", [x, x]), flat)
    around = (app.op.size // 2, (app.op.size - 1) // 2)
    padded = applied(app.terms, OPS["pad"](pad=(0, 0) * (len(flat) - 3) + around), square)
    window = (app.op.size, *[1] * (len(flat) - 3))
    pool = OPS[f"avg_pool{len(flat) - 2}d"](kernel_size=window, stride=1)
    mean = reshaped(app.terms, applied(app.terms, pool, padded), x.shape)
    scaled = elementwise(
        app.terms,
        "+",
        [elementwise(app.terms, "*", [mean, number(app.terms, app.op.alpha)]), number(app.terms, app.op.k)],
    )
    return elementwise(app.terms, "/", [x, elementwise(app.terms, "**", [scaled, number(app.terms, app.op.beta)])])


@rule("pad")
def _(app: Applied, x: Term) -> Term:
    pads, value = app.op.pad, app.op.value
    while pads[-2:] == (0, 0):
        pads = pads[:-2]
    value = 0.0 if app.op.mode == "constant" and value is None else value
    return app.terms.make("pad", app.types[0], [x], [pads, app.op.mode, value], app.op) if pads else x


@rule("multihead_attention")
def _(app: Applied, q: Term, k: Term, v: Term, padding: Term | None = None, mask: Term | None = None) -> Term:
    """The projections, attention by heads, and the last projection."""
    linear, heads, named = OPS["linear"](), app.op.num_heads, app.own
    bias, packed, size = named.get("in_proj_bias"), named.get("in_proj_weight"), q.shape[-1]
    if q is k and k is v:
        whole = applied(app.terms, linear, q, packed, bias)
        projected = [part(app.terms, whole, -1, size * place, size) for place in range(3)]
    else:
        weights = (
            [named[f"{each}_proj_weight"] for each in "qkv"]
            if packed is None
            else [part(app.terms, packed, 0, size * place, size) for place in range(3)]
        )
        biases = [None if bias is None else part(app.terms, bias, 0, size * place, size) for place in range(3)]
        projected = [applied(app.terms, linear, *each) for each in zip((q, k, v), weights, biases, strict=True)]
    split = [
        permuted(app.terms, reshaped(app.terms, x, (*x.shape[:2], heads, x.shape[2] // heads)), (0, 2, 1, 3))
        for x in projected
    ]
    attend = OPS["scaled_dot_product_attention"](dropout_p=app.op.dropout, is_causal=app.op.is_causal)
    seen = _seen(app.terms, heads, padding, mask)
    found = applied(app.terms, attend, *split, seen)
    merged = permuted(app.terms, found, (0, 2, 1, 3))
    flat = reshaped(app.terms, merged, (*merged.shape[:2], size))
    return applied(app.terms, linear, flat, named["out_proj.weight"], named.get("out_proj.bias"))


def _seen(terms: Terms, heads: int, padding: Term | None, mask: Term | None) -> Term | None:
    """The two masks as the one that attention takes."""
    hidden = []
    if padding is not None:
        hidden.append(reshaped(terms, padding, (padding.shape[0], 1, 1, padding.shape[1])))
    if mask is not None:
        shape = mask.shape
        hidden.append(mask if len(shape) == 2 else reshaped(terms, mask, (shape[0] // heads, heads, *shape[1:])))
    if not hidden:
        return None
    first, *others = hidden
    for other in others:
        both = first.type.dtype == "bool", other.type.dtype == "bool"
        if all(both):
            first = elementwise(terms, "or", [first, other])
        elif any(both):
            hides, adds = (first, other) if both[0] else (other, first)
            first = elementwise(terms, "where", [hides, number(terms, -math.inf), adds])
        else:
            first = elementwise(terms, "+", [first, other])
    return elementwise(terms, "not", [first]) if first.type.dtype == "bool" else first


@rule("stochastic_depth")
def _(app: Applied, x: Term) -> Term:
    """By the probability that a branch is kept, which is what torch draws with."""
    keep = 1.0 - app.op.p
    return app.terms.make("stochastic_depth", app.types[0], [x], [keep, app.op.mode]) if keep < 1 else x


@rule("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
def _(app: Applied, x: Term) -> Term:
    return app.terms.make(app.op.name, app.types[0], [x], [app.op.p]) if app.op.p else x


@rule("relu6")
def _(app: Applied, x: Term) -> Term:
    return applied(app.terms, OPS["hardtanh"](min_val=0.0, max_val=6.0), x)
