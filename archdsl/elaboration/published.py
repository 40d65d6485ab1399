"""The `weights` section: other names that published weights use, and grids that follow the image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.positions import Path
from archdsl.document.substitution import parse_text
from archdsl.document.template import TemplateError
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.mistakes import Mistakes, read_by
from archdsl.elaboration.turns import expanded
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Env, Node, Scope
from archdsl.ir.renaming import Rename, Resize
from archdsl.limits import TooLarge
from archdsl.text.patterns import Paths
from archdsl.text.spelled import kind_of

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved


def published(
    specs: list[tuple[Scope, Resolved]], nodes: list[Node], mistakes: Mistakes
) -> tuple[tuple[Rename, ...], dict[str, Resize]]:
    """What the network's file, and the specs used as blocks in it, say of published weights."""
    paths = Paths(key for node in nodes for key in node.tensor_paths())
    renames: list[Rename] = []
    resizes: dict[str, Resize] = {}
    for scope, home in specs:
        prefix = f"{scope.path}." if scope.path else ""
        said = home.document.weights
        if not said.renames and not said.resize:
            continue
        missed: dict[Path, str] = {}
        met_by: set[Path] = set()
        for rename, path in _renames(home, scope.env, mistakes):
            renames.append(Rename(prefix + rename.before, rename.now and prefix + rename.now))
            now = rename.now if home.origins.is_own(path) else None  # what is inherited may meet something elsewhere
            if now and not any(_found(paths, prefix + now, home, path)):
                missed.setdefault(path, now)
            else:
                met_by.add(path)
        for path in missed.keys() - met_by:  # a loop's key is of use where one turn's is
            _unmatched(mistakes, home, path, missed[path], "a new name is a pattern of the network's own tensors")
        for pattern, resize in said.resize.items():
            met = [*_found(paths, prefix + pattern, home, ("weights", "resize", pattern))]
            resizes |= dict.fromkeys(met, Resize(resize.mode, resize.prefix, resize.align_corners))
            if not met:
                _unmatched(mistakes, home, ("weights", "resize", pattern), pattern, "write the path of a parameter")
    return tuple(renames), resizes


def _found(paths: Paths, pattern: str, home: Resolved, where: Path) -> Iterator[str]:
    """The tensors that a pattern matches. Raises TooLarge with its place."""
    try:
        yield from paths.matching(pattern)
    except TooLarge as error:
        error.span = home.key_span(where)
        raise


def read_renames(specs: list[tuple[Scope, Resolved]], mistakes: Mistakes) -> None:
    """Tells of the new names that cannot be read, where there is no network to compare them with."""
    for scope, home in specs:
        for _ in _renames(home, scope.env, mistakes):
            pass


def _renames(home: Resolved, env: Env, mistakes: Mistakes) -> Iterator[tuple[Rename, Path]]:
    """The renames of one file, each with where it is written; tells of each that is wrong."""
    return entries(home.document.weights.renames, _rename, home, env, ("weights", "renames"), mistakes)


Made = TypeVar("Made")


def entries(
    raw: Mapping[str, Any], make: Callable[[str, Any, Path, Env], Made], home: Resolved, env: Env, where: Path,
    mistakes: Mistakes,
) -> Iterator[tuple[Made, Path]]:  # fmt: skip
    """What is made of the entries of a mapping, `for` keys expanded, with their places; tells of each that is wrong."""
    for key, value in raw.items():
        try:
            for name, inner, path, names in expanded({key: value}, env, where):
                try:
                    yield make(name, inner, path, names), path
                except ExpressionError as error:
                    mistakes.at_place(home, error.fault.at(path), read_by(error.fault, names))
                except TemplateError as error:
                    mistakes.at_place(home, error.fault, read_by(error.fault, names))
        except TemplateError as error:
            mistakes.at_place(home, error.fault, read_by(error.fault, env))
        except FollowOn:
            continue


def _rename(before: str, raw: Any, path: Path, env: Env) -> Rename:
    if raw is None:
        return Rename(before, None)
    if not isinstance(raw, str):
        message = f"`{before}`: expected a name or null, found {kind_of(raw)}"
        raise TemplateError(Code.BAD_RENAME, message, path, key=isinstance(raw, Mapping))
    now = str(evaluate_text(parse_text(raw), env))
    if before.count("*") != now.count("*"):
        stars = f"`{before}` has {before.count('*')} `*` and `{now}` has {now.count('*')}"
        hint = "each `*` of the old name takes its place in the new one"
        raise TemplateError(Code.BAD_RENAME, stars, path, hint=hint)
    return Rename(before, now)


def _unmatched(mistakes: Mistakes, home: Resolved, path: Path, pattern: str, hint: str) -> None:
    span = home.key_span(path)
    if span.file == home.file:  # what a file inherits may meet something elsewhere
        mistakes.add(Code.UNUSED, f"`{pattern}` matches no tensor", span, hint=hint, severity=Severity.WARNING)
