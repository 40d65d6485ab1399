"""Code as text: the last step, which knows how tightly Python's operators bind and where ruff breaks a line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeGuard

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


def text(code: Code) -> Printed:  # noqa: PLR0912 - one case a kind
    """The code with how tightly it binds."""
    match code:
        case tree.Fixed(value):
            return Printed(literal(value), SIGN if _is_negative(value) else ATOM)
        case tree.Global(name) | tree.Variable(name):
            return Printed(_dotted(name))
        case tree.SizeOf(name) | tree.Sized(name):
            # as wide as a short name: it is measured, and settled before it is printed
            return Printed(f"<{name}.0>")
        case tree.Call(function, args, kwargs, breaking):
            return Printed(_brackets(f"{_dotted(function)}(", args, kwargs, breaking))
        case tree.Apply(callee, args, kwargs, breaking):
            return Printed(_brackets(f"{_owner(callee)}(", args, kwargs, breaking))
        case tree.Method(receiver, name, args, kwargs, breaking):
            return Printed(_method(receiver, _brackets(f".{word(name)}(", args, kwargs, breaking)))
        case tree.Attribute(owner, name):
            return Printed(attribute(_owner(owner), name))
        case tree.Subscript(receiver, items):
            return Printed(f"{_owner(receiver)}[{', '.join(map(_item, items))}]")
        case tree.Many(items):
            return Printed(Brackets("[", tuple(map(printed, items)), "]"))
        case tree.Tuple(items):
            return Printed(f"({', '.join(map(shown, items))}{',' if len(items) == 1 else ''})")
        case tree.Mapping(pairs):
            return Printed(
                Brackets("{", tuple(prefixed(f"{literal(key)}: ", printed(value)) for key, value in pairs), "}")
            )
        case tree.Starred(value):
            return Printed(prefixed("*", text(value).part(OR)))
        case tree.Numbered(head, number, tail):
            return Printed(numbered(head, shown(number), tail))
        case _:
            return _operation(code)


def _operation(
    code: tree.Infix | tree.Prefix | tree.Relation | tree.Conditional | tree.Comprehension | tree.Hole,
) -> Printed:
    match code:
        case tree.Infix(sign, left, right):
            return _infix(sign, left, right)
        case tree.Prefix(sign, operand):
            own = _LEVELS["not"] if sign == "not" else SIGN
            return Printed(("not " if sign == "not" else sign) + text(operand).at(own), own)
        case tree.Relation(first, rest):
            sides = (f" {sign} {text(side).at(OR)}" for sign, side in rest)
            return Printed(text(first).at(OR) + "".join(sides), COMPARE)
        case tree.Conditional(test, then, otherwise):
            head = f"{text(then).at(EITHER)} if {text(test).at(EITHER)} else "
            last = printed(otherwise)
            return Printed(prefixed(head, last) if isinstance(last, Brackets) else f"{head}{last}", CHOICE)
        case tree.Comprehension(element, loops, bare):
            doc = _comprehension(printed(element), loops)
            return Printed(doc, CHOICE) if bare else Printed(Brackets("[", (doc,), "]", single=True))
        case tree.In() | tree.Arg() | tree.Like() | tree.Self() | tree.AddInto() | tree.Grid():
            raise AssertionError(f"a hole: {code!r}")
        case _:
            tree.never(code)


def _infix(sign: str, left: Code, right: Code) -> Printed:
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


def _comprehension(element: Doc, loops: tuple[tree.Loop, ...]) -> Doc:
    doc = element
    for loop in loops:
        targets = ", ".join(map(_target, loop.targets))
        conditions = "".join(f" if {text(condition).at(EITHER)}" for condition in loop.conditions)
        doc = Operation((doc, f"{targets} in {text(loop.iterable).at(EITHER)}{conditions}"), "for")
    return doc


def _target(target: tree.Target) -> str:
    return word(target) if isinstance(target, str) else f"({', '.join(map(_target, target))})"


def _dotted(name: str) -> str:
    return ".".join(map(word, name.split(".")))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_negative(value: object) -> bool:
    """Whether a sign stands before it."""
    return isinstance(value, int | float) and math.copysign(1, value) < 0
