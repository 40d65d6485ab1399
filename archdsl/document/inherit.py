"""Reads a spec with all that it builds on: `extends`, `patch`, `use`, and parameters set from outside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, ordered
from archdsl.diagnostics.report import Report
from archdsl.document import files
from archdsl.document.bundling import unpacked
from archdsl.document.checked import check
from archdsl.document.dotted import copied
from archdsl.document.layers import Layer, LibraryUse, SpecFile, merge, uses_of, with_texts
from archdsl.document.loader import load
from archdsl.document.misfits import Mistake
from archdsl.document.model import Document
from archdsl.document.origins import Origins
from archdsl.document.overrides import Overrides, check_sizes, misdeclared
from archdsl.document.positions import Path
from archdsl.document.reach import Reach, real
from archdsl.document.resolved import Resolved
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, Note, Span
from archdsl.limits import MAX_CHAIN, BadBudget, TooLarge, analysis, current
from archdsl.text.bundles import SUFFIX, BundleError, inside


def read(
    spec: str | os.PathLike[str],
    params: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    reader: Reader | None = None,
) -> tuple[Resolved | None, list[Diagnostic]]:
    """A spec by path or name, and every mistake in its form.

    `params` are set in place of the file's own, after a check against their defaults' kinds. The spec
    is None where too little of it can be read to check the rest. A `reader` of the caller's knows the files.
    """
    reader = reader or Reader()
    name = os.fspath(spec)
    path = FilePath(name)
    try:
        found = path if reader.stands_for(path) else files.find(name)
        if found is None:
            return None, [files.not_found(name, None)]
        path = found
        with analysis():
            resolved = reader.read(path, params or {}, sizes or {})
    except BundleError as error:
        message = f"`{files.display(path)}` {error.message}"
        return None, [Diagnostic(error.code, message, files.start(path), hint=error.hint)]
    except TooLarge as error:
        resolved = None
        reader.report.tell(error.fault, error.span or files.start(path))
    except BadBudget as error:
        return None, [bad_budget(error)]
    return resolved, [*ordered(reader.report.diagnostics)]


def bad_budget(error: BadBudget) -> Diagnostic:
    """The diagnostic for limits that cannot be read."""
    return Diagnostic(Code.BAD_BUDGET, error.args[0], None, hint=error.args[1])


class Reader:
    """Reads files, each once, and collects what is wrong with them."""

    def __init__(
        self,
        include: tuple[FilePath, ...] = (),
        reach: Reach | None = None,
        texts: Mapping[FilePath, str] | None = None,
    ) -> None:
        """`include` is folders in reach beside the spec's own; `reach` is what was in reach when it was read before.

        `texts` stand in for what files hold, by their real paths: what they would say.
        """
        self._texts = texts or {}
        self.report = Report()
        self.reach = reach or Reach(include)
        self._include = include if reach is None else None
        self._asked: FilePath | None = None
        self._files: dict[FilePath, SpecFile | None] = {}
        self.links: dict[tuple[FilePath, str], FilePath] = {}
        """What the names mean that files write."""
        self._layers: dict[FilePath, Layer | None] = {}
        self._resolved: dict[FilePath, Resolved | None] = {}
        self._targets: dict[FilePath, FilePath] = {}
        """Where paths lead: asking the disk of every part of a path takes as long as reading the file."""
        self._open: list[FilePath] = []
        """The libraries that are being read, to find cycles."""

    def stands_for(self, path: FilePath) -> bool:
        """Whether it has a text that stands in for what a file holds."""
        return bool(self._texts) and real(path) in self._texts

    @property
    def files(self) -> list[FilePath]:
        """Every file that was read, or could not be."""
        return [*dict.fromkeys(bundle[0] if (bundle := inside(path)) else path for path in self._files)]

    @property
    def texts(self) -> dict[FilePath, str]:
        """What the files say that were read, by their real paths."""
        return {path: file.source.text for path, file in self._files.items() if file is not None}

    @property
    def sources(self) -> dict[str, str]:
        return {file.source.file: file.source.text for file in self._files.values() if file is not None}

    def read(self, path: FilePath, params: Mapping[str, Any], sizes: Mapping[str, Any]) -> Resolved | None:
        """The spec that was asked for: what is in reach follows from where it stands. Raises BundleError."""
        if path.suffix == SUFFIX and path.is_file():
            path, params, sizes = unpacked(path, params, sizes)
        self._asked = path
        if self._include is not None:
            self.reach = Reach(()) if inside(path) else Reach.of(path, self._include)
        return self.resolve(path, params, sizes)

    def resolve(
        self, path: FilePath, params: Mapping[str, Any], sizes: Mapping[str, Any], span: Span | None = None
    ) -> Resolved | None:
        layer = self._layer(path, (), span)
        if layer is None:
            return None
        document, mistakes, lost = layer.checked or check(layer.data)
        self._tell(mistakes, layer.origins)
        checked = check_sizes(sizes, self.report)
        if document is None:
            return None
        for name, raw in document.params.items():
            if (wrong := misdeclared(name, raw)) is not None:
                source, at = layer.origins.find(("params", name, "default"))
                self.report.tell(Fault(Code.BAD_VALUE, wrong), source.value(at))
        given = Overrides(document.params, self.report, not lost.isdisjoint({(), ("params",)}))
        given.accept(params)
        libraries = self._libraries(layer, path)
        lost |= {each or ("blocks",) for _, used in libraries for each in used.lost if each[:1] in ((), ("blocks",))}
        complete = len(libraries) == len(layer.uses) and not any(piece[:1] == ("use",) for piece in lost)
        return Resolved(
            document=document,
            file=layer.origins.file,
            name=document.name or _identifier(path.stem),
            params=given.values,
            overrides={**given.accepted, **checked},
            sizes=checked,
            uses=self._blocks(libraries, document),
            libraries={use.name: library for use, library in libraries},
            origins=layer.origins,
            reader=self,
            path=path,
            lost=lost if complete else lost | {("blocks",)},
        )

    def spec_block(self, name: str, beside: FilePath) -> tuple[Resolved | None, list[Diagnostic]]:
        path = self._find(name, beside, None)
        if isinstance(path, Diagnostic):
            return None, [path]
        before = self.report.diagnostics
        resolved = self._library(path, None)
        return resolved, [found for found in self.report.diagnostics if found not in before]

    def _find(self, name: str, beside: FilePath, span: Span | None) -> FilePath | Diagnostic:
        """The file that another names, if it is in reach."""
        path = files.find(name, beside)
        if (bundle := inside(beside)) is not None:
            found = path or files.not_bundled(name, bundle[0], span)
        elif FilePath(name).anchor or not self._in_reach(path or beside.parent / name.replace("\0", "")):
            return self.reach.refusal(name, span)
        else:
            found = path or files.not_found(name, span, beside)
        if path is not None:
            self.links[self._real(beside), name] = self._real(path)
        return found

    def _in_reach(self, path: FilePath) -> bool:
        try:
            return self.reach.holds(self._real(path))
        except OSError:
            return False

    def _real(self, path: FilePath) -> FilePath:
        """What `real` gives, asked for once."""
        if path not in self._targets:
            self._targets[path] = real(path)
        return self._targets[path]

    def _library(self, path: FilePath, span: Span | None) -> Resolved | None:
        """Another file, with its own defaults."""
        key = self._real(path)
        if key not in self._resolved:
            self._open.append(key)
            self._resolved[key] = self.resolve(path, {}, {}, span)
            self._open.pop()
        return self._resolved[key]

    def _file(self, path: FilePath, span: Span | None) -> SpecFile | None:
        key = self._real(path)
        if key not in self._files:
            self._files[key] = self._load(path, span)
        return self._files[key]

    def _load(self, path: FilePath, span: Span | None) -> SpecFile | None:
        known = self._texts.get(self._real(path))
        text, problem = files.read_text(path, span) if known is None else (known, None)
        if text is None:
            self.report.add(*([problem] if problem is not None else []))
            return None
        self._count(text, span)
        data, source, diagnostics = load(text, files.display(path))
        if not files.is_spec(path, text, data, asked=path == self._asked):
            self.report.add(files.no_spec(path, span))
            return None
        self.report.add(*diagnostics)
        if data is None and diagnostics:
            return None
        data = with_texts(data, source)
        checked = check(data)
        self._tell(checked.mistakes, Origins(source))
        return SpecFile(path, data, source, checked) if isinstance(data, dict) else None

    def _count(self, text: str, span: Span | None) -> None:
        try:
            current().spend("files", 1)
            current().spend("characters", len(text))
        except TooLarge as error:
            error.span = span
            raise

    def _layer(self, path: FilePath, chain: tuple[FilePath, ...], span: Span | None) -> Layer | None:
        key = self._real(path)
        if key not in self._layers:
            file = self._file(path, span)
            self._layers[key] = None if file is None else self._merged(file, (*chain, key))
        return self._layers[key]

    def _merged(self, file: SpecFile, chain: tuple[FilePath, ...]) -> Layer | None:
        """A file over its parent; None where the parent cannot be read."""
        own = Layer(file.data, Origins(file.source), uses_of(file), file.checked)
        name, patch = file.data.get("extends"), file.data.get("patch")
        if not isinstance(name, str):
            unread = name is UNKNOWN or any(isinstance(key, Gap) for key in file.data)
            if patch is not None and not unread:
                message = "`patch` changes an inherited file, and this one extends none"
                self.report.tell(Fault(Code.BAD_PATCH, message, "say `extends: NAME`"), file.source.key(("patch",)))
            return own
        parent = self._parent(name, file, chain)
        if parent is None:
            return None
        if isinstance(patch, dict) and patch:
            from archdsl.document import patching

            parent = Layer(copied(parent.data), parent.origins.copy(), parent.uses)
            patching.apply(parent.data, parent.origins, patch, file.source, self.report)
        return merge(own, parent)

    def _parent(self, name: str, file: SpecFile, chain: tuple[FilePath, ...]) -> Layer | None:
        span = file.source.value(("extends",))
        path = self._find(name, file.path, span)
        if isinstance(path, Diagnostic):
            self.report.add(path)
            return None
        if len(chain) == MAX_CHAIN:
            self.report.tell(Fault(Code.TOO_DEEP, f"files extend each other more than {MAX_CHAIN} deep"), span)
            return None
        if self._real(path) in chain:
            start = chain.index(self._real(path))
            names = [files.display(each) for each in (*chain[start:], path)]
            message = f"`extends` goes in a circle: {' -> '.join(names)}"
            hint = "one of these files must not extend the next"
            self.report.tell(Fault(Code.EXTENDS_CYCLE, message, hint), span)
            return None
        return self._layer(path, chain, span)

    def _libraries(self, layer: Layer, path: FilePath) -> list[tuple[LibraryUse, Resolved]]:
        """The libraries in use, as far as they can be read."""
        found = ((use, self._used(use, path)) for use in layer.uses)
        return [(use, library) for use, library in found if library is not None]

    def _blocks(self, libraries: list[tuple[LibraryUse, Resolved]], document: Document) -> dict[str, Resolved]:
        """The blocks of the libraries in use, by name."""
        found: dict[str, Resolved] = {}
        for use, library in libraries:
            for name in library.document.blocks:
                if name in found and found[name] is not library and name not in document.blocks:
                    self._duplicate(name, use, found[name], library)
                else:
                    found.setdefault(name, library)
        return found

    def _used(self, use: LibraryUse, path: FilePath) -> Resolved | None:
        target = self._find(use.name, use.file.path, use.span)
        if isinstance(target, Diagnostic):
            self.report.add(target)
            return None
        key = self._real(target)
        if len(self._open) == MAX_CHAIN:
            self.report.tell(Fault(Code.TOO_DEEP, f"libraries use each other more than {MAX_CHAIN} deep"), use.span)
            return None
        if key in self._open or key == self._real(path):
            names = " -> ".join(files.display(each) for each in (*self._open[self._start(key) :], target))
            hint = "move what they share into a library of its own"
            self.report.tell(Fault(Code.USE_CYCLE, f"`use` goes in a circle: {names}", hint), use.span)
            return None
        return self._library(target, use.span)

    def _start(self, key: FilePath) -> int:
        return self._open.index(key) if key in self._open else len(self._open)

    def _duplicate(self, name: str, use: LibraryUse, first: Resolved, second: Resolved | None) -> None:
        homes = [home for home in (first, second) if home is not None]
        notes = tuple(Note(home.file, f"line {home.key_span(('blocks', name)).line}") for home in homes)
        message = f"two libraries have a block `{name}`"
        hint = f"define `{name}` in this file, or leave one library out"
        self.report.tell(Fault(Code.DUPLICATE_BLOCK, message, hint, notes=notes), use.span)

    def _tell(self, mistakes: list[Mistake], origins: Origins) -> None:
        for found in mistakes[: current().limits.mistakes]:
            other = found.other
            if other is not None and not origins.is_own(found.path) and origins.is_own(other.place.path or ()):
                self._tell_one(other, origins, found.path)
            else:
                self._tell_one(found.fault, origins)

    def _tell_one(self, fault: Fault, origins: Origins, inherited: Path = ()) -> None:
        """Tells a fault where it is written, and where what it is about is inherited from."""
        source, at = origins.find(fault.place.path or ())
        notes: tuple[Note, ...] = ()
        if inherited:
            parent, there = origins.find(inherited)
            notes = (Note("inherited", f"line {parent.key(there).line}", f"of {parent.file}"),)
        span = source.key(at) if fault.place.key else source.value(at)
        self.report.tell(fault._replace(notes=notes), span)


def _identifier(stem: str) -> str:
    """A file's name as a network's."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", stem)
    return name if name.isidentifier() else f"_{name}"
