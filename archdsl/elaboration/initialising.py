"""How parameters start: the `init` of each node, and the rules of each file by op and by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.positions import Path
from archdsl.document.splices import is_splice
from archdsl.document.substitution import parse_text
from archdsl.document.template import TemplateError
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.mistakes import Mistakes, read_by
from archdsl.elaboration.turns import expanded
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Binding, Env, Node, Scope
from archdsl.ir.initialise import Initialiser, InitialiserError, fans, parse_initialiser
from archdsl.ir.scopes import scopes_around
from archdsl.limits import TooLarge
from archdsl.ops import OPS
from archdsl.ops.base import Weight
from archdsl.ops.parametrized import unparametrized
from archdsl.ops.special import Parameter
from archdsl.text.nearest import nearest
from archdsl.text.patterns import Paths

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.elaboration.sites import Sites
    from archdsl.elaboration.walk import Elaborator


def initialise(state: Elaborator, nodes: list[Node]) -> None:
    """Gives each node its initialisers: its own, else the last pattern that matches, else its op's.

    A spec used as a block brings its own rules. Of two files the inner one's rule for an op wins, and the
    outer one's pattern.
    """
    specs, sites, mistakes = state.spec_scopes, state.sites, state.mistakes
    starting = [node for node in nodes if node.tensors and not _has_value(node, sites, mistakes)]
    paths = Paths(node.path for node in starting)
    files = {scope: _Rules(scope, home, mistakes, paths) for scope, home in specs}
    outermost = files[specs[0][0]]
    alone = [outermost] if len(files) == 1 else []
    written = any(template.init is not None for template in sites.templates())
    by_path = any(rules.met for rules in files.values())
    for node in starting:
        around = alone or [files[scope] for scope in scopes_around(node) if scope in files][::-1]
        own = sites.template(node) if written else None
        found = around[0].by_its_op(node)
        if len(around) > 1 or by_path or own is not None:
            found = {name: start for rules in around for name, start in rules.by_its_op(node).items()}
        for rules in reversed(around) if by_path else ():
            for rule in rules.met.get(node.path, ()):
                rules.take(found, node, rule.raw, rule.env, rules.home, rule.path)
        if own is not None and own.init is not None:
            outermost.take(found, node, own.init.value, node.env, own.home, own.init.path)
        if found:
            node.init = found
    outermost.warn_unmatched()


def _has_value(node: Node, sites: Sites, mistakes: Mistakes) -> bool:
    """Whether it is a parameter that a formula starts; it takes no initialiser."""
    if not isinstance(node.op, Parameter) or node.op.value is None:
        return False
    template = sites.template(node)
    if template is not None and template.init is not None:
        span = template.home.key_span(template.init.path)
        mistakes.add(Code.BAD_INIT, "`init` and `value` both say how this parameter starts", span)
    return True


class _Rule(NamedTuple):
    """What `init` says of an op or of the nodes that a pattern matches."""

    key: str
    raw: Any
    env: Env
    path: Path


class _Rules:
    """The `init` section of a file."""

    def __init__(self, scope: Scope, home: Resolved, mistakes: Mistakes, paths: Paths) -> None:
        self.home = home
        self.env = scope.env
        self.mistakes = mistakes
        self._rules = [rule for key, raw in (home.document.init or {}).items() for rule in self._said({key: raw})]
        self.by_op = {rule.key: rule for rule in self._rules if rule.key in OPS}
        self.met: dict[str, list[_Rule]] = {}
        """The rules whose patterns match a path, in the order of the file."""
        prefix = f"{scope.path}." if scope.path else ""
        self.matched = {
            rule.path for rule in self._rules if rule.key not in OPS and self._match(prefix + rule.key, rule, paths)
        }
        self._cache: dict[Any, Initialiser] = {}
        self._known: dict[tuple[int, int], dict[str, Initialiser]] = {}
        """What the rule of an op says, by op and tensors: nodes share both."""

    def _said(self, raw: Mapping[str, Any]) -> Iterator[_Rule]:
        """What an entry of the section says, `for` and `if` keys expanded; what cannot be read is told."""
        try:
            for key, value, at, env in expanded(raw, self.env, ("init",)):
                yield _Rule(key, value, env, at)
        except TemplateError as error:
            self.mistakes.at_place(self.home, error.fault, read_by(error.fault, self.env))
        except FollowOn:
            return

    def by_its_op(self, node: Node) -> dict[str, Initialiser]:
        """What the file says of the node's op."""
        key = id(node.op), id(node.tensors)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = {}
            if (rule := self.by_op.get(node.op.name)) is not None:
                self.matched.add(rule.path)
                self.take(known, node, rule.raw, rule.env, self.home, rule.path)
        return known

    def _match(self, pattern: str, rule: _Rule, paths: Paths) -> bool:
        """Finds the paths that a pattern matches. Raises TooLarge with its place."""
        try:
            met = [*paths.matching(pattern)]
        except TooLarge as error:
            error.span = self.home.key_span(rule.path)
            raise
        for path in met:
            self.met.setdefault(path, []).append(rule)
        return bool(met)

    def take(
        self, found: dict[str, Initialiser], node: Node, raw: Any, env: Env, home: Resolved, path: tuple[Any, ...]
    ) -> None:
        """Adds what one rule says of one node."""
        tensors = unparametrized(node.tensors)
        own = [name for name, tensor in tensors.items() if not tensor.buffer]
        named = raw.items() if isinstance(raw, Mapping) else ((name, raw) for name in own)
        for name, text in named:
            where = (*path, name) if isinstance(raw, Mapping) else path
            if name not in own:
                self._check_name(node, name, own, home, where)
                continue
            if text is None:
                continue
            try:
                found[name] = self._evaluate(node, tensors, name, str(evaluate_text(parse_text(str(text)), env)), env)
            except InitialiserError as error:
                self.mistakes.tell(error.fault, home.span(where))
            except ExpressionError as error:
                notes = read_by(error.fault, env).notes
                self.mistakes.tell(error.fault._replace(code=Code.BAD_INIT, notes=notes), home.span(where))

    def _check_name(self, node: Node, name: str, own: list[str], home: Resolved, where: tuple[Any, ...]) -> None:
        """A rule for a tensor that such an op never has; a pattern may match ops of several kinds."""
        by_pattern = where[0] == "init" and where[-2] not in OPS
        if by_pattern or name in ("weight", "bias") or any(port.name == name for port in node.op.ports):
            return
        near = nearest(name, own)
        self.mistakes.add(
            Code.BAD_INIT, f"`{node.op.name}` has no parameter `{name}`", home.key_span(where),
            hint=f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{n}`' for n in own)}" if own else None,
        )  # fmt: skip

    def _evaluate(self, node: Node, tensors: Mapping[str, Weight], name: str, text: str, env: Env) -> Initialiser:
        parsed, shape = parse_initialiser(text), tensors.get("weight", tensors[name]).shape
        key = (text, shape, id(node.op), id(env)) if parsed.reads else text
        if key not in self._cache:
            names: dict[str, Any] = {field: getattr(node.op, field) for field in type(node.op).model_fields}
            names |= fans(shape)
            local = Env({n: Binding(v, "param") for n, v in names.items()}, env)
            self._cache[key] = parsed.evaluate(local)
        return self._cache[key]

    def warn_unmatched(self) -> None:
        """Warns of the file's own rules that met nothing; what it inherits may meet something elsewhere."""
        unmatched = {rule.path: rule.key for rule in self._rules if rule.path not in self.matched}
        for path, key in unmatched.items():
            span = self.home.key_span(path)
            if span.file != self.home.file or (key in OPS and self.home.overrides):
                continue
            message = f"no node with parameters is a `{key}`" if key in OPS else f"`{key}` matches no node"
            hint = "a key of `init` is an op's name or a pattern of paths such as `*.bn3`"
            if key in OPS:
                hint = "remove it; a node of that name takes an `init` of its own"
            self.mistakes.add(Code.UNUSED, message, span, hint=hint, severity=Severity.WARNING)


def read_rules(home: Resolved, mistakes: Mistakes) -> None:
    """Tells of the initialisers of a file that cannot be read."""
    for raw, path in _written(home.document.init or {}, ("init",)):
        read_rule(raw, home, path, mistakes)


def _written(rules: Mapping[str, Any], path: Path) -> Iterator[tuple[Any, Path]]:
    """Each rule of an `init` section as it is written, those under `for` and `if` keys too."""
    for key, raw in rules.items():
        if is_splice(key) and isinstance(raw, Mapping):
            yield from _written(raw, (*path, key))
        elif not is_splice(key):
            yield raw, (*path, key)


def read_rule(raw: Any, home: Resolved, path: tuple[Any, ...], mistakes: Mistakes) -> None:
    """Tells of the initialisers of one rule that cannot be read."""
    for name, text in raw.items() if isinstance(raw, Mapping) else ((None, raw),):
        where = path if name is None else (*path, name)
        try:
            if text is not None and "$" not in str(text):
                parse_initialiser(str(text))
        except InitialiserError as error:
            mistakes.tell(error.fault, home.span(where))
