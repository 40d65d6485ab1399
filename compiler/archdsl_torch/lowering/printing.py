"""Code as text: the last step, which knows how tightly Python's operators bind and where ruff breaks a line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

from archdsl_torch.lowering import tree
from archdsl_torch.lowering.spelling import attribute, literal, numbered, word
from archdsl_torch.lowering.text import Brackets, Doc, Dotted, Operation, prefixed
from archdsl_torch.lowering.tree import Breaking, Code, Keywords

CHOICE, EITHER, BOTH, NOT, COMPARE, OR, AND, SUM, PRODUCT, SIGN, POWER, ATOM = range(12)
"""How tightly Python's operators bind."""

_LEVELS: Final[Mapping[str, int]] = {
    "or": EITHER, "and": BOTH, "not": NOT,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARE),
    "|": OR, "&": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER,
}  # fmt: skip


class Printed(NamedTuple):
    """Python text with how tightly it binds."""

    doc: Doc
    level: int = ATOM

    def at(self, level: int) -> str:
        return str(self.part(level))

    def part(self, level: int) -> Doc:
        """The text as an operand, in brackets where it must be."""
        return self.doc if self.level >= level else Brackets("(", (self.doc,), single=True)


def shown(code: Code) -> str:
    """The code on one line."""
    return str(printed(code))


def printed(code: Code) -> Doc:
    """The code as a document that breaks over lines."""
    return text(code).doc


def text(code: Code) -> Printed:
    """The code with how tightly it binds."""
    return _TEXT[type(code)](code)


def _hole(code: Code) -> Printed:
    raise AssertionError(f"a hole: {code!r}")


def _fixed(code: tree.Fixed) -> Printed:
    return Printed(literal(code.value), SIGN if _is_negative(code.value) else ATOM)


def _prefix(code: tree.Prefix) -> Printed:
    sign = code.sign
    own = _LEVELS["not"] if sign == "not" else SIGN
    return Printed(("not " if sign == "not" else sign) + text(code.operand).at(own), own)


def _relation(code: tree.Relation) -> Printed:
    sides = (f" {sign} {text(side).at(OR)}" for sign, side in code.rest)
    return Printed(text(code.first).at(OR) + "".join(sides), COMPARE)


def _conditional(code: tree.Conditional) -> Printed:
    head = f"{text(code.then).at(EITHER)} if {text(code.test).at(EITHER)} else "
    last = printed(code.otherwise)
    return Printed(prefixed(head, last) if isinstance(last, Brackets) else f"{head}{last}", CHOICE)


def _mapping(code: tree.Mapping) -> Printed:
    pairs = (prefixed(f"{literal(key)}: ", printed(value)) for key, value in code.pairs)
    return Printed(Brackets("{", tuple(pairs), "}"))


def _infix(code: tree.Infix) -> Printed:
    sign, left, right = code.sign, code.left, code.right
    own = _LEVELS[sign]
    # a comparison's sides must bind tighter, and so must what stands right of a `-`
    before = own + 1 if own in (COMPARE, POWER) else own
    after = own + 1 if own != POWER else SIGN
    close = own == POWER and _is_simple(left) and _is_simple(right.operand if _is_minus(right) else right)
    return Printed(Operation((text(left).part(before), text(right).part(after)), sign, close), own)


def _is_minus(code: Code) -> TypeGuard[tree.Prefix]:
    return isinstance(code, tree.Prefix) and code.sign == "-"


def _is_simple(code: Code) -> bool:
    """Whether ruff writes a power of it without spaces: a name, an attribute of one, or a number."""
    if isinstance(code, tree.Attribute):
        return _is_simple(code.owner)
    return isinstance(code, tree.Variable | tree.Global) or (isinstance(code, tree.Fixed) and _is_number(code.value))


def _method(receiver: Code, call: Brackets) -> Dotted:
    """Calls of one chain stand together."""
    doc = _owned(receiver)
    return Dotted(doc.head, (*doc.calls, call)) if isinstance(doc, Dotted) else Dotted(str(doc), (call,))


def _owner(code: Code) -> str:
    return str(_owned(code))


def _owned(code: Code) -> Doc:
    """Code before a dot or a bracket: `2.x` is no attribute of 2."""
    return text(code).part(ATOM + 1 if isinstance(code, tree.Fixed) and _is_number(code.value) else ATOM)


def _item(item: Code | tree.Range) -> str:
    if not isinstance(item, tree.Range):
        return shown(item)
    start, stop, step = ("" if bound is None else shown(bound) for bound in (item.start, item.stop, item.step))
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _brackets(opening: str, args: tuple[Code, ...], kwargs: Keywords, breaking: Breaking = "filled") -> Brackets:
    named = (prefixed(f"{word(key)}=", printed(value)) for key, value in kwargs)
    items = (*map(printed, args), *named)
    # no comma may follow a generator without brackets of its own
    generator = len(args) == 1 and isinstance(args[0], tree.Comprehension) and args[0].bare
    return Brackets(opening, items, exploded=breaking == "exploded", single=breaking == "sole" or generator)


def _comprehension(code: tree.Comprehension) -> Printed:
    doc = printed(code.element)
    for loop in code.loops:
        targets = ", ".join(map(_target, loop.targets))
        conditions = "".join(f" if {text(condition).at(EITHER)}" for condition in loop.conditions)
        doc = Operation((doc, f"{targets} in {text(loop.iterable).at(EITHER)}{conditions}"), "for")
    return Printed(doc, CHOICE) if code.bare else Printed(Brackets("[", (doc,), "]", single=True))


def _target(target: tree.Target) -> str:
    return word(target) if isinstance(target, str) else f"({', '.join(map(_target, target))})"


@lru_cache(maxsize=4096)
def _dotted(name: str) -> str:
    return ".".join(map(word, name.split(".")))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_negative(value: object) -> bool:
    """Whether a sign stands before it."""
    return value < 0 if type(value) is int else isinstance(value, float) and math.copysign(1, value) < 0


_TEXT: Final[Mapping[type[Any], Callable[[Any], Printed]]] = {
    tree.Fixed: _fixed,
    **dict.fromkeys((tree.Global, tree.Variable), lambda c: Printed(_dotted(c.name))),
    # as wide as a short name: it is measured, and settled before it is printed
    tree.SizeOf: lambda c: Printed(f"<{c.argument}.0>"),
    **dict.fromkeys((tree.Sized, tree.PassedSize), lambda c: Printed(f"<{c.name}.0>")),
    tree.Call: lambda c: Printed(_brackets(f"{_dotted(c.function)}(", c.args, c.kwargs, c.breaking)),
    tree.Apply: lambda c: Printed(_brackets(f"{_owner(c.function)}(", c.args, c.kwargs, c.breaking)),
    tree.Method: lambda c: Printed(_method(c.receiver, _brackets(f".{word(c.name)}(", c.args, c.kwargs, c.breaking))),
    tree.Attribute: lambda c: Printed(attribute(_owner(c.owner), c.name)),
    tree.Subscript: lambda c: Printed(f"{_owner(c.receiver)}[{', '.join(map(_item, c.items))}]"),
    tree.Many: lambda c: Printed(Brackets("[", tuple(map(printed, c.items)), "]")),
    tree.Tuple: lambda c: Printed(f"({', '.join(map(shown, c.items))}{',' if len(c.items) == 1 else ''})"),
    tree.Mapping: _mapping,
    tree.Starred: lambda c: Printed(prefixed("*", text(c.value).part(OR))),
    tree.Numbered: lambda c: Printed(numbered(c.head, shown(c.number), c.tail)),
    tree.Infix: _infix,
    tree.Prefix: _prefix,
    tree.Relation: _relation,
    tree.Conditional: _conditional,
    tree.Comprehension: _comprehension,
    **dict.fromkeys((tree.In, tree.Arg, tree.Like, tree.Self, tree.AddInto, tree.Grid), _hole),
}
"""By kind of code."""
