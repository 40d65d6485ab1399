"""What constants, parameters and what is made of them do where they are read: by one rule, of what reads them.

As a mask of attention they hide keys or are added to scores (`causal`, `+ relative position bias`); in a sum they are a
position embedding or a bias; in a product a scale. The weights of a layer are a part of that layer and are not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from archdsl.expressions.tree import Binary, Name
from archdsl.expressions.walking import free_names
from archdsl.figure.flow import Flow, in_training_only
from archdsl.figure.masks import MaskWords, added_words, mask_key, mask_words
from archdsl.figure.tensors import tensor_name
from archdsl.ir.graph import Node, Value
from archdsl.ops.activation import Softmax
from archdsl.ops.combine import Cat
from archdsl.ops.special import Constant, Formula, Parameter
from archdsl.words.formulas import formula_text, read_as, typeset
from archdsl.words.naming import Title, fixed
from archdsl.words.quantities import SPACE
from archdsl.words.titles import sign_of, title

STEPS: Final = 4
"""From scores to their softmax, or from a scale to the sum of a skip: there are no more ops between them."""
LISTED: Final = 3
"""The most tensors that what concatenates them names."""


def op_title(flow: Flow, node: Node) -> Title:
    """An op's title, with what constants and parameters do there."""
    idiom = flow.idiom(node)
    if idiom is not None:
        return idiom.title
    found = title(node, flow.sizes)
    if node.op.masking:
        return _attending(flow, node, found)
    if isinstance(node.op, Cat):
        names = [name for value in _given(flow, node) if (name := _origin(value.node)) is not None]
        return Title(f"{found.name}{SPACE}{_listed(names)}") if names else found
    if isinstance(node.op, Formula):
        return _joined(flow, node) or _weighted(flow, node, found)
    if isinstance(node.op, Parameter | Constant) or node in flow.drawn:
        return Title(_source_name(flow, node), flow.label(Value(node, 0, node.types[0])), comma=False)
    return found


def _listed(names: Sequence[str]) -> str:
    """`cls token`, `cls, dist token`, `a, b, …`: what they end with alike is said once."""
    words = [fixed(name.lower()).split(SPACE) for name in dict.fromkeys(names)]
    if len(words) > LISTED:
        words = [*words[: LISTED - 1], ["…"]]
    elif len({tuple(each[1:]) for each in words}) == 1:
        words = [*([first] for first, *_ in words[:-1]), words[-1]]
    return f",{SPACE}".join(SPACE.join(each) for each in words)


def _source_name(flow: Flow, node: Node) -> str:
    """A tensor's name; of what is looked up or computed, what it is to the sum that reads it."""
    reader = next((each for each in flow.readers[node] if sign_of(each) == "+"), None)
    if isinstance(node.op, Parameter | Constant) or reader is None:
        return tensor_name(node)
    role = fixed(_role(flow, reader, _Join("+", Value(node, 0, node.types[0]), None)))
    return role[0].upper() + role[1:]


def _attending(flow: Flow, node: Node, found: Title) -> Title:
    """The title of attention with what its masks do, but for those that come from the network's inputs."""
    said = [masked(flow, node, port) for port in node.op.masking]
    hides = [words.hides if flow.thorough else words.brief for words in said]
    adds = [f"+{SPACE}{fixed(words.adds)}" for words in said if words.adds]
    parts = dict.fromkeys(part for part in (found.fields, *map(fixed, hides)) if part)
    return found._replace(fields=f",{SPACE}".join(parts), more=" ".join(adds))


def masked(flow: Flow, node: Node, port: str) -> MaskWords:
    """What the mask at a port does; of one that an input of the network reaches, what is added to it."""
    place = [each.name for each in node.op.ports].index(port)
    given = node.inputs[place] if place < len(node.inputs) else None
    value = flow.resolve(given) if given is not None else None
    if value is None:
        return MaskWords()
    if value.node not in flow.static:
        return MaskWords("", added_words(flow, value) if isinstance(value.node.op, Formula) else "")
    return _known_words(flow, value, node.op.masking[port])


def _known_words(flow: Flow, value: Value, true_hides: bool) -> MaskWords:
    place = value.node, value.output, true_hides
    if (found := flow.masked.get(place)) is None:
        key = mask_key(flow, value, true_hides)
        if (found := flow.masks.get(key)) is None:
            found = flow.masks[key] = mask_words(flow, value, true_hides)
        flow.masked[place] = found
    return found


class _Join(NamedTuple):
    """A formula in which one static tensor is added to what moves, or multiplied with it."""

    sign: str
    value: Value
    moving: Any
    """The tree of what moves."""


def _joined(flow: Flow, node: Node) -> Title | None:
    """`+ position embedding`, `× layer scale`, `causal mask`: of a formula that joins something static to one value."""
    found = _one_static(flow, node)
    if (found is None or found.sign == "+") and _masks_scores(flow, node):
        words = _known_words(flow, Value(node, 0, node.types[0]), true_hides=False)
        hides = [f"{fixed(words.hides)}{SPACE}mask"] if words.hides else []
        adds = [f"+{SPACE}{fixed(words.adds)}"] if words.adds and found is not None else []
        return Title(f",{SPACE}".join((*hides, *adds))) if hides or adds else None
    if found is None:
        return None
    role = _role(flow, node, found)
    if isinstance(found.moving, Name):
        return Title(fixed(f"{_SIGNS[found.sign]} {role}"))
    return Title(fixed(typeset(formula_text(Binary(found.sign, found.moving, Name(role)), node))))


def _weighted(flow: Flow, node: Node, found: Title) -> Title:
    """The title of another formula, with which of its names are learned: of a sum whose terms are weighed, that."""
    learned = [value for value in _given(flow, node) if flow.is_learned(value)]
    if not learned:
        return found
    if _is_weighted_sum(flow, node):
        return Title(f"Weighted{SPACE}sum", f"learned{SPACE}weights")
    names = dict.fromkeys(read_as(value, node) for value in learned)
    return found._replace(more=fixed(f"{', '.join(names)} learned"))


def _is_weighted_sum(flow: Flow, node: Node) -> bool:
    """Whether it adds products of one value and of what is learned, perhaps divided by what those come to."""
    tree = node.op.expression if isinstance(node.op, Formula) else None
    if isinstance(tree, Binary) and tree.sign == "/" and not _moving(flow, node, tree.right):
        tree = tree.left
    terms = list(_terms(tree))
    one_each = all(len(_moving(flow, node, term)) == 1 for term in terms)
    weighed = all(isinstance(term, Binary) and term.sign == "*" and len(free_names(term)) > 1 for term in terms)
    return len(terms) > 1 and one_each and weighed and len({*map(frozenset, map(free_names, terms))}) == len(terms)


def _terms(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Binary) and tree.sign == "+":
        yield from _terms(tree.left)
        yield from _terms(tree.right)
    else:
        yield tree


def _moving(flow: Flow, node: Node, tree: Any) -> set[str]:
    """The names in a part of a formula that move."""
    values = {str(i): flow.resolve(value) for i, value in enumerate(node.inputs) if value is not None}
    return {name for name in free_names(tree) if flow.moves(values[name])}


_SIGNS: Final = {"+": "+", "*": "×"}


def _masks_scores(flow: Flow, node: Node) -> bool:
    """Whether it joins something static to one value that becomes the weights of attention."""
    moving = {value.node for value in map(flow.resolve, filter(None, node.inputs)) if flow.moves(value)}
    return len(moving) == 1 and bool(_given(flow, node)) and _leads_to_softmax(flow, node)


def _one_static(flow: Flow, node: Node) -> _Join | None:
    """The sign and the static operand of a sum or product of one moving value and one static term."""
    tree = node.op.expression if isinstance(node.op, Formula) else None
    if not isinstance(tree, Binary) or tree.sign not in _SIGNS:
        return None
    values = [flow.resolve(value) for value in node.inputs if value is not None]
    for own, other in ((tree.left, tree.right), (tree.right, tree.left)):
        moving, given = ([values[int(name)] for name in free_names(side)] for side in (own, other))
        if len(moving) == len(given) == 1 and flow.moves(moving[0]) and not flow.moves(given[0]):
            return _Join(tree.sign, given[0], own)
    return None


def _role(flow: Flow, node: Node, found: _Join) -> str:
    """What the operand is called for what it does."""
    learned = flow.is_learned(found.value)
    dims = _varying(flow, node, found.value)
    if found.sign == "+" and _leads_to_mask(flow, node):
        return _known_words(flow, found.value, true_hides=False).adds or tensor_name(found.value.node).lower()
    if found.sign == "+" and len(dims) > 1 and not _is_uniform(found.value.node):
        return "position embedding" if learned else "position encoding"
    if found.sign == "+" and learned:
        return "bias"
    if not learned:
        return tensor_name(found.value.node).lower()
    return "layer scale" if len(dims) == 1 and _ends_a_branch(flow, node) else "learned scale"


def _is_uniform(node: Node) -> bool:
    """Whether it is the same number everywhere: that tells no places apart."""
    return isinstance(node.op, Constant) and not node.op.index


def _varying(flow: Flow, node: Node, value: Value) -> list[int]:
    """The dimensions of what a node makes along which this operand is not the same."""
    made = flow.numbers(node.types[0].shape)
    own = flow.numbers(value.type.shape)
    return [dim for dim, size in enumerate(own, len(made) - len(own)) if size != 1]


def _leads_to_mask(flow: Flow, node: Node) -> bool:
    """Whether what reads it is attention, as a mask."""
    return any(
        port.name in reader.op.masking and value is not None and flow.resolve(value).node is node
        for reader in flow.readers[node]
        for port, value in zip(reader.op.ports, reader.inputs, strict=False)
    )


def _leads_to_softmax(flow: Flow, node: Node) -> bool:
    return any(isinstance(after.op, Softmax) for after in _after(flow, node))


def _ends_a_branch(flow: Flow, node: Node) -> bool:
    """Whether what comes next is the sum with a skip, but for what drops values or orders them anew."""
    return any(isinstance(after.op, Formula) and len(flow.sources[after]) > 1 for after in _after(flow, node))


def _after(flow: Flow, node: Node) -> Iterator[Node]:
    """The ops after a node, as long as each is read by one alone and does no more than drop, order or add."""
    for _ in range(STEPS):
        readers = [reader for reader in flow.readers[node] if not in_training_only(reader)]
        if len(readers) != 1:
            return
        node = readers[0]
        yield node
        if not (node.op.silent or node.op.moves or node.op.passes or isinstance(node.op, Formula)):
            return


def _given(flow: Flow, node: Node) -> list[Value]:
    """The static values that a node reads."""
    read = (flow.resolve(value) for value in node.inputs if value is not None)
    return [value for value in read if not flow.moves(value)]


def _origin(node: Node) -> str | None:
    """The name of the one tensor that a static node is made of."""
    while node.inputs and not node.tensors:
        first, *others = node.inputs
        if others or first is None:
            return None
        node = first.node
    return tensor_name(node)
