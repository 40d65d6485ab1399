"""The constructor arguments of a class: names for the values that differ between its instances.

A value that all instances share is a literal. One that varies is said in the words of the spec where
its expression holds for every instance (`planes * 4`), else by an argument that has these values,
else it becomes an argument of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol, final

from archdsl.elaboration.names import MODULE_ATTRIBUTES
from archdsl.expressions import Expression, ExpressionError, Name, Tree
from archdsl.expressions import Sequence as SequenceTree
from archdsl.graph import Binding, Env, Node, Scope
from archdsl.substitution import Text
from archdsl_torch.folding import Untold, translate
from archdsl_torch.spelling import Raw, argument, expression, identifier, literal, variable
from archdsl_torch.text import Group, all_same, is_static, render, same, unique

COUNTER: Final = "k"
"""What a comprehension over children counts with, so that no argument is called so."""

UNSET: Final = Raw("None")
"""The value of an argument in instances that do not use it."""

SIZES: Final = {
    "in_channels": "in_channels",
    "num_features": "channels",
    "num_channels": "channels",
    "in_features": "in_features",
    "normalized_shape": "dim",
    "embed_dim": "dim",
    "out_channels": "out_channels",
    "out_features": "out_features",
    "groups": "groups",
    "shape": "size",
}
"""torch's arguments that are sizes, with the name that an argument for them gets."""


@final
@dataclass(frozen=True, slots=True)
class Hint:
    """The expression that a value is written as, and the names that it saw in each instance."""

    expression: Expression
    envs: tuple[Env, ...]


class Resolver(Protocol):
    """Finds words for values that vary."""

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> str: ...

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> str: ...


@final
@dataclass(slots=True, eq=False)
class Atom:
    """A name that the constructor knows, with its value in every instance."""

    name: str
    values: list[Any]
    text: str | None = None
    """Of a local variable: what it is set to."""
    size: bool = False
    source: str | None = None
    """The name of the spec that it stands for."""


def hint_of(template: Any, field_name: str | None, envs: Sequence[Env]) -> Hint | None:
    """The expression of a node's field, if it is one."""
    fields = getattr(template, "fields", None)
    written = fields.get(field_name) if fields and field_name else None
    return expression_hint(written, envs)


def expression_hint(written: Any, envs: Sequence[Env]) -> Hint | None:
    if isinstance(written, Text):
        written = written.sole
    return Hint(written, tuple(envs)) if isinstance(written, Expression) else None


def node_hint(nodes: Sequence[Node], field_name: str | None) -> Hint | None:
    """The expression that a field of these nodes is written as."""
    template = nodes[0].template
    if any(node.template is not template for node in nodes):
        return None
    return hint_of(template, field_name, [node.env for node in nodes])


def element_hints(hint: Hint | None, count: int) -> list[Hint | None]:
    """The expressions of a list's elements, one by one."""
    tree = None if hint is None else hint.expression.tree
    if hint is None or not isinstance(tree, SequenceTree) or len(tree.items) != count:
        return [None] * count
    return [Hint(Expression("", item), hint.envs) for item in tree.items]


@final
@dataclass(eq=False)
class Arguments:
    """What the constructor of one class is given."""

    scopes: tuple[Scope, ...]
    taken: set[str] = field(default_factory=set)
    atoms: list[Atom] = field(default_factory=list)
    free: frozenset[str] = frozenset()
    """Parameters of the network that become arguments although they do not vary."""
    attributes: dict[str, str] = field(default_factory=dict)
    """What the constructor stores for other methods: attribute -> its text."""

    def stored(self, name: str, text: str) -> str:
        """The attribute that holds a value of the constructor."""
        for attribute, other in self.attributes.items():
            if other == text:
                return f"self.{attribute}"
        name = unique(name, {*self.attributes, *self.taken, *MODULE_ATTRIBUTES})
        self.attributes[name] = text
        return f"self.{name}"

    @cached_property
    def arguments(self) -> list[tuple[Atom, str | None]]:
        """With their defaults, those without first. Read when the class is finished."""
        found = [
            (atom, literal(atom.values[0]) if atom.source in self.free else self._default(atom))
            for atom in self.atoms
            if atom.text is None
        ]
        return sorted(found, key=lambda pair: (pair[1] is not None, self._rank(pair[0])))

    def _rank(self, atom: Atom) -> int:
        """What comes in first, then the block's parameters as it declares them, then what has no name there."""
        if atom.name in ("in_channels", "in_features", "dim"):
            return -1
        declared = list(self.scopes[0].arguments)
        return declared.index(atom.source) if atom.source in declared else len(declared)

    @property
    def locals(self) -> list[Atom]:
        return [atom for atom in self.atoms if atom.text is not None]

    def signature(self) -> list[str]:
        """The constructor's header, at the depth of a method."""
        parts = [a.name if default is None else f"{a.name}={default}" for a, default in self.arguments]
        return render("", Group("def __init__(", ("self", *parts)), 4, ":")

    @staticmethod
    def _default(atom: Atom) -> str | None:
        """A neutral value that most instances have."""
        classes = [v for v in atom.values if isinstance(v, Raw) and v is not UNSET]
        words = Counter(v for v in atom.values if isinstance(v, str)).most_common(1)
        for value in (UNSET, *classes[:1], *(word for word, _ in words), 1, 0, 0.0, None, False, True):
            count = sum(same(v, value) for v in atom.values)
            if count and (value is UNSET or (2 * count >= len(atom.values) > 1 and not atom.size)):
                return literal(value)
        return None

    def prune(self, lines: Sequence[str]) -> None:
        """Forgets names that no line uses."""
        text = "\n".join([*lines, *self.attributes.values()])
        while True:
            said = "\n".join([text, *(atom.text for atom in self.atoms if atom.text is not None)])
            kept = [atom for atom in self.atoms if re.search(rf"(?<![\w.]){atom.name}\b(?!=)", said)]
            if len(kept) == len(self.atoms):
                return
            self.atoms = kept

    # --- resolving ------------------------------------------------------------------------

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None = None) -> str:
        """Python text for a value that is `values[i]` in instance `where[i]`."""
        if all_same(values) and is_static(values[0]):
            return self._free(values[0], hint) or literal(values[0])
        if not all(map(is_static, values)):
            raise Untold(name)
        found = self._said(values, where, hint) or self._known(values, where)
        if found is None and name in SIZES:
            found = self._dimension(values, where, name) or self._multiple(values, where, self.atoms)
            found = found or self._multiple_of_dimension(values, where, name)
        if found is not None:
            return found
        if self._is_even(values):
            return self._spread(values, where, name)
        return self._new(identifier(SIZES.get(name, name)), self._full(values, where), size=name in SIZES).name

    def _free(self, value: Any, hint: Hint | None) -> str | None:
        """The network's own parameter that the value is, where that may change."""
        tree = None if hint is None else hint.expression.tree
        if not isinstance(tree, Name) or tree.name not in self.free:
            return None
        known = next((atom for atom in self.atoms if atom.source == tree.name), None)
        atom = known or self._new(identifier(tree.name), [value], source=tree.name)
        return atom.name

    def factory(self, name: str, values: Sequence[Any]) -> str:
        """An argument that holds a class, or None."""
        found = self._known(values, range(len(self.scopes)))
        return found or self._new(variable(name), list(values)).name

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> str:
        """Python text that is true in the instances that have a child."""
        everywhere = range(len(self.scopes))
        if hint is not None:
            try:
                return self._translated(hint, list(present), everywhere)
            except (Untold, ExpressionError):
                pass
        found = self._known(list(present), everywhere)
        return found or self._new(identifier("with", name), list(present)).name

    def _is_even(self, values: Sequence[Any]) -> bool:
        return all(isinstance(v, tuple) and len(v) == len(values[0]) for v in values)

    def _spread(self, values: Sequence[Any], where: Sequence[int], name: str) -> str:
        """A tuple of which only some elements vary."""
        columns = list(zip(*values, strict=True))
        varying = [column for column in columns if not all_same(column)]
        if len(varying) == len(columns) or name not in SIZES:
            return self._new(identifier(name), self._full(values, where)).name
        texts = [self.resolve(column, where, name) for column in columns]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _full(self, values: Sequence[Any], where: Sequence[int]) -> list[Any]:
        full: list[Any] = [UNSET] * len(self.scopes)
        for i, value in zip(where, values, strict=True):
            full[i] = value
        return full

    def _known(self, values: Sequence[Any], where: Sequence[int]) -> str | None:
        """An argument or variable that has these values."""
        for atom in self.atoms:
            if all(same(atom.values[i], v) for i, v in zip(where, values, strict=True)):
                return atom.name
        for atom in self.atoms:
            if atom.text is None and _extends(atom, values, where):
                for i, v in zip(where, values, strict=True):
                    atom.values[i] = v
                return atom.name
        return self._parameter(values, where)

    def _parameter(self, values: Sequence[Any], where: Sequence[int]) -> str | None:
        """A parameter of the block that has these values."""
        for name in self.scopes[0].arguments:
            column = self._column(name)
            if column is not None and all(same(column[i], v) for i, v in zip(where, values, strict=True)):
                return self._new(identifier(name), column, source=name).name
        return None

    def _dimension(self, values: Sequence[Any], where: Sequence[int], name: str) -> str | None:
        """A dimension of a port's pattern that has these values."""
        for dim in self._dimensions():
            column = self._column(dim)
            if column is not None and all(same(column[i], v) for i, v in zip(where, values, strict=True)):
                return self._new(self._dimension_name(dim, name), column, size=True, source=dim).name
        return None

    def _dimensions(self) -> list[str]:
        found: list[str] = []
        env: Env | None = self.scopes[0].env
        while env is not None:
            found += [name for name, binding in env.names.items() if binding.kind == "dim"]
            env = env.parent
        return found

    def _dimension_name(self, dim: str, field_name: str = "") -> str:
        """What a dimension of the input is called as an argument."""
        if field_name in ("in_channels", "num_features", "num_channels"):
            return "in_channels"
        if dim not in ("C", "D"):
            return identifier(dim.lower())
        dims = self._dimensions()
        return "in_channels" if len(dims) > 2 and dims.index(dim) == 1 else "dim"

    def _multiple_of_dimension(self, values: Sequence[Any], where: Sequence[int], name: str) -> str | None:
        """A multiple of a dimension that has no name here yet."""
        for dim in self._dimensions():
            column = self._column(dim)
            if column is None or any(atom.source == dim for atom in self.atoms):
                continue
            atom = Atom(
                unique(argument(self._dimension_name(dim, name)), {a.name for a in self.atoms}), column, None, True, dim
            )
            found = self._multiple(values, where, [atom])
            if found is not None:
                self.atoms.append(atom)
                return found
        return None

    def _multiple(self, values: Sequence[Any], where: Sequence[int], atoms: Sequence[Atom]) -> str | None:
        """A multiple or a fraction of another size."""
        if not all(isinstance(v, int) and v > 0 for v in values):
            return None
        for atom in atoms:
            others = [atom.values[i] for i in where]
            if not atom.size or not all(type(other) is int and other > 0 for other in others):
                continue
            if (factor := _factor(values, others)) is not None:
                return f"{factor} * {atom.name}"
            if (factor := _factor(others, values)) is not None:
                return f"{atom.name} // {factor}"
        return None

    # --- expressions ------------------------------------------------------------------------

    def _said(self, values: Sequence[Any], where: Sequence[int], hint: Hint | None) -> str | None:
        """The spec's own expression, in the names of the constructor."""
        if hint is None:
            return None
        try:
            return self._translated(hint, values, where)
        except (Untold, ExpressionError):
            return None

    def _translated(self, hint: Hint, values: Sequence[Any], where: Sequence[int]) -> str:
        for env, value in zip(hint.envs, values, strict=True):
            if not agrees(hint.expression.evaluate(env), value):
                raise Untold(hint.expression.text)
        return expression(self.words(hint.expression.tree, hint.envs, where))

    def words(self, tree: Tree, envs: Sequence[Env], where: Sequence[int], keep: frozenset[str] = frozenset()) -> Tree:
        """The spec's expression over the constructor's names. Raises Untold."""
        before = len(self.atoms)
        try:
            return translate(tree, envs, lambda name, bindings: self._name(name, bindings, where), keep)
        except (Untold, ExpressionError) as error:
            del self.atoms[before:]
            raise Untold(str(error)) from None

    def _name(self, name: str, bindings: Sequence[Binding | None], where: Sequence[int]) -> Tree:
        if any(b is None or b.kind == "loop" or not is_static(b.value) for b in bindings):
            raise Untold(name)
        known = [b for b in bindings if b is not None]
        values = [b.value for b in known]
        for atom in self.atoms:
            if atom.source == name and all(same(atom.values[i], v) for i, v in zip(where, values, strict=True)):
                return Name(atom.name)
        column = self._column(name)
        if column is None or not all(same(column[i], v) for i, v in zip(where, values, strict=True)):
            raise Untold(name)
        kind, definition = known[0].kind, known[0].definition
        if kind == "let" and isinstance(definition, Expression):
            said = self.words(definition.tree, [scope.env for scope in self.scopes], range(len(self.scopes)))
            text = expression(said)
            whole = all(type(v) is int for v in column)
            if text.isidentifier():
                return said
            return Name(self._new(identifier(name), column, text=text, size=whole, source=name).name)
        if not all(isinstance(v, int | float | str | bool | tuple) or v is None for v in column):
            raise Untold(name)
        fresh = self._dimension_name(name) if kind == "dim" else identifier(name)
        return Name(self._new(fresh, column, size=kind == "dim", source=name).name)

    def _column(self, name: str) -> list[Any] | None:
        """The value of a name of the spec in every instance."""
        bindings = [scope.env.find(name) for scope in self.scopes]
        values = [b.value for b in bindings if b is not None]
        return values if len(values) == len(bindings) and all(map(is_static, values)) else None

    def _new(
        self, name: str, values: list[Any], *, text: str | None = None, size: bool = False, source: str | None = None
    ) -> Atom:
        atom = Atom(unique(argument(name), {COUNTER, *(a.name for a in self.atoms)}), values, text, size, source)
        self.atoms.append(atom)
        return atom


def _extends(atom: Atom, values: Sequence[Any], where: Sequence[int]) -> bool:
    """Whether the values are the atom's wherever it has one, and it has one somewhere."""
    pairs = [(atom.values[i], v) for i, v in zip(where, values, strict=True)]
    return all(a is UNSET or same(a, v) for a, v in pairs) and any(a is not UNSET for a, _ in pairs)


def _factor(large: Sequence[int], small: Sequence[int]) -> int | None:
    """The whole number that makes every `small` the `large` beside it."""
    factor, rest = divmod(large[0], small[0])
    exact = rest == 0 and all(a == b * factor for a, b in zip(large, small, strict=True))
    return factor if exact else None


def agrees(said: Any, value: Any) -> bool:
    """Whether an expression's value is the op's: one number stands for equal ones."""
    if isinstance(value, tuple) and not isinstance(said, tuple | list):
        return all(agrees(said, item) for item in value)
    if isinstance(said, list):
        said = tuple(said)
    if isinstance(value, bool) and not isinstance(said, bool):
        return bool(said) == value
    if isinstance(said, tuple) or isinstance(value, tuple):
        return bool(said == value)
    return type(said) is type(value) and bool(said == value)
