"""Graph -> PyTorch source.

A scope whose forward cannot be written is opened: its children run in the class around it, and
planning starts again; so it does for chains that are better written where they are used. The
network's own forward always can be written, since all sizes come from its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from archdsl.ir.graph import Graph, Node
from archdsl.ir.scopes import scopes_of
from archdsl.ir.unwritten import check_written
from archdsl.limits import collector_paused
from archdsl.ops.base import PackageError
from archdsl.version import __version__
from archdsl_torch.lowering.helpers import HELPERS
from archdsl_torch.lowering.printing import printed
from archdsl_torch.lowering.spelling import WIDTH, command, docstring, sentences
from archdsl_torch.lowering.statements import Body, Effect, global_names, lines
from archdsl_torch.lowering.text import Brackets, prefixed, render
from archdsl_torch.lowering.tree import SELF, Method
from archdsl_torch.planning.crossings import Crossings
from archdsl_torch.planning.findings import Findings
from archdsl_torch.planning.pairing import Pairing
from archdsl_torch.planning.renames import rename_lines
from archdsl_torch.planning.survey import class_name
from archdsl_torch.planning.wrappers import Wrapper
from archdsl_torch.writing.annotations import ANY, OWN, TENSOR, argument_type, port, returned_type, untyped_lists
from archdsl_torch.writing.arguments import Arguments
from archdsl_torch.writing.frozen import frozen
from archdsl_torch.writing.outputs import Definition, outputs
from archdsl_torch.writing.plan import ClassPlan, Planner
from archdsl_torch.writing.registering import registered
from archdsl_torch.writing.reset import ties, tree_reset


@collector_paused()
def source(graph: Graph, *, annotated: bool = False) -> str:
    """The network as the text of a Python file that imports torch alone, with types of what methods take if asked.

    Raises UnwrittenError.
    """
    check_written(graph)
    pairing, known = Pairing(Crossings(graph)), Findings()
    planner = Planner(pairing, known)
    while found := planner.run():
        known = _more(known, found)
        planner = Planner(pairing, known, planner)
    return _print(planner, annotated)


def _more(known: Findings, found: Findings) -> Findings:
    """Each plan knows of more scopes than the one before, so that there is an end."""
    more = known | found
    assert more != known, f"{', '.join(sorted(scope.path for scope in found.scopes))} cannot be planned"
    return more


def _print(planner: Planner, annotated: bool) -> str:
    graph = planner.graph
    classes = [_class(planner, plan, annotated) for plan in planner.plans]
    parts = [*_helpers(planner, classes, annotated), *outputs(graph), *classes]
    reads = frozenset[str]().union(*(part.reads for part in parts))
    body = [line for part in parts for line in ("", "", *part.lines)]
    pragma = [*_TRACING, ""] if annotated and graph.output_modes and len(graph.outputs) > 1 else []
    return "\n".join([*_header(graph), *pragma, *_imports(reads, _packages(graph)), *body]).rstrip() + "\n"


_TRACING: Final = ("# of torch.jit.is_tracing:", "# pyright: reportPrivateImportUsage=false")


def _header(graph: Graph) -> list[str]:
    by = command(graph.name, graph.overrides, graph.chosen, bool(graph.pruned))
    made = graph.name, f", made by archdsl {__version__}: ", by
    size = f"{graph.parameters:,} parameters. Shapes in comments are those of the sample input."
    title = sentences(graph.summary, graph.reference)
    return [*docstring(made, (), *title, *([()] if title else []), (size,)), ""]


_PYTHON: Final = {
    "math": "import math",
    "typing": "import typing",
    "OrderedDict": "from collections import OrderedDict",
    "NamedTuple": "from typing import NamedTuple",
}
_TORCH: Final = {
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
    "parametrizations": "from torch.nn.utils import parametrizations, parametrize",
    "_pytree": "from torch.utils import _pytree",
}


def _imports(reads: frozenset[str], packages: frozenset[str]) -> list[str]:
    """What the file reads, Python's own modules first, then what brings ops of its own."""
    others = {name: f"import {name}" for name in sorted(packages)}
    own, others_read = (
        [line for name, line in lines.items() if name in reads] for lines in (_PYTHON, {**others, **_TORCH})
    )
    return [*own, "", *others_read] if own else others_read


def _packages(graph: Graph) -> frozenset[str]:
    """The installed packages that bring ops of the graph, as Python imports them.

    Raises PackageError where something in the graph has such a name, and would hide it.
    """
    classes = {type(node.op) for node in graph.nodes if "." in node.op.name}
    found = frozenset(each.__module__.partition(".")[0] for each in classes)
    if found and (taken := found & {*_names(graph)}):
        name = min(taken)
        raise PackageError(f"`{name}` is the package of an op, and something in the network is called so", "rename it")
    return found


def _names(graph: Graph) -> Iterator[str]:
    """Whatever a variable or an argument of the source may be called after."""
    yield from (*graph.inputs, *graph.outputs, *graph.params)
    for scope in scopes_of(graph.root):
        yield from (*scope.children, *scope.inputs, *scope.arguments, *scope.outputs)
        yield from (name for node in scope.children.values() if isinstance(node, Node) for name in node.output_names)


def _helpers(planner: Planner, classes: Sequence[Definition], annotated: bool) -> Iterator[Definition]:
    """What torch and Python lack, in the order in which nodes need it; then what the classes' numbers need."""
    wrappers = {wrapper.name: wrapper for wrapper in planner.survey.wrappers.made.values()}
    modules = map(planner.survey.module, planner.survey.lowered)
    called = dict.fromkeys(module.function for module in modules if module is not None)
    parts = {name: _wrapper(wrappers[name], annotated) for name in called if name in wrappers}
    for name in called:
        if name in wrappers:
            yield parts[name]
        elif name in HELPERS:
            yield _helper(name, annotated)
    for name in HELPERS:
        if name not in called and any(name in part.reads for part in (*classes, *parts.values())):
            yield _helper(name, annotated)


def _helper(name: str, annotated: bool) -> Definition:
    helper = HELPERS[name]
    text = helper.checked if annotated and helper.checked is not None else helper.text
    return Definition(text.rstrip().split("\n"), helper.reads)


def _wrapper(wrapper: Wrapper, annotated: bool) -> Definition:
    text = [f"class {wrapper.name}(nn.Module):", f'    """`{wrapper.op}` as a module."""']
    if wrapper.names:
        given = ", ".join(f"{name}: {ANY}" if annotated else name for name in wrapper.names)
        header = f"    def __init__(self, {given}){' -> None' * annotated}:"
        text += ["", header, *_statements(wrapper.construction, constructs=True)]
    forward = f"({OWN}, x: {TENSOR}) -> {TENSOR}" if annotated else "(self, x)"
    text += ["", f"    def forward{forward}:", *_statements(wrapper.forward)]
    own = {"nn", *_read(annotated)}
    return Definition(text, frozenset(own | global_names((*wrapper.construction, *wrapper.forward))))


def _read(annotated: bool) -> tuple[str, ...]:
    """What annotations read."""
    return ("typing", "torch") if annotated else ()


_RESET: Final = Effect(Method(SELF, "reset_parameters"))


def _class(planner: Planner, plan: ClassPlan, annotated: bool) -> Definition:
    graph, root = planner.graph, plan.scope.scope is None
    reset = _whole_reset(planner, plan) if root else plan.reset
    tied = (replace(tie, remark="type: ignore" * annotated) for tie in ties(graph, planner.outliner) if root)
    again = (*registered(graph, planner.outliner), *tied) if root else ()
    untrained = frozen(graph, planner.outliner) if root else ()
    construction = (*plan.constructor, *again, *untrained, *((_RESET,) if reset else ()))
    text = [f"class {plan.name}({plan.base}):", *_docstring(graph, plan)]
    if construction or plan.arguments.arguments:
        text += [
            "",
            *_signature(plan.arguments, annotated, free=bool(again or untrained)),
            *_statements(construction, plan.base == "nn.Module"),
        ]
    if reset:
        text += ["", *_reset_header(annotated), *_statements(reset)]
    text += rename_lines(graph) if root else []
    if plan.forward:
        text += ["", *_forward(planner.graph, plan, annotated), *_statements(_body(plan.forward, annotated))]
    defaults = (Effect(default) for _, default in plan.arguments.arguments if default is not None)
    own = {"nn", "torch"} if reset else {"nn"}
    own |= {*_read(annotated and bool(construction or plan.arguments.arguments or plan.forward))}
    return Definition(text, frozenset(own | global_names((*construction, *reset, *plan.forward, *defaults))))


def _statements(body: Body, constructs: bool = False) -> list[str]:
    return [*(["        super().__init__()"] if constructs else []), *lines(body, 8)]


def _whole_reset(planner: Planner, plan: ClassPlan) -> Body:
    owners = any(other.reset for other in planner.plans if other is not plan)
    optional = {node for node in plan.arguments.free.values() if plan.arguments.presence(node) is not None}
    return tree_reset(planner.graph, planner.outliner, plan.reset, owners, planner.owner, optional)


def _reset_header(annotated: bool) -> list[str]:
    if not annotated:
        return ["    @torch.no_grad()", "    def reset_parameters(self):"]
    # isinstance narrows a module to a class of which torch's types say less than the network knows: that it has a bias
    return ["    @typing.no_type_check", "    @torch.no_grad()", "    def reset_parameters(self) -> None:"]


def _signature(arguments: Arguments, annotated: bool, free: bool) -> list[str]:
    """The constructor's header; one that is `free` reads what children have."""
    names = {atom: f"{atom.name}: {argument_type(atom)}" if annotated else atom.name for atom in arguments.atoms}
    sign = " = " if annotated else "="
    given = (
        names[atom] if default is None else prefixed(f"{names[atom]}{sign}", printed(default))
        for atom, default in arguments.arguments
    )
    return render(
        "",
        Brackets("def __init__(", (OWN if annotated and free else "self", *given)),
        4,
        " -> None:" if annotated else ":",
    )


def _forward(graph: Graph, plan: ClassPlan, annotated: bool) -> list[str]:
    """The header of the forward."""
    if not annotated:
        return [f"    def forward({_parameters(plan)}):"]
    named = ["*"] if any(size.keyword for size in plan.passed) else []
    ports, sizes = (port(plan, name) for name in plan.merged.ports), (f"{size.label}: int" for size in plan.passed)
    given = (OWN, *ports, *named, *sizes)
    return render("", Brackets("def forward(", given), 4, f" -> {returned_type(graph, plan)}:")


def _body(forward: Body, annotated: bool) -> Body:
    return untyped_lists(forward) if annotated else forward


def _parameters(plan: ClassPlan) -> str:
    merged = plan.merged
    ports = (f"{port}=None" if port in merged.optional else port for port in merged.ports)
    sizes = [size.label for size in plan.passed]
    named = ["*"] if any(size.keyword for size in plan.passed) else []
    return ", ".join(["self", *ports, *named, *sizes])


def _docstring(graph: Graph, plan: ClassPlan) -> list[str]:
    scope = plan.scope
    if scope.scope is None:
        return docstring(("The network `", graph.name, "`."), indent=4)
    count = len(plan.instances)
    where = "`", scope.path, "`", f" and {count - 1} more." if count > 1 else "."
    what = ("The block `", scope.block, "`:") if scope.block is not None else ("The scope",)
    lines = docstring((*what, " ", *where), indent=4)
    return lines if len(lines[0]) <= WIDTH else docstring(what, where, indent=4)


__all__ = ["class_name", "source"]
