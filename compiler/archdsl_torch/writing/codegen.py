"""Graph -> PyTorch source.

A scope whose forward cannot be written is opened: its children run in the class around it, and
planning starts again; so it does for chains that are better written where they are used. The
network's own forward always can be written, since all sizes come from its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from archdsl_torch.writing.arguments import Arguments
from archdsl_torch.writing.frozen import frozen
from archdsl_torch.writing.outputs import Definition, outputs
from archdsl_torch.writing.plan import ClassPlan, Planner
from archdsl_torch.writing.registering import registered
from archdsl_torch.writing.reset import ties, tree_reset


@collector_paused()
def source(graph: Graph) -> str:
    """The network as the text of a Python file that imports torch alone. Raises UnwrittenError."""
    check_written(graph)
    pairing, known = Pairing(Crossings(graph)), Findings()
    planner = Planner(pairing, known)
    while found := planner.run():
        known = _more(known, found)
        planner = Planner(pairing, known, planner)
    return _print(planner)


def _more(known: Findings, found: Findings) -> Findings:
    """Each plan knows of more scopes than the one before, so that there is an end."""
    more = known | found
    assert more != known, f"{', '.join(sorted(scope.path for scope in found.scopes))} cannot be planned"
    return more


def _print(planner: Planner) -> str:
    graph = planner.graph
    classes = [_class(planner, plan) for plan in planner.plans]
    parts = [*_helpers(planner, classes), *outputs(graph), *classes]
    reads = frozenset[str]().union(*(part.reads for part in parts))
    body = [line for part in parts for line in ("", "", *part.lines)]
    return "\n".join([*_header(graph), *_imports(reads, _packages(graph)), *body]).rstrip() + "\n"


def _header(graph: Graph) -> list[str]:
    by = command(graph.name, graph.overrides, graph.chosen, bool(graph.pruned))
    made = graph.name, f", made by archdsl {__version__}: ", by
    size = f"{graph.parameters:,} parameters. Shapes in comments are those of the sample input."
    title = sentences(graph.summary, graph.reference)
    return [*docstring(made, (), *title, *([()] if title else []), (size,)), ""]


_PYTHON: Final = {
    "math": "import math",
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


def _helpers(planner: Planner, classes: Sequence[Definition]) -> Iterator[Definition]:
    """What torch and Python lack, in the order in which nodes need it; then what the classes' numbers need."""
    wrappers = {wrapper.name: wrapper for wrapper in planner.survey.wrappers.made.values()}
    modules = map(planner.survey.module, planner.survey.lowered)
    called = dict.fromkeys(module.function for module in modules if module is not None)
    parts = {name: _wrapper(wrappers[name]) for name in called if name in wrappers}
    for name in called:
        if name in wrappers:
            yield parts[name]
        elif name in HELPERS:
            yield _helper(name)
    for name in HELPERS:
        if name not in called and any(name in part.reads for part in (*classes, *parts.values())):
            yield _helper(name)


def _helper(name: str) -> Definition:
    return Definition(HELPERS[name].text.rstrip().split("\n"), HELPERS[name].reads)


def _wrapper(wrapper: Wrapper) -> Definition:
    text = [f"class {wrapper.name}(nn.Module):", f'    """`{wrapper.op}` as a module."""']
    if wrapper.names:
        header = f"    def __init__(self, {', '.join(wrapper.names)}):"
        text += ["", header, *_statements(wrapper.construction, constructs=True)]
    text += ["", "    def forward(self, x):", *_statements(wrapper.forward)]
    return Definition(text, frozenset({"nn"} | global_names((*wrapper.construction, *wrapper.forward))))


_RESET: Final = Effect(Method(SELF, "reset_parameters"))


def _class(planner: Planner, plan: ClassPlan) -> Definition:
    graph, root = planner.graph, plan.scope.scope is None
    reset = _whole_reset(planner, plan) if root else plan.reset
    again = (*registered(graph, planner.outliner), *ties(graph, planner.outliner)) if root else ()
    untrained = frozen(graph, planner.outliner) if root else ()
    construction = (*plan.constructor, *again, *untrained, *((_RESET,) if reset else ()))
    text = [f"class {plan.name}({plan.base}):", *_docstring(graph, plan)]
    if construction or plan.arguments.arguments:
        text += ["", *_signature(plan.arguments), *_statements(construction, plan.base == "nn.Module")]
    if reset:
        text += ["", "    @torch.no_grad()", "    def reset_parameters(self):", *_statements(reset)]
    text += rename_lines(graph) if root else []
    if plan.forward:
        text += ["", f"    def forward({_parameters(plan)}):", *_statements(plan.forward)]
    defaults = (Effect(default) for _, default in plan.arguments.arguments if default is not None)
    own = {"nn", "torch"} if reset else {"nn"}
    return Definition(text, frozenset(own | global_names((*construction, *reset, *plan.forward, *defaults))))


def _statements(body: Body, constructs: bool = False) -> list[str]:
    return [*(["        super().__init__()"] if constructs else []), *lines(body, 8)]


def _whole_reset(planner: Planner, plan: ClassPlan) -> Body:
    owners = any(other.reset for other in planner.plans if other is not plan)
    optional = {node for node in plan.arguments.free.values() if plan.arguments.presence(node) is not None}
    return tree_reset(planner.graph, planner.outliner, plan.reset, owners, planner.owner, optional)


def _signature(arguments: Arguments) -> list[str]:
    """The constructor's header."""
    given = (
        atom.name if default is None else prefixed(f"{atom.name}=", printed(default))
        for atom, default in arguments.arguments
    )
    return render("", Brackets("def __init__(", ("self", *given)), 4, ":")


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
