"""What a source may hold to be run: defence in depth behind `spelling`.

`source` prints what its functions spell, so nothing else can stand in a source. This is looked at again before
a text is run, also one that a pickle brings along: an allow-list over the syntax, the imports, the names and
the attributes that printed sources have. It is no sandbox; it refuses whatever printed code never does.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, NoReturn

import torch
from torch import nn
from torch.nn import functional as F

from archdsl.ops.installed import brings_ops
from archdsl.ops.parametrized import DEFAULTS as PARAMETRIZATIONS
from archdsl.text.names import BUILTINS

IMPORTS: Final = frozenset(
    (
        "import math",
        "import torch",
        "import torch.nn.functional as F",
        "from collections import OrderedDict",
        "from torch import nn",
        "from torch.nn.utils import parametrizations, parametrize",
        "from torch.utils import _pytree",
        "from typing import NamedTuple",
    )
)
"""What a source imports."""

TORCH: Final = frozenset(
    (
        *("abs", "arange", "bmm", "cat", "cdist", "ceil", "clamp", "cos", "einsum", "empty", "erf", "exp", "floor"),
        *("full", "gather", "index_select", "log", "log2", "logit", "matmul", "maximum", "minimum", "no_grad"),
        *("ones_like", "roll", "round", "rsqrt", "scatter", "sigmoid", "sign", "sin", "sqrt", "stack"),
        *("take_along_dim", "tanh", "where"),
        *("bfloat16", "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"),
        *("Tensor", "_assert", "get_default_dtype", "linalg.vector_norm", "jit.is_tracing"),
    )
)
"""What a source reads of torch itself."""

MATH: Final = frozenset(("ceil", "cos", "exp", "floor", "inf", "log", "log2", "nan", "pi", "sin", "sqrt", "tanh"))

_PARTS: Final = {
    "_pytree": ("_register_namedtuple",),
    "parametrizations": tuple(PARAMETRIZATIONS),
    "parametrize": ("cached", "is_parametrized"),
}
"""What a source reads of torch's smaller modules."""

METHODS: Final = frozenset(
    (
        *(name for name in dir(torch.Tensor) if not name.startswith("_")),
        *("append", "update", "items", "startswith", "modules", "load_state_dict", "reset_parameters", "extra_repr"),
        *("add_module", "register_buffer", "register_parameter", "_reset_parameters", "_project"),
        *("_power_method", "_reshape_weight_to_matrix"),
    )
)
"""What a source calls on a value: methods of tensors, lists, dicts, texts and modules."""

_NODES: Final = frozenset(
    (
        *(ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg),
        *(ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.If, ast.For, ast.Break, ast.Continue),
        *(ast.With, ast.withitem),
        *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.Call, ast.keyword),
        *(ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.JoinedStr),
        *(ast.FormattedValue, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Load, ast.Store),
        *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr, ast.And, ast.Or),
        *(ast.Not, ast.USub, ast.UAdd, ast.Invert, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
        *(ast.Is, ast.IsNot, ast.In, ast.NotIn),
    )
)


class SourceError(Exception):
    """An internal error: a source that holds what no printed source holds. It was not run."""


def checked(text: str, file: str = "<source>") -> ast.Module:
    """The syntax tree of a printed source. Raises SourceError for any other text."""
    try:
        tree = ast.parse(text, file)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"the source is no Python: {error}") from None
    _Gate(tree).check()
    return tree


class _Gate:
    """Looks at one tree."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.nodes = list(ast.walk(tree))
        kinds: dict[type[ast.AST], list[Any]] = {}
        for node in self.nodes:
            kinds.setdefault(type(node), []).append(node)
        self.bound = BUILTINS | frozenset(_bound(kinds))
        self.modules = set(_MODULES)
        self.owners = {id(node.value) for node in kinds.get(ast.Attribute, ())}
        """What an attribute is read of."""
        self.placed: set[int] = set()
        """The imports, definitions and fields that stand where they may."""

    def check(self) -> None:
        for statement in self.tree.body:
            self._top(statement)
        for node in self.nodes:
            kind = type(node)
            if kind not in _NODES:
                _refuse(node, f"a {kind.__name__}")
            look = _LOOKS.get(kind)
            if look is not None:
                look(self, node)

    def _top(self, statement: ast.stmt) -> None:
        """A statement of the file itself: nothing runs here but imports and definitions."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement)
        elif isinstance(statement, ast.ClassDef):
            self._class(statement)
        elif isinstance(statement, ast.FunctionDef):
            self._function(statement)
        elif not _is_text(statement) and not _registers(statement):
            _refuse(statement, "a statement outside of a class or function")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.placed.add(id(node))
        if ast.unparse(node) in IMPORTS:
            return
        package = node.names[0].name if isinstance(node, ast.Import) and len(node.names) == 1 else ""
        if ast.unparse(node) != f"import {package}" or package in _ROOTS or not brings_ops(package):
            _refuse(node, f"`{ast.unparse(node)}`")
        self.modules.add(package)

    def _class(self, node: ast.ClassDef) -> None:
        self.placed.add(id(node))
        _nothing_runs(*node.bases)
        if node.keywords or node.decorator_list:
            _refuse(node, "a class with a decorator or keywords")
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self._function(statement)
            elif isinstance(statement, ast.AnnAssign) and statement.value is None:
                self._field(statement)
            elif not _is_text(statement):
                _refuse(statement, "a statement in a class that is no method")

    def _field(self, node: ast.AnnAssign) -> None:
        """A declared field binds nothing: it may be called like a module, as an output `F` is."""
        if not isinstance(node.target, ast.Name):
            _refuse(node, "a field that is no name")
        _nothing_runs(node.annotation)
        self.placed.add(id(node.target))

    def _function(self, node: ast.FunctionDef) -> None:
        arguments = node.args
        listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        annotations = [each.annotation for each in listed]
        _nothing_runs(*arguments.defaults, *arguments.kw_defaults, *annotations, node.returns)
        if any(ast.unparse(each) != "torch.no_grad()" for each in node.decorator_list):
            _refuse(node, "a decorator")
        self.placed.add(id(node))

    # --- by kind of node ----------------------------------------------------------------------

    def name(self, node: ast.Name) -> None:
        if node.id.startswith("__") or node.id not in self.bound:
            _refuse(node, f"the name `{node.id}`")
        if node.id in self.modules and id(node) not in self.owners and id(node) not in self.placed:
            _refuse(node, f"the module `{node.id}` as a value")

    def argument(self, node: ast.arg) -> None:
        if node.arg.startswith("__"):
            _refuse(node, f"the name `{node.arg}`")

    def definition(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        if id(node) not in self.placed:
            _refuse(node, "a definition in a function")
        if node.name.startswith("__") and node.name != "__init__":
            _refuse(node, f"the name `{node.name}`")

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        if id(node) not in self.placed:
            _refuse(node, "an import in a function")

    def context(self, node: ast.With) -> None:
        if [ast.unparse(item) for item in node.items] != ["parametrize.cached()"]:
            _refuse(node, "another context than torch's cache of what is computed")

    def attribute(self, node: ast.Attribute) -> None:
        chain = _chain(node)
        if chain is not None and chain[0] in self.modules:
            if id(node) not in self.owners and not _is_known(".".join(chain)):
                _refuse(node, f"`{'.'.join(chain)}`")
        elif node.attr.startswith("__") and not _is_super_init(node):
            _refuse(node, f"the attribute `{node.attr}`")

    def call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Name):
            if hasattr(builtins, function.id) and function.id not in BUILTINS:
                _refuse(node, f"a call of `{function.id}`")
            if function.id in ("getattr", "hasattr"):
                self._by_name(node)
        elif isinstance(function, ast.Attribute):
            chain = _chain(function)
            known = _is_child(function) or (chain is not None and chain[0] in self.modules)
            if not known and function.attr not in METHODS and not _is_super_init(function):
                _refuse(node, f"a call of `{function.attr}`")
        elif not isinstance(function, ast.Subscript | ast.Call):
            _refuse(node, "a call of an expression")

    def _by_name(self, node: ast.Call) -> None:
        """`getattr` for a child whose name is none of Python's, as `block1-0`."""
        name = node.args[1] if len(node.args) == 2 and not node.keywords else None
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            _refuse(node, "an attribute by a name that is no literal")
        if name.value.startswith("_"):
            _refuse(node, f"the attribute `{name.value}`")


_LOOKS: Final[dict[type[ast.AST], Callable[[_Gate, Any], None]]] = {
    ast.Name: _Gate.name,
    ast.FunctionDef: _Gate.definition,
    ast.ClassDef: _Gate.definition,
    ast.arg: _Gate.argument,
    ast.Import: _Gate.imported,
    ast.ImportFrom: _Gate.imported,
    ast.With: _Gate.context,
    ast.Attribute: _Gate.attribute,
    ast.Call: _Gate.call,
}
_MODULES: Final = frozenset(("torch", "nn", "F", "math", "_pytree", "parametrizations", "parametrize"))
_ROOTS: Final = frozenset(("torch", "math", "collections", "typing"))


def _bound(kinds: Mapping[type[ast.AST], Sequence[Any]]) -> Iterator[str]:
    """The names that the source gives a meaning to, which has these nodes of each kind."""
    yield from (node.id for node in kinds.get(ast.Name, ()) if isinstance(node.ctx, ast.Store))
    yield from (node.arg for node in kinds.get(ast.arg, ()))
    yield from (node.name for node in (*kinds.get(ast.FunctionDef, ()), *kinds.get(ast.ClassDef, ())))
    yield from (node.asname or node.name for node in kinds.get(ast.alias, ()))


def _chain(node: ast.Attribute) -> list[str] | None:
    """`torch.nn.init` as its parts; None where it does not begin with a name."""
    parts: list[str] = []
    current: ast.expr = node
    while isinstance(current, ast.Attribute):
        parts.append(current.attr)
        current = current.value
    return [current.id, *reversed(parts)] if isinstance(current, ast.Name) else None


def _is_child(node: ast.expr) -> bool:
    """`self.levels[0].attention`, `getattr(self, "1").attention`: what modules hold, those in lists by a literal."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        ):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr" and node.args:
            node = node.args[0]  # the other one is looked at by itself
        else:
            return False
    return node.id in ("self", "module")


@lru_cache(maxsize=4096)
def _is_known(dotted: str) -> bool:
    """Whether a source may read this of a module that it imports."""
    root, _, name = dotted.partition(".")
    if root == "torch":
        return name in TORCH
    if root == "math":
        return name in MATH
    if root in _PARTS:
        return name in _PARTS[root]
    if name.startswith("init."):
        found = getattr(nn.init, name.removeprefix("init."), None)
        return name.endswith("_") and not name.startswith("init._") and callable(found)
    if root == "nn":
        kind = getattr(nn, name, None)
        return isinstance(kind, type) and issubclass(kind, nn.Module | nn.Parameter)
    if root != "F":
        return _is_own(root, name)
    found = getattr(F, name, None)
    return not name.startswith("_") and callable(found) and not isinstance(found, type)


def _is_own(package: str, name: str) -> bool:
    """Whether it is a class or function of an installed package with ops, and no other's that it has imported."""
    found = getattr(import_module(package), name, None)
    home = getattr(found, "__module__", None) or ""
    return not name.startswith("_") and callable(found) and home.partition(".")[0] == package


def _is_super_init(node: ast.Attribute) -> bool:
    """`super().__init__`"""
    return node.attr in ("__init__", "load_state_dict") and _is_super(node.value)


def _is_super(node: ast.expr) -> bool:
    """`super()`"""
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    return isinstance(node.func, ast.Name) and node.func.id == "super"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _registers(node: ast.stmt) -> bool:
    """`_pytree._register_namedtuple(Outputs, serialized_type_name="…")`: torch learns what the network gives."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    call = node.value
    if ast.unparse(call.func) != "_pytree._register_namedtuple" or len(call.args) != 1 or len(call.keywords) != 1:
        return False
    (given,), (name,) = call.args, call.keywords
    texts = isinstance(name.value, ast.Constant) and isinstance(name.value.value, str)
    return isinstance(given, ast.Name) and name.arg == "serialized_type_name" and texts


def _nothing_runs(*nodes: ast.expr | None) -> None:
    """What is worked out when the file is imported calls nothing."""
    for node in (inner for each in nodes if each is not None for inner in ast.walk(each)):
        if isinstance(node, ast.Call | ast.ListComp | ast.GeneratorExp | ast.JoinedStr):
            _refuse(node, "a call outside of a function")


def _refuse(node: ast.AST, what: str) -> NoReturn:
    line = getattr(node, "lineno", 1)
    raise SourceError(f"internal error: line {line} of the source has {what}, which no printed source has; not run")
