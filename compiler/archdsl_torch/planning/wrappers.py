"""Small modules around expressions, for steps that keep a number in an `nn.Sequential`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from archdsl.ir.graph import Node
from archdsl_torch.lowering.filling import Filler
from archdsl_torch.lowering.printing import shown
from archdsl_torch.lowering.spelling import camel, identifier
from archdsl_torch.lowering.statements import Body, Return, assign
from archdsl_torch.lowering.text import TakenNames, is_static, unique
from archdsl_torch.lowering.tree import SELF, TRAINING, Arg, Attribute, Call, Code, Fixed, In, Like, Variable
from archdsl_torch.lowering.walking import leaves, walk
from archdsl_torch.planning.skeletons import skeleton


@final
@dataclass(frozen=True)
class Wrapper:
    """A class that does what one op's expression does."""

    name: str
    op: str
    code: Code
    names: tuple[str, ...]
    """The arguments of its constructor, which it keeps."""

    @property
    def construction(self) -> Body:
        """The statements of `__init__` after `super().__init__()`."""
        return tuple(assign(Attribute(SELF, name), Variable(name)) for name in self.names)

    @property
    def forward(self) -> Body:
        waiting = iter(self.names)

        def value(args: Sequence[Arg], name: str) -> Code:
            found = args[0]
            return Fixed(found.value) if found.field is None else Attribute(SELF, next(waiting))

        x = Variable("x")
        return (Return((Filler([x], value, lambda what: Attribute(x, what)).fill([self.code]),)),)


@final
class Wrappers:
    """The wrapper classes of one file."""

    def __init__(self, class_names: TakenNames) -> None:
        self.made: dict[object, Wrapper] = {}
        self.class_names = class_names

    @staticmethod
    def fits(code: Code | None) -> bool:
        """Whether the expression of an op that reads one tensor needs nothing else but what the constructor knows."""
        if code is None or any(isinstance(part, Like) or part == TRAINING for part in walk(code)):
            return False
        return all(is_static(leaf.value) for leaf in leaves(code))

    def call(self, node: Node, code: Code) -> Call:
        """The wrapper's constructor call for this node."""
        if isinstance(code, In):
            return Call("nn.Identity")
        fixed = tuple(shown(Fixed(leaf.value)) for leaf in leaves(code) if leaf.field is None)
        key = node.op.name, skeleton(code), fixed
        if key not in self.made:
            name = self.class_names.new(camel(node.op.name))
            self.made[key] = Wrapper(name, node.op.name, code, tuple(_names(leaves(code))))
        args = tuple(Arg(leaf.value, leaf.field) for leaf in leaves(code) if leaf.field is not None)
        return Call(self.made[key].name, args)


def _names(values: Sequence[Arg]) -> Iterator[str]:
    names: list[str] = []
    for value in values:
        if value.field is not None:
            names.append(unique(identifier(value.field), names))
            yield names[-1]
