"""What a file says and nothing reads: parameters, derived values, blocks, libraries, inputs of blocks, other names.

Names are looked for where the file is written, not in what became of it: what a loop or an `if` leaves out this time
is used all the same. Only what stands in the file that was asked for is told: what it inherits, or has from a library,
is there for others too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.overrides import KINDS
from archdsl.document.positions import Path
from archdsl.document.splices import is_splice
from archdsl.document.template import UNIVERSAL
from archdsl.faults.code import Code

if TYPE_CHECKING:
    from archdsl.document.model import Block, Document
    from archdsl.document.resolved import Resolved
    from archdsl.document.template import Template
    from archdsl.elaboration.mistakes import Mistakes


_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_DOLLAR: Final = re.compile(r"\$(?:(\w+)|\(([^$]*)\))")
_TEXTS: Final = frozenset(("note", "was"))
_NODE: Final = frozenset((*UNIVERSAL, "op", "nodes", "value"))
"""The keys that tell a node from a mapping of named nodes."""
_PATHS: Final = frozenset(("from", "else", "share", "tie"))
"""The keys of a node whose values are paths."""


def warn_unused(resolved: Resolved, uses: Uses, renamed: Mapping[Template, str], mistakes: Mistakes) -> None:
    """Warns of each thing in the file that nothing reads. `renamed` are the nodes that only name another one."""
    if resolved.reader.report.failed:  # what could not be read may be what reads it
        return
    for path, message, hint in _unused(resolved, uses):
        span = resolved.key_span(path)
        if span.file == resolved.file:
            mistakes.add(Code.UNUSED, message, span, hint=hint, severity=Severity.WARNING)
    for template, place in renamed.items():
        if not template.read and template.home is resolved and not _by_patch(resolved, template.path):
            mistakes.add(
                Code.UNUSED, f"`{place}` gives its input another name, which nothing reads",
                resolved.key_span(template.path), place=place, hint="remove it, or read it", severity=Severity.WARNING,
            )  # fmt: skip


def _by_patch(resolved: Resolved, path: Path) -> bool:
    """Whether a name is one that a patch leaves for whoever reads it."""
    from archdsl.document.patching import is_earlier_name  # few files have a patch

    return bool(resolved.document.extends) and is_earlier_name(resolved.origins.find(path)[1])


class _Words(list[Set[str]]):
    """The words of each text for itself."""

    update = list.append


class _Used:
    """What a stretch of a file reads. Written by hand, since a dataclass costs every cold start."""

    __slots__ = ("_names", "_values", "open", "ops", "paths", "patterns", "substituted", "texts")

    def __init__(self) -> None:
        self.texts = _Words()
        """Of its expressions, arguments and other values, which may name an op too."""
        self.substituted = _Words()
        """Of what stands behind a `$` in names, paths and ops."""
        self.paths: set[str] = set()
        """The parts of paths."""
        self.ops: set[str] = set()
        """Named by `op`, or alone in a node's place."""
        self.patterns: set[str] = set()
        """Ops whose name holds a substitution, as regular expressions."""
        self.open: list[set[str]] = []
        """The fields of nodes whose op is what a parameter holds."""
        self._values: set[str] | None = None
        self._names: set[str] | None = None

    @property
    def values(self) -> set[str]:
        """Every word of the texts, once all are there."""
        if self._values is None:
            self._values = set().union(*self.texts)
        return self._values

    @property
    def names(self) -> set[str]:
        """Those, and what is substituted."""
        if self._names is None:
            self._names = self.values.union(*self.substituted)
        return self._names


class Uses:
    """What the network and the blocks of a file read."""

    __slots__ = ("blocks", "document", "network")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.network = _nodes(document.nodes, _Used())
        for raw in (document.inputs, document.outputs, document.features, document.init, document.freeze):
            _collect(raw, self.network.texts)
        for raw in (document.weights.renames, document.weights.files, document.order):
            _collect_names(raw, self.network)
        self.blocks = {name: _block(block) for name, block in document.blocks.items()}

    def reads(self) -> dict[str, int]:
        """In how many places the file reads each parameter: 0, 1 or more; a word of a plain text may be one too."""
        found = [*self.network.texts, *self.network.substituted, words_of(self.document.let)]
        for name, used in self.blocks.items():
            block = self.document.blocks[name]
            own = {*block.params, *block.let}
            found += [words - own for words in (*used.texts, *used.substituted, words_of(block.let))]
            found.append(words_of([*block.params.values()]))  # a default sees the file's names
        counts = Counter(chain.from_iterable(found))
        return {name: counts[name] for name in self.document.params}


def _unused(resolved: Resolved, uses: Uses) -> Iterator[tuple[Path, str, str]]:
    document, network, blocks = resolved.document, uses.network, uses.blocks
    # the blocks of a file without nodes are there for others
    reached = blocks.keys() if document.nodes is None else _reached(resolved, network, blocks)
    read = network.names.union(*(_of_file(document.blocks[name], used) for name, used in blocks.items()))
    yield from _values(("params",), document.params, document.let, read, "parameter")
    yield from _values(("let",), document.let, document.let, read, "derived value")
    for name in blocks.keys() - reached:
        yield ("blocks", name), f"no node is a `{name}`", "remove the block, or use it: `op: " + name + "`"
    alive = [network, *(blocks[name] for name in reached)]
    yield from _libraries(resolved, alive)
    literal = set[str]().union(*(used.ops for used in alive))
    for name in reached & literal:
        if not _may_stand_for(document.blocks[name], alive):
            yield from _in_block(name, document.blocks[name], blocks[name])


def _values(
    place: Path, declared: Mapping[str, Any], let: Mapping[str, Any], read: Set[str], what: str
) -> Iterator[tuple[Path, str, str]]:
    """The parameters or derived values that neither nodes nor derived values read."""
    for name in declared.keys() - read:
        others = [raw for other, raw in let.items() if other != name]
        if name not in words_of(others):
            yield (*place, name), f"nothing reads the {what} `{name}`", "remove it, or use it"


def _libraries(resolved: Resolved, alive: list[_Used]) -> Iterator[tuple[Path, str, str]]:
    """The files in `use` of whose blocks none is named."""
    if not resolved.libraries:
        return
    named = words_of(resolved.document.params).union(*(each for used in alive for each in (used.ops, used.values)))
    for index, library in enumerate(resolved.document.use):
        home = resolved.libraries.get(library)
        if home is None or not named.isdisjoint(home.document.blocks):
            continue
        if not any(_names(used, name, block) for used in alive for name, block in home.document.blocks.items()):
            yield ("use", index), f"no node is a block of `{library}`", "remove it from `use`"


def _in_block(name: str, block: Block, used: _Used) -> Iterator[tuple[Path, str, str]]:
    """What a block that is used declares for nothing."""
    place = ("blocks", name)
    for path, message, hint in (
        *_values((*place, "params"), block.params, block.let, used.names, "parameter"),
        *_values((*place, "let"), block.let, block.let, used.names, "derived value"),
    ):
        yield path, f"{message} of `{name}`", hint
    yield from _ports(name, block)


def _ports(name: str, block: Block) -> Iterator[tuple[Path, str, str]]:
    """The inputs of a block that no node reads, and of which no size is used.

    The first is what its first node reads.
    """
    ports = [*(block.inputs or {}).items()][1:]
    if not ports:
        return
    used = _nodes(block.nodes, _Used())
    _collect([block.let, block.outputs], used.texts)
    for port, pattern in ports:
        read = port in used.paths or not used.names.isdisjoint({port, *words_of(pattern)})
        if not is_splice(port) and not read:
            message = f"no node of `{name}` reads the input `{port}`"
            yield ("blocks", name, "inputs", port), message, "remove it, or read it"


def reads_size(block: Block, port: str) -> bool:
    """Whether a block uses a size that the pattern of this input is the first to name."""
    inputs = block.inputs or {}
    names = words_of(inputs.get(port))
    for earlier, pattern in inputs.items():
        if earlier == port:
            break
        names -= words_of(pattern)
    used = _nodes(block.nodes, _Used())
    _collect([block.let, block.outputs], used.texts)
    return not used.names.isdisjoint(names)


def _of_file(block: Block, used: _Used) -> set[str]:
    """The names that a block may read of its file: its own hide those."""
    return (used.names | words_of(block.let)) - {*block.params, *block.let}


def _reached(resolved: Resolved, network: _Used, blocks: Mapping[str, _Used]) -> set[str]:
    """The blocks that the network's nodes name, or that such blocks name."""
    reached: set[str] = set()
    declared = resolved.document.blocks
    above = _Used()
    _collect([resolved.document.params, resolved.document.let], above.texts)
    waiting = [network, above] if blocks else []
    while waiting:
        used = waiting.pop()
        named = {name for name in blocks.keys() - reached if _names(used, name, declared[name])}
        reached |= named
        waiting += [blocks[name] for name in named]
    return reached


def _names(used: _Used, name: str, block: Block) -> bool:
    if name in used.ops or name in used.values or any(re.fullmatch(each, name) for each in used.patterns):
        return True
    return _may_stand_for(block, [used])


def _may_stand_for(block: Block, users: list[_Used]) -> bool:
    """Whether a parameter that names an op could name this block: another setting of it uses the block."""
    required = {name for name, raw in block.params.items() if isinstance(raw, str) and raw in KINDS}
    return any(required <= given <= block.params.keys() for used in users for given in used.open)


def _block(block: Block) -> _Used:
    used = _nodes(block.nodes, _Used())
    _collect([block.inputs, block.outputs, *block.params.values()], used.texts)
    _collect_names(block.order, used)
    return used


def _collect_names(raw: Any, used: _Used) -> None:
    """Adds what names read: nothing without a substitution."""
    if "$" in str(raw):
        _collect(raw, used.texts)


def _nodes(raw: Any, used: _Used) -> _Used:
    """Adds what the nodes of a mapping or list read."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            if not is_splice(key):
                _substitutions(key, used)
                _node(value, used)
            else:
                _loop(key, value, used)
    elif isinstance(raw, list):
        for value in raw:
            _node(value, used)
    return used


def _loop(key: str, value: Any, used: _Used) -> None:
    """What stands under a `for` or `if` key: named nodes, or in a list one node or several."""
    used.texts.update(_words(key))
    if isinstance(value, dict) and _NODE.isdisjoint(value):
        _nodes(value, used)
    else:
        _node(value, used)


def _node(raw: Any, used: _Used) -> None:
    if isinstance(raw, str):
        if raw.startswith("="):
            used.texts.update(_words(raw))
        else:
            _op(raw, used, ())
    elif isinstance(raw, list):
        _nodes(raw, used)
    elif isinstance(raw, dict):
        for key, value in raw.items():
            _entry(key, value, raw, used)


def _entry(key: str, value: Any, node: Mapping[str, Any], used: _Used) -> None:
    """One key of a node; what is none of the keys that nodes have is a field, or a node of a loop's mapping."""
    if is_splice(key) or key == "nodes":
        _loop(key, value, used)
    elif key in ("op", "body") and isinstance(value, str):
        _op(value, used, node)
    elif key in _PATHS:
        words: set[str] = set()
        _collect(value, words)
        used.paths |= words
        if "$" in str(value):
            used.substituted.update(words)
        else:
            _splices(value, used)
    elif key == "order" and "nodes" in node:
        _collect_names(value, used)
    elif key == "let" and isinstance(value, dict):
        _collect([*value.values()], used.texts)
    elif key not in _TEXTS:
        _substitutions(key, used)
        _collect(value, used.texts)


def _splices(raw: Any, used: _Used) -> None:
    """Adds what the `for` and `if` keys read among paths."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            if is_splice(key):
                used.substituted.update(_words(key))
            _splices(value, used)
    elif isinstance(raw, list):
        for item in raw:
            _splices(item, used)


def _op(text: str, used: _Used, node: Iterable[str]) -> None:
    used.ops.add(text)
    if "$" not in text:
        return
    _substitutions(text, used)
    literal = _DOLLAR.sub("\0", text)
    if literal == "\0":
        used.open.append({*node} - {*UNIVERSAL, "op", "body"})
    else:
        used.patterns.add(r"\w+".join(map(re.escape, literal.split("\0"))))


def _substitutions(text: str, used: _Used) -> None:
    if "$" in text:
        for match in _DOLLAR.finditer(text):
            used.substituted.update(_words(match[1] or match[2]))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def words_of(raw: Any) -> set[str]:
    """The words of every text in a value, keys among them."""
    words: set[str] = set()
    _collect(raw, words)
    return words


def _collect(raw: Any, words: set[str] | _Words) -> None:
    """Adds the words of every text in a value, keys among them."""
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            words.update(_words(value))
        elif isinstance(value, dict):
            waiting += map(str, value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
