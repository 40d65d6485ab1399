"""The last steps of elaboration: what nobody reads, and the graph itself."""

from __future__ import annotations

from collections.abc import Container, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.diagnostics.diagnostic import Severity
from archdsl.elaboration.choices import name_choices
from archdsl.elaboration.frames import Frame
from archdsl.elaboration.frozen import freeze
from archdsl.elaboration.initialising import initialise, read_rule, read_rules
from archdsl.elaboration.mistakes import Mistakes
from archdsl.elaboration.plain import forget_document
from archdsl.elaboration.provenance import provenance_of
from archdsl.elaboration.published import published, read_renames
from archdsl.elaboration.taken import left
from archdsl.elaboration.unused import Uses, reads_size, warn_unused
from archdsl.faults.code import Code
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ir.needed import needed
from archdsl.ir.scopes import scopes_around
from archdsl.ir.unwritten import WRITE_IT, words
from archdsl.limits import TooLarge, current
from archdsl.ops.special import FILLED, InputOp
from archdsl.text.bundles import inside

if TYPE_CHECKING:
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
    name_choices(state.nodes, inputs)
    inputs, nodes, pruned = left(state.spec_scopes, inputs, [*state.nodes])
    _count_computed(nodes, state.sites)
    _warn_unread(nodes, inputs, state)
    _warn_unwritten(nodes, state)
    initialise(state, nodes)
    freeze(state.spec_scopes, nodes, state.sites, mistakes)
    renames, resizes = published(state.spec_scopes, nodes, mistakes)
    provenance = provenance_of(state.spec_scopes, nodes, mistakes)
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
        renames=renames, resizes=resizes, reads=uses.reads(), pruned=pruned,
        path=_asked(resolved.path.absolute()), provenance=provenance,
    )  # fmt: skip


def _asked(path: Path) -> Path:
    """The file that was asked for: a bundle, where the spec lies in one."""
    place = inside(path)
    return path if place is None else place[0]


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
        read_rules(home, mistakes)
    for node in state.nodes:
        template = state.sites.template(node)
        if template is not None and template.init is not None:
            read_rule(template.init.value, template.home, template.init.path, mistakes)
    read_renames(state.spec_scopes, mistakes)


def _warn_unread(nodes: list[Node], inputs: Mapping[str, Node], state: Elaborator) -> None:
    outputs = state.spec_scopes[0][0].outputs.values()
    read = {value.node for node in nodes for value in node.inputs if value is not None}
    read.update([value.node for value in outputs])
    if read.issuperset(nodes) and read.issuperset(inputs.values()):
        return  # a node is read by later ones only, so the last of those that read one another is an output
    alive = needed(outputs, state.nodes)
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


def _warn_unwritten(nodes: list[Node], state: Elaborator) -> None:
    for node in nodes:
        if node.op.unwritten:
            state.mistakes.add(
                Code.UNWRITTEN, f"`{node.path}` is not written: {words(node)}", node.span, place=node.path,
                hint=WRITE_IT, severity=Severity.WARNING,
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
    scopes = {scope for node in nodes for scope in scopes_around(node) if len(scope.outputs) > 1}
    return {value.node for scope in scopes for value in scope.outputs.values()}
