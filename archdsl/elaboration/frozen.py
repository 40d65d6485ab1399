"""What is not trained: `trainable: false` of a node, and the patterns of a file's `freeze`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.positions import Path
from archdsl.document.splices import decided
from archdsl.document.template import NodeTemplate, TemplateError
from archdsl.elaboration.mistakes import Mistakes, read_by
from archdsl.elaboration.turns import listed, path_text
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Item, Node, Scope
from archdsl.ir.scopes import scopes_of
from archdsl.ir.training import owner
from archdsl.limits import TooLarge
from archdsl.text.patterns import Paths

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.elaboration.sites import Sites

Tensors: TypeAlias = Mapping[str, tuple[Node, str]]
"""The parameters by their paths, each with its node and its name there."""


def freeze(specs: list[tuple[Scope, Resolved]], nodes: list[Node], sites: Sites, mistakes: Mistakes) -> None:
    """Notes of every node which of its parameters are not trained."""
    patterns = any(home.document.freeze for _, home in specs)
    if not patterns and all(template.trainable is None for template in sites.templates()):
        return
    items = [*nodes, *scopes_of(specs[0][0])]
    said = [(item, template) for item in items if (template := _saying(item, sites)) is not None]
    tensors = dict(_trained(nodes))
    places = {place for path in tensors for place in _around(path)}
    found = {item.path for item, template in said if not _is_trained(item, template, mistakes)}
    for template in {template: None for item, template in said if item.path in found}:
        if not any(item.path in places for item, other in said if other is template):
            at = (*template.path, "trainable")
            _unmatched(mistakes, template.home, at, "there is no parameter in this node", "remove it")
    paths = Paths(places)
    for scope, home in specs:
        found |= _patterns(scope, home, paths, mistakes)
    for path, (node, name) in tensors.items():
        if not found.isdisjoint(_around(path)):
            made, own = owner(node, name)  # what is another's is frozen there
            made.frozen = tuple(dict.fromkeys((*made.frozen, own)))


def _saying(item: Item, sites: Sites) -> NodeTemplate | None:
    """The template of a node or scope that says whether it is trained."""
    template = sites.template(item)
    return template if template is not None and template.trainable is not None else None


def _is_trained(item: Item, template: NodeTemplate, mistakes: Mistakes) -> bool:
    assert template.trainable is not None
    try:
        return decided(template.trainable, lambda expression: expression.evaluate(item.env))
    except ExpressionError as error:
        fault = error.fault.at((*template.path, "trainable"))
        mistakes.at_place(template.home, fault, read_by(error.fault, item.env), item.path)
    except FollowOn:
        pass
    return True


def _trained(nodes: list[Node]) -> Iterator[tuple[str, tuple[Node, str]]]:
    for node in nodes:
        for name, weight in node.tensors.items() if node.share is None or node.registered else ():
            if not weight.buffer:
                yield f"{node.path}.{name}" if name else node.path, (node, name)


def _around(path: str) -> Iterator[str]:
    """The tensor itself and all that it stands in, by path."""
    yield path
    place = path.rfind(".")
    while place >= 0:
        yield path[:place]
        place = path.rfind(".", 0, place)


def _patterns(scope: Scope, home: Resolved, paths: Paths, mistakes: Mistakes) -> set[str]:
    """What the patterns of a file mean; tells of those that cannot be read or mean nothing."""
    prefix = f"{scope.path}." if scope.path else ""
    found: set[str] = set()
    met: dict[Path, tuple[str, bool]] = {}
    try:
        for raw, at, env in listed(home.document.freeze, scope.env, ("freeze",)):
            pattern = path_text(raw, env, at)
            matching = _matching(paths, prefix + pattern, home, at)
            found |= matching
            met[at] = pattern, bool(matching) or met.get(at, ("", False))[1]
    except TemplateError as error:
        mistakes.at_place(home, error.fault, read_by(error.fault, scope.env))
    except FollowOn:
        pass
    for at, (pattern, any_met) in met.items():
        if not any_met:
            hint = "write the path of a parameter, of a node or of a scope; `*` stands for any text"
            _unmatched(mistakes, home, at, f"`{pattern}` matches no parameter, and nothing that has one", hint)
    return found


def _matching(paths: Paths, pattern: str, home: Resolved, at: Path) -> set[str]:
    """The paths that a pattern matches. Raises TooLarge with its place."""
    try:
        return {*paths.matching(pattern)}
    except TooLarge as error:
        error.span = home.span(at)
        raise


def _unmatched(mistakes: Mistakes, home: Resolved, at: Path, message: str, hint: str) -> None:
    span = home.span(at)
    if span.file == home.file:  # what a file inherits may meet something elsewhere
        mistakes.add(Code.UNUSED, message, span, hint=hint, severity=Severity.WARNING)
