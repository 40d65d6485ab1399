"""What the readers of a left-out node get: its `else`, or the one value that it would have read.

A node has one input where all its ports together read one value: those that are named, those that must be fed,
and those that the node above feeds. What a caller feeds plays no part, so the answer is the same at every use of
a block. Nothing is elaborated here: what the `if` guards need not make sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from archdsl.document.template import NodeTemplate
from archdsl.elaboration.arguments import unfolded
from archdsl.elaboration.fields import OpName, evaluate_text, formula_text, shapes_read
from archdsl.elaboration.frames import Alias, Entry, Frame, LeftOut, PathError, State, Why, find
from archdsl.elaboration.reading import above_name, check_paths, declares, find_entry, written_sources
from archdsl.elaboration.unfound import may_be_called
from archdsl.expressions import ExpressionError, parse_formula
from archdsl.expressions.walking import free_names
from archdsl.faults.fault import FollowOn, Place
from archdsl.ir.graph import ScopeKind
from archdsl.ops.base import Port
from archdsl.shapes import TensorType

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

NamedEntries = list[tuple[str, Entry | None]]
"""What would be read, by name; None for what is not known."""


def left_out(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> Entry:
    """What the readers of a left-out node get. Raises PathError, ExpressionError, FollowOn."""
    where = _where(template, frame)
    why = template.cache.get(where) or template.cache.setdefault(where, _why(template, where))
    if declares(template):
        return Entry(state=State.ABSENT, alias=why)
    if template.otherwise is not None:
        path = str(evaluate_text(template.otherwise, frame.env))
        return _alias(find_entry(frame, path), why)
    if template.when is not None:
        return Entry(state=State.ABSENT, alias=why)
    reads = _reads(run, template, frame)
    if any(entry is not None and entry.state is State.BROKEN for _, entry in reads):
        raise FollowOn
    distinct = dict(reads)
    entries = list({id(entry and (entry.of or entry)): entry for entry in distinct.values()}.values())
    if len(entries) == 1 and entries[0] is not None:
        return _alias(entries[0], why)
    return Entry(state=State.AMBIGUOUS, alias=why, left=LeftOut(template, frame.scope, name, tuple(distinct), where))


def _where(template: NodeTemplate, frame: Frame) -> Place:
    """Where it is said that the node is not there: at the `if` key around it, or at its own `if` or `op`."""
    if frame.absent is not None and frame.absent.group is not None:
        return Place(frame.absent.group.path, key=True)
    return Place(template.condition_path or template.op_path)


def _why(template: NodeTemplate, where: Place) -> Alias:
    span = (template.home.key_span if where.key else template.home.span)(where.path or ())
    by_null = where.path == template.op_path and not where.key
    return Alias(Why.LEFT_OUT, f"{'null' if by_null else '`if`'} (line {span.line})")


def _alias(entry: Entry, why: Alias) -> Entry:
    return Entry(
        entry.outputs, entry.state, entry.node, None, entry.children, entry.template, entry.mode, why, entry.named,
        entry.left, of=entry.of or entry,
    )  # fmt: skip


def _reads(run: Elaborator, template: NodeTemplate, frame: Frame) -> NamedEntries:
    if template.formula is not None:
        return _formula_reads(template, frame)
    if template.body is not None:
        return _body_reads(run, template, frame)
    if template.share is not None:
        return _shared_reads(run, template, frame)
    if template.op is not None:
        operation, home = _operation(template, frame)
        if operation is not None and run.catalogue.is_scan(operation, home):
            return _scan_reads(template, frame)
        ports = run.catalogue.ports(operation, home) if operation is not None else None
        return _port_reads(template, frame, ports)
    return _port_reads(template, frame, (Port("input"),))


def _operation(template: NodeTemplate, frame: Frame) -> tuple[str | None, Any]:
    """The op's name and where it is looked up; None where there is none, or where the `if` keeps it from failing."""
    assert template.op is not None
    try:
        operation = evaluate_text(template.op, frame.env)
    except (ExpressionError, FollowOn):
        return None, template.home
    if isinstance(operation, dict):
        operation, _ = unfolded(operation)
    home = operation.home if isinstance(operation, OpName) else template.home
    return (operation if isinstance(operation, str) else None), home


def _port_reads(template: NodeTemplate, frame: Frame, ports: tuple[Port, ...] | None) -> NamedEntries:
    """What feeds the ports; where nobody knows them, what is written."""
    if template.source is None:
        return _unnamed(frame, ports or (Port("input"),), {})
    written = written_sources(template, frame)
    if isinstance(written, dict):
        unsure: NamedEntries = [("the node above", None)] if ports is None else _unnamed(frame, ports, written)
        return [*_named(template, frame, written.values()), *unsure]
    if ports is None or len(written) > len(ports) or ports[0].variadic:
        return _named(template, frame, written)
    if _spreads(frame, ports, written):
        return _by_name(written[0], find_entry(frame, written[0]), ports)
    fed = dict(zip([port.name for port in ports], written, strict=False))
    return [*_named(template, frame, written), *_unnamed(frame, ports, fed)]


def _named(template: NodeTemplate, frame: Frame, paths: Iterable[str]) -> NamedEntries:
    try:
        return [(path, _find(template, frame, path)) for path in paths]
    except PathError:
        check_paths(template, frame)  # the same, with where each path is written
        raise


def _unnamed(frame: Frame, ports: tuple[Port, ...], named: Mapping[str, str]) -> NamedEntries:
    """The ports that read the node above, and those that must be fed and are not."""
    above = frame.above
    several = len(above.outputs) > 1 or above.named
    free = [port for port in ports if port.name not in named]
    by_name = [port for port in free if several and port.name in above.outputs]
    reads: NamedEntries = _by_name(above_name(above), above, tuple(by_name)) if by_name else []
    for port in free:
        if port in by_name:
            continue
        if port is ports[0]:
            reads.append((above_name(above), above))
        elif not port.optional:
            reads.append((port.name, None))
    return reads


def _spreads(frame: Frame, ports: tuple[Port, ...], paths: list[str]) -> bool:
    """Whether one node's outputs feed several ports by name."""
    if len(ports) < 2 or len(paths) != 1:
        return False
    found = find(frame, paths[0])
    return found is not None and len(found.outputs) > 1


def _by_name(path: str, entry: Entry, ports: tuple[Port, ...]) -> NamedEntries:
    """What ports read of a node with several outputs: together one thing, which the next ports may read again.

    Beside it stand the ports that must be fed and are not.
    """
    outputs = {port.name: entry.outputs[port.name] for port in ports if port.name in entry.outputs}
    unfed: NamedEntries = [(port.name, None) for port in ports if port.name not in outputs and not port.optional]
    if not outputs:
        return unfed
    if len(outputs) == 1:
        ((name, value),) = outputs.items()
        return [(f"{path}.{name}", Entry({"output": value}, mode=entry.mode)), *unfed]
    return [(path, Entry(outputs, mode=entry.mode, named=True)), *unfed]


def _find(template: NodeTemplate, frame: Frame, path: str) -> Entry | None:
    """The entry at a path that is written; None where one leads nowhere that the `if` may guard."""
    if find(frame, path) is None and (
        "$" in str(template.source and template.source.value)
        or may_be_called(tuple(frame.guarded), path.partition(".")[0])
    ):
        return None
    return find_entry(frame, path)


def _formula_reads(template: NodeTemplate, frame: Frame) -> NamedEntries:
    assert template.formula is not None
    try:
        text = formula_text(template.formula, frame.env).text
        tree = parse_formula(text, lambda path: find(frame, path) is not None).tree
    except (ExpressionError, FollowOn):
        return []
    # a formula that asks for a shape does not read the tensor
    names = free_names(shapes_read(tree, lambda _: TensorType(())))
    return [(name, find_entry(frame, name)) for name in sorted(names, key=text.find) if find(frame, name) is not None]


def _body_reads(run: Elaborator, template: NodeTemplate, frame: Frame) -> NamedEntries:
    """The scope's own input, if it is used, and what its nodes read from around it."""
    from archdsl.elaboration.outside import body_reads  # few networks leave out a scope

    assert template.body is not None
    reads = _source(template, frame)
    return [*reads, *body_reads(run.catalogue, template.body, frame, reads)]


def _source(template: NodeTemplate, frame: Frame) -> NamedEntries:
    if template.source is None:
        return []
    written = written_sources(template, frame)
    return _named(template, frame, written if isinstance(written, list) else written.values())


def _shared_reads(run: Elaborator, template: NodeTemplate, frame: Frame) -> NamedEntries:
    assert template.share is not None
    try:
        origin = find(frame, str(evaluate_text(template.share, frame.env)))
    except (ExpressionError, FollowOn):
        origin = None
    if origin is not None and origin.scope is not None and origin.scope.kind is ScopeKind.INLINE:
        from archdsl.elaboration.outside import body_reads

        written = run.sites.template(origin.scope)
        assert written is not None and written.body is not None
        reads = _source(template, frame)
        return [*reads, *body_reads(run.catalogue, written.body, frame, reads)]
    if origin is not None and origin.scope in run.block_of:
        optional = {port.name for port in run.block_of[origin.scope].ports if port.optional}
        return _port_reads(template, frame, tuple(Port(name, name in optional) for name in origin.scope.inputs))
    return _port_reads(template, frame, None if origin is None or origin.node is None else origin.node.op.ports)


def _scan_reads(template: NodeTemplate, frame: Frame) -> NamedEntries:
    """A loop over time reads what its ports name, and never the node above."""
    reads: NamedEntries = []
    for key in ("over", "carry", "capture"):
        raw = template.written[key].value if key in template.written else {}
        if not isinstance(raw, Mapping):
            reads.append((f"`{key}`", None))
            continue
        reads += [(str(path), find(frame, str(path))) for path in raw.values()]
    return reads
