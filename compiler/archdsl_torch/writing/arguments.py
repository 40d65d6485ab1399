"""The constructor arguments of a class: names for the values that differ between its instances.

Theory of operation. A class serves several instances; a value of its constructor is a *column*, one number for each.
What all share is a literal. What varies needs words that are right for every instance, and of those that are, the
ones that a person would choose. `resolve` tries, in this order:

1. what the spec says itself (a `Hint`: the expression and the names that it saw), in the constructor's names:
   `planes * 4`; a name of the spec becomes an argument, or a local variable if `let` defines it;
2. a name that has this column already, or that can have it, being unset where the column says something;
3. a parameter of the block with this column; for sizes a dimension of a port's pattern, or a multiple of a size;
4. a new argument, called by torch's name for what it is.

An *atom* is a name with its column. The atoms that have no code are the arguments of `__init__`; the others are local
variables, set to their code. Who constructs an instance gives it the atoms' values of that instance.

What holds throughout:

- No words are taken on trust. An expression of the spec is evaluated in each instance and kept only where it gives the
  value (`agrees`); else it raises Untold, the atoms that it made on the way go again, and the next way is tried.
- A column is of static values. Sizes known only when the model runs are never arguments: Untold.
- An atom's value, once used, does not change; only what was unset is filled in.
- Atoms that nothing in the finished constructor reads are pruned, so that trying costs nothing in what is printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Final, Protocol, final

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions.tree import Name, Tree
from archdsl.expressions.walking import free_names
from archdsl.ir.graph import Binding, Env, Node, Scope
from archdsl.text.alike import same
from archdsl.text.names import MODULE_ATTRIBUTES
from archdsl_torch.lowering.spelling import argument, identifier, variable
from archdsl_torch.lowering.statements import Body, Effect, assign, variables
from archdsl_torch.lowering.text import all_same, distinct, is_static, unique
from archdsl_torch.lowering.tree import NONE, SELF, Attribute, Code, Fixed, Global, Infix, Tuple, Variable
from archdsl_torch.lowering.wording import worded
from archdsl_torch.writing.folding import Untold, agrees, translate
from archdsl_torch.writing.hints import Hint

COUNTER: Final = "k"
"""What a comprehension over children counts with, so that no argument is called so."""


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
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


class Resolver(Protocol):
    """Finds words for values that vary."""

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> Code: ...

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> Code: ...


@final
@dataclass(slots=True, eq=False)
class Atom:
    """A name that the constructor knows, with its value in every instance."""

    name: str
    values: list[Any]
    code: Code | None = None
    """Of a local variable: what it is set to."""
    size: bool = False
    source: str | None = None
    """The name of the spec that it stands for."""


@final
@dataclass(eq=False)
class Arguments:
    """What the constructor of one class is given."""

    scopes: tuple[Scope, ...]
    counts: tuple[int, ...]
    """How many instances are given what each scope is."""
    taken: set[str] = field(default_factory=set)
    atoms: list[Atom] = field(default_factory=list)
    free: Mapping[str, Node] = field(default_factory=dict)
    """Parameters of the network that become arguments although they do not vary, each with the layer that it widens."""
    _columns: dict[str, list[Any] | None] = field(default_factory=dict)
    attributes: dict[str, Code] = field(default_factory=dict)
    """What the constructor stores for other methods, by attribute."""

    def stored(self, name: str, code: Code) -> Code:
        """The attribute that holds a value of the constructor: called as that is, else `name`."""
        for attribute, other in self.attributes.items():
            if other == code:
                return Attribute(SELF, attribute)
        wanted = code.name if isinstance(code, Variable) else name
        name = unique(wanted, {*self.attributes, *self.taken, *MODULE_ATTRIBUTES})
        self.attributes[name] = code
        return Attribute(SELF, name)

    @cached_property
    def arguments(self) -> list[tuple[Atom, Code | None]]:
        """With their defaults, those without first. Read when the class is finished."""
        found = [
            (atom, in_words(atom.values[0]) if atom.source in self.free else self._default(atom))
            for atom in self.atoms
            if atom.code is None
        ]
        return sorted(found, key=lambda pair: (pair[1] is not None, self._rank(pair[0])))

    def _rank(self, atom: Atom) -> int:
        """What comes in first, then the block's parameters as it declares them, then what has no name there."""
        if atom.name in ("in_channels", "in_features", "dim"):
            return -1
        declared = list(self.scopes[0].arguments)
        return declared.index(atom.source) if atom.source in declared else len(declared)

    def statements(self) -> Body:
        """What the constructor sets before it makes the children."""
        local = [assign(Variable(atom.name), atom.code) for atom in self.atoms if atom.code is not None]
        return (*local, *(assign(Attribute(SELF, name), code) for name, code in self.attributes.items()))

    def _default(self, atom: Atom) -> Code | None:
        """A neutral value that most instances have."""
        columns = [*zip(atom.values, self.counts, strict=True)]
        classes = [v for v in atom.values if isinstance(v, Global)]
        words = Counter[str]()
        for word, count in columns:
            if isinstance(word, str):
                words[word] += count
        for value in (UNSET, *classes[:1], *(word for word, _ in words.most_common(1)), 1, 0, 0.0, None, False, True):
            count = sum(times for v, times in columns if same(v, value))
            if count and (value is UNSET or (2 * count >= sum(self.counts) > 1 and not atom.size)):
                return in_words(value)
        return None

    def prune(self, body: Body) -> None:
        """Forgets names that neither these statements nor what is set before them read."""
        while True:
            local = [Effect(atom.code) for atom in self.atoms if atom.code is not None]
            read = variables((*body, *map(Effect, self.attributes.values()), *local))
            kept = [atom for atom in self.atoms if atom.name in read]
            if len(kept) == len(self.atoms):
                return
            self.atoms = kept

    # --- resolving ------------------------------------------------------------------------

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None = None) -> Code:
        """Words for a value that is `values[i]` in instance `where[i]`."""
        if all_same(values) and is_static(values[0]):
            return self._free(values[0], hint) or in_words(values[0])
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
        return self._new(identifier(SIZES.get(name, name)), self._full(values, where), size=name in SIZES)

    def _free(self, value: Any, hint: Hint | None) -> Code | None:
        """The network's own parameter that the value is, where that may change."""
        tree = None if hint is None else hint.expression.tree
        if not isinstance(tree, Name) or tree.name not in self.free:
            return None
        known = next((atom for atom in self.atoms if atom.source == tree.name), None)
        return self._new(identifier(tree.name), [value], source=tree.name) if known is None else Variable(known.name)

    def presence(self, node: Node) -> Code | None:
        """What is true where the network has this layer, if its own argument decides that."""
        condition = None if node.site is None else node.site.condition
        found = [atom for atom in self.atoms if self.free.get(atom.source or "") is node]
        if condition is None or not found or found[0].source not in free_names(condition.tree):
            return None
        return worded(condition.tree, lambda _: Variable(found[0].name))

    def factory(self, name: str, values: Sequence[Any]) -> Code:
        """An argument that holds a class, or None."""
        found = self._known(values, range(len(self.scopes)))
        return found or self._new(variable(name), list(values))

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> Code:
        """What is true in the instances that have a child."""
        everywhere = range(len(self.scopes))
        if hint is not None:
            try:
                return self._translated(hint, list(present), everywhere)
            except (Untold, ExpressionError):
                pass
        found = self._known(list(present), everywhere)
        return found or self._new(identifier("with", name), list(present))

    def _is_even(self, values: Sequence[Any]) -> bool:
        return all(isinstance(v, tuple) and len(v) == len(values[0]) for v in values)

    def _spread(self, values: Sequence[Any], where: Sequence[int], name: str) -> Code:
        """A tuple of which only some elements vary."""
        columns = list(zip(*values, strict=True))
        varying = [column for column in columns if not all_same(column)]
        if len(varying) == len(columns) or name not in SIZES:
            return self._new(identifier(name), self._full(values, where))
        return Tuple(tuple(self.resolve(column, where, name) for column in columns))

    def _full(self, values: Sequence[Any], where: Sequence[int]) -> list[Any]:
        full: list[Any] = [UNSET] * len(self.scopes)
        for i, value in zip(where, values, strict=True):
            full[i] = value
        return full

    def _known(self, values: Sequence[Any], where: Sequence[int]) -> Code | None:
        """An argument or variable that has these values."""
        for atom in self.atoms:
            if all(same(atom.values[i], v) for i, v in zip(where, values, strict=True)):
                return Variable(atom.name)
        for atom in self.atoms:
            if atom.code is None and _extends(atom, values, where):
                for i, v in zip(where, values, strict=True):
                    atom.values[i] = v
                return Variable(atom.name)
        return self._parameter(values, where)

    def _parameter(self, values: Sequence[Any], where: Sequence[int]) -> Code | None:
        """A parameter of the block that has these values."""
        for name in self.scopes[0].arguments:
            column = self._column(name)
            if column is not None and all(same(column[i], v) for i, v in zip(where, values, strict=True)):
                return self._new(identifier(name), column, source=name)
        return None

    def _dimension(self, values: Sequence[Any], where: Sequence[int], name: str) -> Code | None:
        """A dimension of a port's pattern that has these values."""
        for dim in self._dimensions():
            column = self._column(dim)
            if column is not None and all(same(column[i], v) for i, v in zip(where, values, strict=True)):
                return self._new(self._dimension_name(dim, name), column, size=True, source=dim)
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

    def _multiple_of_dimension(self, values: Sequence[Any], where: Sequence[int], name: str) -> Code | None:
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

    def _multiple(self, values: Sequence[Any], where: Sequence[int], atoms: Sequence[Atom]) -> Code | None:
        """A multiple or a fraction of another size."""
        if not all(isinstance(v, int) and v > 0 for v in values):
            return None
        for atom in atoms:
            others = [atom.values[i] for i in where]
            if not atom.size or not all(type(other) is int and other > 0 for other in others):
                continue
            if (factor := _factor(values, others)) is not None:
                return Infix("*", Fixed(factor), Variable(atom.name))
            if (factor := _factor(others, values)) is not None:
                return Infix("//", Variable(atom.name), Fixed(factor))
        return None

    # --- expressions ------------------------------------------------------------------------

    def _said(self, values: Sequence[Any], where: Sequence[int], hint: Hint | None) -> Code | None:
        """The spec's own expression, in the names of the constructor."""
        if hint is None:
            return None
        try:
            return self._translated(hint, values, where)
        except (Untold, ExpressionError):
            return None

    def _translated(self, hint: Hint, values: Sequence[Any], where: Sequence[int]) -> Code:
        for env, value in {(id(e), id(v)): (e, v) for e, v in zip(hint.envs, values, strict=True)}.values():
            if not agrees(hint.expression.evaluate(env), value):
                raise Untold(hint.expression.text)
        return worded(self.words(hint.expression.tree, hint.envs, where))

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
            own = self.words(definition.tree, [scope.env for scope in self.scopes], range(len(self.scopes)))
            if isinstance(own, Name):
                return own
            whole = all(type(v) is int for v in column)
            return Name(self._new(identifier(name), column, code=worded(own), size=whole, source=name).name)
        if not all(isinstance(v, int | float | str | bool | tuple) or v is None for v in column):
            raise Untold(name)
        fresh = self._dimension_name(name) if kind == "dim" else identifier(name)
        return Name(self._new(fresh, column, size=kind == "dim", source=name).name)

    def _column(self, name: str) -> list[Any] | None:
        """The value of a name of the spec in every instance."""
        if name not in self._columns:
            bindings = [scope.env.find(name) for scope in self.scopes]
            values = [b.value for b in bindings if b is not None]
            known = len(values) == len(bindings) and all(map(is_static, distinct(values)))
            self._columns[name] = values if known else None
        column = self._columns[name]
        return None if column is None else [*column]

    def _new(
        self, name: str, values: list[Any], *, code: Code | None = None, size: bool = False, source: str | None = None
    ) -> Variable:
        atom = Atom(unique(argument(name), {COUNTER, *(a.name for a in self.atoms)}), values, code, size, source)
        self.atoms.append(atom)
        return Variable(atom.name)


def _extends(atom: Atom, values: Sequence[Any], where: Sequence[int]) -> bool:
    """Whether the values are the atom's wherever it has one, and it has one somewhere."""
    pairs = [(atom.values[i], v) for i, v in zip(where, values, strict=True)]
    return all(a is UNSET or same(a, v) for a, v in pairs) and any(a is not UNSET for a, _ in pairs)


def _factor(large: Sequence[int], small: Sequence[int]) -> int | None:
    """The whole number that makes every `small` the `large` beside it."""
    factor, rest = divmod(large[0], small[0])
    exact = rest == 0 and all(a == b * factor for a, b in zip(large, small, strict=True))
    return factor if exact else None


def in_words(value: Any) -> Code:
    """A value in words: a class by its name."""
    if isinstance(value, Global):
        return value
    return NONE if value is UNSET else Fixed(value)
