"""The last steps of elaboration: what nobody reads, initialisers, and the graph itself."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.substitution import parse_text
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.frames import Frame
from archdsl.elaboration.frozen import freeze
from archdsl.elaboration.mistakes import Mistakes, read_by
from archdsl.elaboration.plain import forget_document
from archdsl.elaboration.published import published, read_renames
from archdsl.elaboration.unused import Uses, reads_size, warn_unused
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.ir.graph import Binding, Env, Graph, Node, Scope, Value
from archdsl.ir.initialise import Initialiser, InitialiserError, fans, parse_initialiser
from archdsl.ir.scopes import scopes_of
from archdsl.limits import TooLarge, current
from archdsl.ops import OPS
from archdsl.ops.parametrized import unparametrized
from archdsl.ops.special import FILLED, InputOp, Parameter, ScanLast
from archdsl.text.nearest import nearest
from archdsl.text.patterns import Paths

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.elaboration.blocks import BlockSpec
    from archdsl.elaboration.sites import Sites
    from archdsl.elaboration.walk import Elaborator


def finish(state: Elaborator, frame: Frame, inputs: dict[str, Node], sample: dict[str, int]) -> Graph | None:
    """The graph, once every node has been elaborated; None where there is no output."""
    root, mistakes = frame.scope, state.mistakes
    if mistakes.failed or state.resolved.reader.report.failed:
        _read_all(state, mistakes)
        return None
    if not root.outputs:
        mistakes.add(Code.NO_VALUE, "the network has no output", state.resolved.span(("nodes",)),
                     hint="end with a node that has a value, or say `outputs:`")  # fmt: skip
        return None
    alive = _alive(root.outputs.values(), state.nodes)
    specs = {scope for scope, _ in state.spec_scopes if scope is not root}
    nodes = list(_pruned(state.nodes, _needed(root.outputs.values(), state.nodes, specs), specs))
    if len(nodes) < len(state.nodes):
        _forget_removed(root, {*inputs.values(), *nodes})
    _count_computed(nodes, state.sites)
    _warn_unread(nodes, alive, inputs, state)
    _initialise(state, nodes)
    freeze(state.spec_scopes, nodes, state.sites, mistakes)
    renames, resizes = published(state.spec_scopes, nodes, mistakes)
    if mistakes.failed:
        return None
    uses = Uses(state.resolved.document)
    warn_unused(state.resolved, uses, state.renamed, mistakes)
    resolved = state.resolved
    document = resolved.document
    forget_document(root, (*inputs.values(), *nodes), state.catalogue.named)
    return Graph(
        name=resolved.name, summary=document.summary or "", reference=document.reference or "", root=root,
        inputs=inputs, nodes=nodes, outputs=dict(root.outputs),
        output_modes={n: v.node.when for n, v in root.outputs.items() if v.node.when is not None},
        sample_sizes=dict(sample), params=dict(resolved.params), file=resolved.file, overrides=dict(resolved.overrides),
        renames=renames, resizes=resizes, reads=uses.reads(),
        path=resolved.path.absolute(), folders=resolved.reader.reach.folders,
    )  # fmt: skip


def _count_computed(nodes: list[Node], sites: Sites) -> None:
    """Counts the elements that are computed when the network is built. Raises TooLarge with the place of a shape."""
    for node in nodes:
        if not node.tensors or not isinstance(node.op, FILLED) or node.op.value is None:
            continue
        try:
            current().spend("computed", prod(node.op.shape))
        except TooLarge as error:
            if (template := sites.template(node)) is not None:
                written = template.written.get("shape")
                error.span = template.home.span(written.path if written else template.path)
            raise


def _read_all(state: Elaborator, mistakes: Mistakes) -> None:
    """Reads what needs the whole network to be used, to tell of what cannot be read."""
    for _, home in state.spec_scopes:
        for key, raw in (home.document.init or {}).items():
            read_rule(raw, home, ("init", key), mistakes)
    for node in state.nodes:
        template = state.sites.template(node)
        if template is not None and template.init is not None:
            read_rule(template.init.value, template.home, template.init.path, mistakes)
    read_renames(state.spec_scopes, mistakes)


def read_rule(raw: Any, home: Resolved, path: tuple[Any, ...], mistakes: Mistakes) -> None:
    """Tells of the initialisers of one rule that cannot be read."""
    for name, text in raw.items() if isinstance(raw, Mapping) else ((None, raw),):
        where = path if name is None else (*path, name)
        try:
            if text is not None and "$" not in str(text):
                parse_initialiser(str(text))
        except InitialiserError as error:
            mistakes.tell(error.fault, home.span(where))


def _alive(outputs: Iterable[Value], nodes: list[Node]) -> set[Node]:
    """The nodes that an output depends on."""
    ends = {node.inputs[1].node: node for node in nodes if type(node.op) is ScanLast and node.inputs[1] is not None}
    alive: set[Node] = set()
    waiting = [value.node for value in outputs]
    while waiting:
        node = waiting.pop()
        if node in alive:
            continue
        alive.add(node)
        waiting += [value.node for value in node.inputs if value is not None]
        if node.tie:
            waiting += [value.node for value in node.tie.values()]
        if node.share is not None:
            waiting.append(node.share)
        if node in ends:  # what a step is given is what the step before made
            waiting.append(ends[node])
    return alive


def _needed(outputs: Iterable[Value], nodes: list[Node], specs: set[Scope]) -> set[Node]:
    """The nodes that an output depends on, or a node that stands in no spec used as a block."""
    if not specs:
        return set()
    own = [node for node in nodes if not any(scope in specs for scope in _around(node))]
    read = [value for node in own for value in (*node.inputs, *node.tie.values()) if value is not None]
    return {*own, *(node.share for node in own if node.share is not None), *_alive((*outputs, *read), nodes)}


def _pruned(nodes: list[Node], needed: set[Node], specs: set[Scope]) -> Iterator[Node]:
    """Without the nodes of specs used as blocks that nobody reads."""
    for node in nodes:
        if node in needed or not specs:
            yield node
        else:
            _remove(node)


def _forget_removed(root: Scope, kept: Container[Node]) -> None:
    """Leaves out of the scopes' ports what was read and given by nodes that have been removed."""
    for scope in scopes_of(root):
        scope.inputs = {port: v if v is None or v.node in kept else None for port, v in scope.inputs.items()}
        scope.outputs = {name: value for name, value in scope.outputs.items() if value.node in kept}


def _around(node: Node) -> Iterator[Scope]:
    """The scopes that hold a node, innermost first."""
    holder = node.scope
    while holder is not None:
        yield holder
        holder = holder.scope


def _remove(node: Node) -> None:
    item: Node | Scope = node
    while item.scope is not None:
        del item.scope.children[item.name]
        if item.scope.children:
            return
        item = item.scope


def _warn_unread(nodes: list[Node], alive: set[Node], inputs: Mapping[str, Node], state: Elaborator) -> None:
    if len(alive) == len(nodes) + len(inputs):
        return
    read = {value.node for node in nodes for value in node.inputs if value is not None}
    read |= {value.node for node in nodes for value in node.tie.values()} | {n.share for n in nodes if n.share}
    read |= _offered(nodes)
    unread = {
        node: None
        for node in (*inputs.values(), *nodes)
        if node not in alive and node not in read and not node.measured
    }
    measured = _measured(unread, state.block_of) if unread else set()
    for node in unread:
        if node in measured:
            continue
        what = f"input `{node.name}`" if isinstance(node.op, InputOp) else f"`{node.path}`"
        state.mistakes.add(
            Code.UNUSED, f"{what} is read by no node and is no output", node.span,
            place=node.path, hint="remove it, read it, or name it under `outputs`", severity=Severity.WARNING,
        )  # fmt: skip


def _measured(nodes: Container[Node], blocks: Mapping[Scope, BlockSpec]) -> set[Node]:
    """Those of the nodes that feed a block which uses a size of theirs."""
    found: set[Node] = set()
    for scope, spec in blocks.items():
        block = None if spec.template.is_spec else spec.template.home.document.blocks.get(spec.name)
        for port, value in scope.inputs.items():
            if block is not None and value is not None and value.node in nodes and reads_size(block, port):
                found.add(value.node)
    return found


def _offered(nodes: list[Node]) -> set[Node]:
    """The nodes that a block with several outputs offers: its instances need not read them all."""
    scopes = {scope for node in nodes for scope in _around(node) if len(scope.outputs) > 1}
    return {value.node for scope in scopes for value in scope.outputs.values()}


def _initialise(state: Elaborator, nodes: list[Node]) -> None:
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
    for node in starting:
        template = sites.template(node)
        around = alone or [files[scope] for scope in _around(node) if scope in files][::-1]
        found: dict[str, Initialiser] = {}
        for rules in around:
            rules.by_its_op(found, node)
        for rules in reversed(around):
            rules.by_its_path(found, node)
        if template is not None and template.init is not None:
            outermost.take(found, node, template.init.value, node.env, template.home, template.init.path)
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


class _Rules:
    """The `init` section of a file."""

    def __init__(self, scope: Scope, home: Resolved, mistakes: Mistakes, paths: Paths) -> None:
        self.home = home
        self.env = scope.env
        self.mistakes = mistakes
        raw: Mapping[str, Any] = home.document.init or {}
        self.by_op = {key: value for key, value in raw.items() if key in OPS}
        self.by_path = {key: value for key, value in raw.items() if key not in OPS}
        self._met: dict[str, list[str]] = {}
        """The patterns that match a path, in the order of the file."""
        self.matched = {key for key in self.by_path if self._match(key, f"{scope.path}." if scope.path else "", paths)}
        self._cache: dict[Any, Initialiser] = {}
        self._known: dict[tuple[int, int], dict[str, Initialiser]] = {}
        """What the rule of an op says, by op and tensors: nodes share both."""

    def by_its_op(self, found: dict[str, Initialiser], node: Node) -> None:
        """Adds what the file says of the node's op."""
        rule = self.by_op.get(node.op.name)
        if rule is None:
            return
        self.matched.add(node.op.name)
        key = id(node.op), id(node.tensors)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = {}
            self.take(known, node, rule, self.env, self.home, ("init", node.op.name))
        found.update(known)

    def by_its_path(self, found: dict[str, Initialiser], node: Node) -> None:
        """Adds what the file's patterns say of the node."""
        for key in self._met.get(node.path, ()):
            self.take(found, node, self.by_path[key], self.env, self.home, ("init", key))

    def _match(self, key: str, prefix: str, paths: Paths) -> bool:
        """Finds the paths that a pattern matches. Raises TooLarge with its place."""
        try:
            met = [*paths.matching(prefix + key)]
        except TooLarge as error:
            error.span = self.home.key_span(("init", key))
            raise
        for path in met:
            self._met.setdefault(path, []).append(key)
        return bool(met)

    def take(
        self, found: dict[str, Initialiser], node: Node, raw: Any, env: Env, home: Resolved, path: tuple[Any, ...]
    ) -> None:
        """Adds what one rule says of one node."""
        own = [name for name, tensor in unparametrized(node.tensors).items() if not tensor.buffer]
        named = raw.items() if isinstance(raw, Mapping) else ((name, raw) for name in own)
        for name, text in named:
            where = (*path, name) if isinstance(raw, Mapping) else path
            if name not in own:
                self._check_name(node, name, own, home, where)
                continue
            if text is None:
                continue
            try:
                found[name] = self._evaluate(node, name, str(evaluate_text(parse_text(str(text)), env)), env)
            except InitialiserError as error:
                self.mistakes.tell(error.fault, home.span(where))
            except ExpressionError as error:
                notes = read_by(error.fault, env).notes
                self.mistakes.tell(error.fault._replace(code=Code.BAD_INIT, notes=notes), home.span(where))

    def _check_name(self, node: Node, name: str, own: list[str], home: Resolved, where: tuple[Any, ...]) -> None:
        """A rule for a tensor that such an op never has; a pattern may match ops of several kinds."""
        by_pattern = where[0] == "init" and where[1] not in OPS
        if by_pattern or name in ("weight", "bias") or any(port.name == name for port in node.op.ports):
            return
        near = nearest(name, own)
        self.mistakes.add(
            Code.BAD_INIT, f"`{node.op.name}` has no parameter `{name}`", home.key_span(where),
            hint=f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{n}`' for n in own)}" if own else None,
        )  # fmt: skip

    def _evaluate(self, node: Node, name: str, text: str, env: Env) -> Initialiser:
        tensors = unparametrized(node.tensors)
        shape = tensors[name].shape
        parsed = parse_initialiser(text)
        if not parsed.arguments:
            return Initialiser(parsed.name)
        key = text, shape, id(node.op), id(env)
        if key not in self._cache:
            weight = tensors.get("weight")
            names: dict[str, Any] = {field: getattr(node.op, field) for field in type(node.op).model_fields}
            names |= fans(weight.shape if weight is not None else shape)
            local = Env({n: Binding(v, "param") for n, v in names.items()}, env)
            self._cache[key] = parsed.evaluate(local)
        return self._cache[key]

    def warn_unmatched(self) -> None:
        """Warns of the file's own rules that met nothing; what it inherits may meet something elsewhere."""
        ops = [] if self.home.overrides else [key for key in self.by_op if key not in self.matched]
        for key in (*ops, *(key for key in self.by_path if key not in self.matched)):
            span = self.home.key_span(("init", key))
            if span.file != self.home.file:
                continue
            message = f"no node with parameters is a `{key}`" if key in OPS else f"`{key}` matches no node"
            hint = "a key of `init` is an op's name or a pattern of paths such as `*.bn3`"
            if key in OPS:
                hint = "remove it; a node of that name takes an `init` of its own"
            self.mistakes.add(Code.UNUSED, message, span, hint=hint, severity=Severity.WARNING)
