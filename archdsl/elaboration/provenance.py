"""Where the network comes from, and the files that it names for the weights of its parts: which may be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.bundling import bundle_of
from archdsl.document.files import shortened
from archdsl.document.positions import Path
from archdsl.document.substitution import parse_text
from archdsl.document.template import TemplateError
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.mistakes import Mistakes
from archdsl.elaboration.published import entries
from archdsl.faults.code import Code
from archdsl.ir.graph import Env, Node, Scope
from archdsl.ir.provenance import Provenance, WeightFile
from archdsl.text.bundles import inside
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import kind_of

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved


def provenance_of(specs: list[tuple[Scope, Resolved]], nodes: list[Node], mistakes: Mistakes) -> Provenance:
    """What of the files is needed once the graph is made; tells of files of weights that cannot be meant."""
    (_, resolved), *inner = specs
    bundle = inside(resolved.path)
    saying = [(scope, home) for scope, home in specs if home.document.weights.files and bundle is None]
    parts = _parts(nodes) if saying else set()
    files = {} if bundle is None else {"": WeightFile("", bundle[0].absolute())}
    for scope, home in saying:
        for file in _named(scope, home, parts, mistakes):
            files.setdefault(file.prefix, file)
    paths = {scope.path: home.path.absolute() for scope, home in inner}
    return Provenance(resolved.reader.reach.folders, paths, tuple(files.values()), bundle_of(resolved))


def _named(scope: Scope, home: Resolved, parts: set[str], mistakes: Mistakes) -> Iterator[WeightFile]:
    """The files that one spec names. What of an inner one nobody reads is not among the parts, and no mistake."""
    said = home.document.weights.files
    for (prefix, name), path in entries(said, _entry, home, scope.env, ("weights", "files"), mistakes):
        part = f"{scope.path}.{prefix}" if scope.path else prefix
        if part not in parts and not scope.path:
            message = f"`{prefix}` is no part of the network that has tensors"
            hint = did_you_mean(part, parts) or "write the path of a node or block, such as `backbone`"
            mistakes.add(Code.UNKNOWN_PATH, message, home.key_span(path), hint=hint)
        found = _file(home, name, path)
        if isinstance(found, Diagnostic):
            mistakes.take([found])
        elif part in parts:
            yield WeightFile(part, found)


def _parts(nodes: list[Node]) -> set[str]:
    """The paths below which there are tensors."""
    keys = [key.split(".") for node in nodes for key in node.tensor_paths()]
    return {".".join(steps[:length]) for steps in keys for length in range(1, len(steps))}


def _entry(prefix: str, raw: Any, path: Path, env: Env) -> tuple[str, str]:
    if not isinstance(raw, str):
        message = f"`{prefix}`: expected the path of a file, found {kind_of(raw)}"
        raise TemplateError(Code.WRONG_TYPE, message, path)
    return prefix, str(evaluate_text(parse_text(raw), env))


def _file(home: Resolved, name: str, path: Path) -> FilePath | Diagnostic:
    """The file that a name means beside the spec that writes it."""
    span = home.span(path)
    if not name or not name.isprintable():
        return Diagnostic(Code.BAD_VALUE, f"{shortened(name)!a} is no name of a file", span, hint="write its path")
    if "://" in name or name.startswith("hub:"):
        message = f"`{shortened(name)}` is an address, and a spec names files of this machine alone"
        hint = "whoever builds the network asks for a download, with `--weights` or in Python `load_weights`"
        return Diagnostic(Code.FILE_OUTSIDE, message, span, hint=hint)
    return home.reader.reach.named(name, FilePath(span.file), span)
