"""Small modules around expressions, for steps that keep a number in an `nn.Sequential`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from archdsl.graph import Node
from archdsl_torch.code import Text as CodeText
from archdsl_torch.code import Writer, leaves
from archdsl_torch.lowering import Arg, Call, In
from archdsl_torch.special import Like, ModeChoice
from archdsl_torch.spelling import camel, identifier, literal
from archdsl_torch.text import is_static, render, unique


@final
@dataclass(eq=False)
class _Wrapper:
    """A class that does what one op's expression does."""

    name: str
    op: str
    code: Any
    names: list[str]

    def lines(self) -> list[str]:
        stored = [f"        self.{name} = {name}" for name in self.names]
        waiting = iter(self.names)

        def value(args: Any, name: str) -> str:
            found = args[0]
            return literal(found.value) if found.field is None else f"self.{next(waiting)}"

        constructor = [f"    def __init__(self, {', '.join(self.names)}):", "        super().__init__()", *stored, ""]
        text = Writer([CodeText("x")], value, lambda what: f"x.{what}").write([self.code])
        return [
            f"class {self.name}(nn.Module):",
            f'    """`{self.op}` as a module."""',
            "",
            *(constructor if stored else []),
            "    def forward(self, x):",
            *render("return ", text.doc, 8),
        ]


@final
class Wrappers:
    """The wrapper classes of one file."""

    def __init__(self, taken: set[str]) -> None:
        self.made: dict[object, _Wrapper] = {}
        self.taken = taken
        """The names of classes in the file."""

    def fits(self, node: Node, code: Any) -> bool:
        """Whether the op's expression reads one tensor, and numbers that the constructor knows."""
        fed = [i for i, value in enumerate(node.inputs) if value is not None]
        if code is None or fed != [0] or isinstance(code, In):
            return isinstance(code, In)
        from archdsl_torch.outline import skeleton

        shown = str(skeleton(code))
        unclear = any(kind.__name__ in shown for kind in (Like, ModeChoice)) or "training" in shown
        return not unclear and all(is_static(leaf.value) for leaf in leaves(code))

    def call(self, node: Node, code: Any) -> Call:
        """The wrapper's constructor call for this node."""
        if isinstance(code, In):
            return Call("nn.Identity")
        from archdsl_torch.outline import skeleton

        fixed = tuple(repr(leaf.value) for leaf in leaves(code) if leaf.field is None)
        key = node.op.name, skeleton(code), fixed
        if key not in self.made:
            names: list[str] = []
            for leaf in leaves(code):
                if leaf.field is not None:
                    names.append(unique(identifier(leaf.field), names))
            name = unique(camel(node.op.name), self.taken)
            self.taken.add(name)
            self.made[key] = _Wrapper(name, node.op.name, code, names)
        wrapper = self.made[key]
        args = tuple(Arg(leaf.value, leaf.field) for leaf in leaves(code) if leaf.field is not None)
        return Call(wrapper.name, args)

    def by_name(self) -> dict[str, list[str]]:
        """The source lines of each class."""
        return {wrapper.name: wrapper.lines() for wrapper in self.made.values()}
