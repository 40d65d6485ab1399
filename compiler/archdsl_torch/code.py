"""Trees of code as Python text, the same tree of several instances at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, final

from archdsl_torch.lowering import Arg, Call, Fixed, In, Index, Many, Method, Range, Self, Training
from archdsl_torch.special import AddInto, Grid, Infix, Like, ModeChoice, Prefix, Suffix, Variable
from archdsl_torch.spelling import literal
from archdsl_torch.text import Doc, Dotted, Group, Operation, prefixed

CHOICE, COMPARE, OR, AND, SUM, PRODUCT, SIGN, POWER, ATOM = range(9)
"""How tightly Python's operators bind."""

_LEVELS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARE),
    "|": OR, "&": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER,
}  # fmt: skip


_MARK: Final = re.compile(r"<[\w.]+>")
"""Stands for a size that is put into words when the forward is finished."""


class Text(NamedTuple):
    """Python text with how tightly it binds."""

    doc: Doc
    level: int = ATOM

    def at(self, level: int) -> str:
        return str(self.doc) if self.level >= level else f"({self.doc})"

    def part(self, level: int) -> Doc:
        """The text as an operand, in brackets where it must be."""
        return self.doc if self.level >= level else Group("(", (self.doc,), single=True)


def atom_or_sum(text: str) -> Text:
    """The text of a number or a name, or of an expression around one."""
    if text.replace("_", "").replace(".", "").isalnum() or _MARK.fullmatch(text):
        return Text(text)
    if text.startswith("-") and text[1:].replace(".", "").isalnum():
        return Text(text, SIGN)
    closed = text.endswith((")", "]")) and " " not in text
    return Text(text, ATOM if closed else CHOICE)


@final
class Writer:
    """Writes one step's code: `inputs` are the texts of its inputs, `value` finds words for numbers."""

    def __init__(
        self,
        inputs: Sequence[Text | None],
        value: Callable[[Sequence[Arg], str], str],
        like: Callable[[str], str],
        module: str | None = None,
    ) -> None:
        self.inputs = inputs
        self.value = value
        self.like = like
        self.module = module

    def write(self, codes: Sequence[Any], name: str = "value") -> Text:
        first = codes[0]
        match first:
            case In(index=index):
                found = self.inputs[index]
                assert found is not None
                return found
            case Arg():
                return atom_or_sum(self.value(codes, name))
            case Fixed(value=fixed):
                return atom_or_sum(literal(fixed))
            case Self():
                return Text(str(self.module))
            case Call(function=function):
                if not first.args and not first.kwargs and function.startswith("torch.") and function != "torch.empty":
                    return Text(function)
                return Text(Group(f"{function}(", self._arguments(codes)))
            case Method():
                return self._method(codes)
            case Many(items=items):
                columns = [self.write([code.items[i] for code in codes]).doc for i in range(len(items))]
                return Text(Group("[", tuple(columns), "]"))
            case Training():
                text = self.write([code.value for code in codes], name)
                return Text(f"{text.at(COMPARE)} if self.training else 0.0", CHOICE)
        return self._special(codes)

    def _special(self, codes: Sequence[Any]) -> Text:
        first = codes[0]
        match first:
            case Infix(sign=sign):
                own = _LEVELS[sign]
                left = self.write([code.left for code in codes])
                right = self.write([code.right for code in codes])
                # a comparison's sides must bind tighter, and so must what stands right of a `-`
                before = own + 1 if own in (COMPARE, POWER) else own
                after = own + 1 if own != POWER else SIGN
                return Text(Operation((left.part(before), right.part(after)), sign), own)
            case AddInto(target=target):
                sum_, other = self.inputs[target], self.inputs[1 - target]
                assert sum_ is not None and other is not None
                return Text(Dotted(sum_.at(ATOM), (Group(".add_(", (other.doc,)),)))
            case Prefix(sign=sign):
                return Text(sign + self.write([code.operand for code in codes]).at(SIGN), SIGN)
            case Suffix(text=text):
                return Text(f"{self.write([code.value for code in codes]).at(ATOM)}[{text}]")
            case Index():
                receiver = self.write([code.receiver for code in codes]).at(ATOM)
                items = [self._item([code.items[i] for code in codes]) for i in range(len(first.items))]
                return Text(f"{receiver}[{', '.join(items)}]")
            case ModeChoice(mode=mode):
                then = self.write([code.then for code in codes]).at(COMPARE)
                otherwise = self.write([code.otherwise for code in codes]).at(COMPARE)
                sides = (then, otherwise) if mode == "training" else (otherwise, then)
                return Text(f"{sides[0]} if self.training else {sides[1]}", CHOICE)
            case Like(what=what):
                return Text(self.like(what))
            case Variable(name=name):
                return Text(name)
        raise AssertionError(f"no text for {first!r}")

    def _item(self, codes: Sequence[Any]) -> str:
        """An index, or a range as `1:3`."""
        if not isinstance(codes[0], Range):
            return str(self.write(codes).doc)
        bounds = [
            "" if getattr(codes[0], side) is None else str(self.write([getattr(c, side) for c in codes]).doc)
            for side in ("start", "stop", "step")
        ]
        return ":".join(bounds) if bounds[2] else ":".join(bounds[:2])

    def _method(self, codes: Sequence[Any]) -> Text:
        first = codes[0]
        source = self.write([code.receiver for code in codes])
        receiver = source.at(ATOM)
        if isinstance(first.receiver, Self) and first.name == "__call__":
            return Text(Group(f"{receiver}(", self._arguments(codes)))
        call = Group(f".{first.name}(", self._arguments(codes))
        if isinstance(source.doc, Dotted):
            return Text(Dotted(source.doc.head, (*source.doc.calls, call)))
        return Text(Dotted(receiver, (call,)))

    def _arguments(self, codes: Sequence[Any]) -> tuple[Doc, ...]:
        first = codes[0]
        items: list[Doc] = [self.write([c.args[i] for c in codes]).doc for i in range(len(first.args))]
        for place, (key, _) in enumerate(first.kwargs):
            text = self.write([code.kwargs[place][1] for code in codes], key).doc
            items.append(prefixed(f"{key}=", text))
        return tuple(items)


def leaves(code: Any) -> list[Arg]:
    """The values in a tree."""
    return [code] if isinstance(code, Arg) else [leaf for part in parts(code) for leaf in leaves(part)]


def uses(code: Any, index: int) -> int:
    """How often a tree names its input `index`."""
    if isinstance(code, AddInto):
        return 1
    return int(code == In(index)) if isinstance(code, In) else sum(uses(part, index) for part in parts(code))


def parts(code: Any) -> list[Any]:
    """The trees right below."""
    match code:
        case Call():
            return [*code.args, *(value for _, value in code.kwargs)]
        case Method():
            return [code.receiver, *code.args, *(value for _, value in code.kwargs)]
        case Many():
            return list(code.items)
        case Infix():
            return [code.left, code.right]
        case Prefix():
            return [code.operand]
        case ModeChoice():
            return [code.then, code.otherwise]
        case Suffix() | Training():
            return [code.value]
        case Grid():
            return [*code.indices, code.value]
        case Index():
            return [code.receiver, *code.items]
        case Range():
            return [code.start, code.stop, code.step]
    return []
