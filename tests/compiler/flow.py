"""Where texts of a spec flow in the code that prints, found by walking its syntax.

Sources are the attributes of the graph that hold a spec's texts (`node.name`, `graph.summary`, the keys of
`scope.inputs`, …). They are followed through variables, loops, calls and returns of the whole package; functions are
told apart by name alone, so more is suspected than can happen. Building a string of such a text, by an f-string, `+`,
`%`, `join`, `format` or `replace`, is a violation: only `spelling`'s functions may. Messages of exceptions are no code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

TEXTS: Final = frozenset(("name", "path", "block", "note", "was", "summary", "reference", "output_names", "key"))
"""Attributes that are texts of a spec, or sequences of them."""

GRAPHS: Final = frozenset(("scope", "graph", "around", "root", "origin", "child", "holder", "unit"))
OUTLINES: Final = frozenset(("merged", "outline", "made", "o"))
MAPS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("children", "inputs", "outputs", "overrides", "params", "arguments"), GRAPHS),
    **dict.fromkeys(("members", "exports"), OUTLINES),
    **dict.fromkeys(("tie",), GRAPHS | {"node"}),
    **dict.fromkeys(("names",), frozenset(("env",))),
}
"""Attributes that are mappings from such texts, by what they are attributes of."""

CODE: Final = frozenset(("op", "atom", "a", "_new", "plan", "wrapper", "initialiser", "tree"))
"""What has attributes of these names that are the compiler's own words: `op.name`, `plan.name`."""

OWN: Final = frozenset(("Wrapper", "_Growing", "ClassPlan", "Arguments", "Variables", "Wrappers"))
"""Classes whose own attributes of these names are code."""

TREES: Final = frozenset((
    "lowering/tree.py", "lowering/walking.py", "lowering/filling.py", "lowering/printing.py", "lowering/wording.py",
    "lowering/special.py", "lowering/formulas.py", "writing/folding.py", "planning/outline.py", "planning/merge.py",
))  # fmt: skip
"""Files in which `name` is that of a function or method in a tree of code."""

BUILDERS: Final = frozenset(("join", "format", "format_map", "replace", "sub"))
STRINGS: Final = frozenset(
    ("lower", "upper", "strip", "removeprefix", "removesuffix", "partition", "rpartition", "split", "replace")
)
LISTS: Final = frozenset(("list", "tuple", "set", "sorted", "reversed", "frozenset", "iter", "next", "str", "fromkeys"))


PASSING: Final = frozenset(("merged_order", "unique", "counted", "first_free"))
"""Functions that give what they are given."""


class Kind(IntEnum):
    NONE = 0
    TEXT = 1
    """A text of a spec, or a sequence of them."""
    MAP = 2
    """A mapping from such texts."""


class Violation(NamedTuple):
    file: str
    line: int
    code: str


class Function(NamedTuple):
    file: str
    node: ast.FunctionDef
    owner: str | None

    @property
    def parameters(self) -> list[str]:
        arguments = self.node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in self.node.decorator_list)
        return names if self.owner is None or static else names[1:]

    def takes_text(self, parameter: str) -> bool:
        arguments = self.node.args
        listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        return any(each.arg == parameter and _may_be_text(each.annotation) for each in listed)


class Flow:
    """Follows texts through a package; `safe` are the functions that make code of them, `keeps` those that do not."""

    def __init__(self, modules: Mapping[str, ast.Module], safe: Iterable[str], keeps: Iterable[str] = ()) -> None:
        self.safe = frozenset(safe)
        self.keeps = frozenset(keeps)
        self.functions: dict[str, list[Function]] = {}
        self.given: dict[tuple[str, str], Kind] = {}
        """What parameters are given, by function."""
        self.returned: dict[str, Kind] = {}
        self.properties: set[str] = set()
        self.violations: set[Violation] = set()
        self.spelled: set[Violation] = set()
        """Where text is given to a safe function."""
        for file, tree in modules.items():
            self._collect(file, tree, None)

    def _collect(self, file: str, tree: ast.Module | ast.ClassDef, owner: str | None) -> None:
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                name = owner if node.name == "__init__" and owner is not None else node.name
                self.functions.setdefault(name, []).append(Function(file, node, owner))
                if any("property" in ast.unparse(each) for each in node.decorator_list):
                    self.properties.add(node.name)
            elif isinstance(node, ast.ClassDef):
                self._collect(file, node, node.name)

    def run(self) -> list[Violation]:
        known: object = None
        while known != (state := (dict(self.given), dict(self.returned))):
            known = state
            self.violations.clear()
            for name, functions in self.functions.items():
                for function in functions:
                    _Body(self, name, function).run()
        return sorted(self.violations)


class _Body:
    """One function: its variables that are text, and what it does with them."""

    def __init__(self, flow: Flow, name: str, function: Function) -> None:
        self.flow = flow
        self.name = name
        self.function = function
        arguments = function.node.args
        listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        self.names = {each.arg: flow.given.get((name, each.arg), Kind.NONE) for each in listed}

    def run(self) -> None:
        before: object = None
        while before != self.names:
            before = dict(self.names)
            self.statements(self.function.node.body)

    def statements(self, body: Iterable[ast.stmt]) -> None:
        for node in body:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Raise | ast.Assert):
            return
        if isinstance(node, ast.Return):
            self.give_back(self.kind(node.value))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, node.value)
        elif isinstance(node, ast.AnnAssign):
            self.bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            if self.kind(node.value) or self.kind(node.target):
                self.refuse(node) if _is_string(node.value) or _is_string(node.target) else None
        elif isinstance(node, ast.For):
            self.loop(node.target, node.iter)
            self.statements((*node.body, *node.orelse))
        else:
            self.others(node)

    def others(self, node: ast.stmt) -> None:
        """What holds statements, or is one expression."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.kind(child)
            elif isinstance(child, ast.stmt):
                self.statement(child)
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                self.statements(child.body)

    def give_back(self, kind: Kind) -> None:
        name = self.function.node.name
        if not _may_be_text(self.function.node.returns):
            return
        self.flow.returned[name] = max(kind, self.flow.returned.get(name, Kind.NONE))

    # --- binding ------------------------------------------------------------------------------

    def bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                self.bind(one, other)
            return
        self.hold(target, self.kind(value))

    def hold(self, target: ast.expr, kind: Kind) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = max(kind, self.names.get(target.id, Kind.NONE))
        elif isinstance(target, ast.Starred):
            self.hold(target.value, kind)
        elif isinstance(target, ast.Tuple | ast.List):
            for each in target.elts:
                self.hold(each, kind)
        elif isinstance(target, ast.Subscript) and self.kind(target.slice) is Kind.TEXT:
            self.hold(target.value, Kind.MAP)

    def loop(self, target: ast.expr, iterable: ast.expr) -> None:
        """Binds what a `for` or a comprehension goes through."""
        parts = self.turn(iterable)
        if isinstance(target, ast.Tuple) and len(parts) == len(target.elts):
            for each, kind in zip(target.elts, parts, strict=True):
                self.hold(each, kind)
        else:
            self.hold(target, max(parts))

    def turn(self, iterable: ast.expr) -> list[Kind]:
        """What each turn gives, by place where it gives tuples."""
        kind = self.kind(iterable)
        if isinstance(iterable, ast.Call):
            name = _last(iterable.func)
            if name == "items" and isinstance(iterable.func, ast.Attribute):
                held = self.kind(iterable.func.value)
                values = _last(iterable.func.value) in ("overrides", "params")
                return [Kind.TEXT if held else Kind.NONE, Kind.TEXT if held and values else Kind.NONE]
            if name == "values":
                return [Kind.NONE]
            if name in ("zip", "enumerate"):
                parts = [max(self.turn(each)) for each in iterable.args if not isinstance(each, ast.Starred)]
                return [Kind.NONE, *parts] if name == "enumerate" else parts or [Kind.NONE]
        return [Kind.TEXT if kind else Kind.NONE]

    # --- expressions --------------------------------------------------------------------------

    def kind(self, node: ast.AST | None) -> Kind:
        """What the expression is. Notes violations on the way."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, Kind.NONE)
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.JoinedStr):
            parts = [self.kind(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
            return self.built(node, parts)
        if isinstance(node, ast.BinOp):
            sides = [self.kind(node.left), self.kind(node.right)]
            if isinstance(node.op, ast.Add | ast.Mod) and (_is_string(node.left) or _is_string(node.right)):
                return self.built(node, sides)
            lists = isinstance(node.op, ast.Add) and any(
                isinstance(s, ast.List | ast.Tuple) for s in (node.left, node.right)
            )
            return max(sides) if lists else Kind.NONE
        if isinstance(node, ast.Subscript):
            self.kind(node.slice)
            return Kind.TEXT if self.kind(node.value) is Kind.TEXT else Kind.NONE
        if isinstance(node, ast.IfExp):
            self.kind(node.test)
            return max(self.kind(node.body), self.kind(node.orelse))
        return self.compound(node)

    def compound(self, node: ast.AST | None) -> Kind:
        """The same for what is made of several expressions."""
        if isinstance(node, ast.Compare | ast.UnaryOp | ast.Lambda):
            for child in ast.iter_child_nodes(node):
                self.kind(child)
            return Kind.NONE
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self.comprehension(node)
        if isinstance(node, ast.NamedExpr):
            self.bind(node.target, node.value)
            return self.kind(node.value)
        if isinstance(node, ast.Yield | ast.YieldFrom):
            self.give_back(self.kind(node.value))
            return Kind.NONE
        if isinstance(node, ast.BoolOp | ast.List | ast.Tuple | ast.Set | ast.Starred | ast.Dict):
            return max([self.kind(child) for child in ast.iter_child_nodes(node)], default=Kind.NONE)
        return Kind.NONE

    def attribute(self, node: ast.Attribute) -> Kind:
        self.kind(node.value)
        owner = _last(node.value)
        if owner in CODE or (owner == "self" and self.function.owner in OWN):
            return Kind.NONE
        if node.attr in TEXTS and (node.attr != "name" or self.function.file not in TREES):
            return Kind.TEXT
        if node.attr in MAPS:
            return Kind.MAP if owner in MAPS[node.attr] else Kind.NONE
        return self.flow.returned.get(node.attr, Kind.NONE) if node.attr in self.flow.properties else Kind.NONE

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Kind:
        for each in node.generators:
            self.loop(each.target, each.iter)
            for condition in each.ifs:
                self.kind(condition)
        if isinstance(node, ast.DictComp):
            self.kind(node.value)
            return Kind.MAP if self.kind(node.key) else Kind.NONE
        return self.kind(node.elt)

    def call(self, node: ast.Call) -> Kind:
        name = _last(node.func)
        receiver = self.kind(node.func.value) if isinstance(node.func, ast.Attribute) else Kind.NONE
        given = [self.kind(each) for each in node.args]
        named = {each.arg: self.kind(each.value) for each in node.keywords}
        anything = max((*given, *named.values()), default=Kind.NONE)
        if isinstance(node.func, ast.Name) and name in self.flow.safe and anything:
            self.flow.spelled.add(Violation(self.function.file, node.lineno, ast.unparse(node)))
        if isinstance(node.func, ast.Name) and name in self.flow.safe:
            return Kind.TEXT if name in self.flow.keeps and anything else Kind.NONE
        if isinstance(node.func, ast.Attribute) and name in BUILDERS:
            return self.built(node, [receiver, *given]) if receiver is not Kind.MAP else Kind.NONE
        if name in PASSING:
            return given[0]
        if name in self.flow.functions:
            self.pass_on(name, node, given, named)
            return self.flow.returned.get(name, Kind.NONE)
        if name in LISTS:
            return Kind.TEXT if anything else Kind.NONE
        if name in STRINGS:
            return receiver
        if name == "map" and len(node.args) == 2 and given[1]:
            called = _last(node.args[0])
            if called in LISTS:
                return Kind.TEXT
            return Kind.NONE if called in self.flow.safe else self.flow.returned.get(called, Kind.NONE)
        if name in ("fullmatch", "match", "search", "groups", "group"):
            return Kind.TEXT if receiver or anything else Kind.NONE
        return Kind.TEXT if name in ("keys", "union", "copy") and receiver else Kind.NONE

    def pass_on(self, name: str, node: ast.Call, given: list[Kind], named: Mapping[str | None, Kind]) -> None:
        """Marks what the parameters of the functions of that name are given."""
        for function in self.flow.functions[name]:
            if any(isinstance(each, ast.Starred) for each in node.args):
                pairs = [(parameter, max(given)) for parameter in function.parameters]
            else:
                pairs = list(zip(function.parameters, given, strict=False))
            for parameter, kind in (*pairs, *named.items()):
                if kind and parameter is not None and function.takes_text(parameter):
                    key = name, parameter
                    self.flow.given[key] = max(kind, self.flow.given.get(key, Kind.NONE))

    def built(self, node: ast.expr, parts: Iterable[Kind]) -> Kind:
        """A string made of parts: none may be text of a spec."""
        if any(parts):
            self.refuse(node)
        return Kind.NONE

    def refuse(self, node: ast.stmt | ast.expr) -> None:
        self.flow.violations.add(Violation(self.function.file, node.lineno, ast.unparse(node)[:100]))


def _may_be_text(annotation: ast.expr | None) -> bool:
    """Whether texts fit the annotation; mypy sees to it that nothing else is given."""
    said = "" if annotation is None else ast.unparse(annotation)
    return annotation is None or bool(re.search(r"\b(str|Name|T)\b", said))


def _last(node: ast.expr) -> str:
    """The last name of what an attribute is read of: `scope` of `self.scopes[0]` and of `graph.scope`."""
    if isinstance(node, ast.Subscript):
        return _last(node.value).removesuffix("s")
    if isinstance(node, ast.Call):
        return _last(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_string(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def imported(folder: Path, start: str) -> dict[str, ast.Module]:
    """The modules of a package that one of them imports, itself and through others, by file."""
    found: dict[str, ast.Module] = {}
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file in found or not (folder / file).exists():
            continue
        found[file] = ast.parse((folder / file).read_text("utf-8"))
        for node in ast.walk(found[file]):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(folder.name):
                inner = (node.module or "").removeprefix(folder.name).strip(".").replace(".", "/")
                waiting += [f"{inner}.py", f"{inner}/__init__.py", *(f"{inner}/{each.name}.py" for each in node.names)]
    return found


def public(tree: ast.Module) -> Iterator[str]:
    """The functions that a module offers."""
    return (node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"))
