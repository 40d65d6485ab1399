"""Graph -> PyTorch source.

A scope whose forward cannot be written is opened: its children run in the class around it, and
planning starts again; so it does for chains that are better written where they are used. The
network's own forward always can be written, since all sizes come from its inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from archdsl import __version__
from archdsl.graph import Graph, Scope
from archdsl_torch.helpers import HELPERS
from archdsl_torch.layout import class_name, is_tensor, output_fields
from archdsl_torch.plan import ClassPlan, Inlined, Open, Planner, Unchained
from archdsl_torch.renames import rename_lines
from archdsl_torch.reset import tie_lines, tree_lines
from archdsl_torch.spelling import WIDTH, command, docstring, sentences, text_literal
from archdsl_torch.text import Group, render

MAKE_DIVISIBLE: Final = '''\
def make_divisible(value, divisor):
    """`value` rounded to a multiple of `divisor`, never below 90 % of it."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded'''


def source(graph: Graph) -> str:
    """The network as the text of a Python file that imports torch alone."""
    opened: frozenset[Scope] = frozenset()
    inlined: frozenset[Scope] = frozenset()
    unchained: frozenset[Scope] = frozenset()
    while True:
        planner = Planner(graph, opened, inlined, unchained)
        try:
            planner.run()
        except Open as found:
            opened |= {found.scope}
            continue
        except Inlined as found:
            inlined |= found.scopes
            continue
        except Unchained as found:
            unchained |= {found.scope}
            continue
        return _print(planner)


def _print(planner: Planner) -> str:
    graph = planner.graph
    classes = [text for plan in planner.plans for text in ("", "", *_class_lines(planner, plan))]
    helpers = _helper_lines(planner)
    outputs = _outputs_lines(graph)
    body = "\n".join([*helpers, *outputs, *classes])
    return "\n".join([*_header(graph), *_imports(body)]) + "\n" + body.rstrip() + "\n"


def _header(graph: Graph) -> list[str]:
    made = graph.name, f", made by archdsl {__version__}: ", command(graph.name, graph.overrides)
    size = f"{graph.parameters:,} parameters. Shapes in comments are those of the sample input."
    title = sentences(graph.summary, graph.reference)
    return [*docstring(made, (), *title, *([()] if title else []), (size,)), ""]


_STRING: Final = re.compile(r'"(?:\\.|[^"\\\n])*"')


def _imports(body: str) -> list[str]:
    lines: list[str] = []
    body = _STRING.sub("", body)
    if "math." in body:
        lines.append("import math")
    if "OrderedDict" in body:
        lines.append("from collections import OrderedDict")
    if "NamedTuple" in body:
        lines.append("from typing import NamedTuple")
    if lines:
        lines.append("")
    lines.append("import torch")
    if "F." in body:
        lines.append("import torch.nn.functional as F")
    lines.append("from torch import nn")
    return [*lines, "from torch.utils import _pytree"] if "_pytree." in body else lines


def _helper_lines(planner: Planner) -> list[str]:
    wrappers = planner.layout.wrappers.by_name()
    used: dict[str, list[str]] = {}
    for node in planner.graph.nodes:
        if is_tensor(node):
            continue
        module = planner.layout.module(node)
        if module is not None and module.function in HELPERS:
            used[module.function] = HELPERS[module.function].rstrip().split("\n")
        elif module is not None and module.function in wrappers:
            used[module.function] = wrappers[module.function]
    texts = [text for plan in planner.plans for text in plan.constructor_lines]
    if any("make_divisible(" in text for text in texts):
        used["make_divisible"] = MAKE_DIVISIBLE.split("\n")
    return [line for lines in used.values() for line in ("", "", *lines)]


def _outputs_lines(graph: Graph) -> list[str]:
    if len(graph.outputs) < 2:
        return []
    lines = ["", "", "class Outputs(NamedTuple):", '    """What the network gives."""', ""]
    fields = output_fields(graph)
    for name, field in fields.items():
        optional = " | None" if name in graph.output_modes else ""
        lines.append(f"    {field}: torch.Tensor{optional}")
    return [*lines, *_registration(graph.name, fields.values())]


def _registration(network: str, fields: Iterable[str]) -> list[str]:
    """torch.export.save writes only tuples that torch knows by a name; equal names mean equal fields."""
    name = text_literal("archdsl.", network, ".Outputs(", ",".join(fields), ")")
    call = Group("_pytree._register_namedtuple(", ("Outputs", f"serialized_type_name={name}"))
    return ["", "", "# for torch.export.save", *render("", call, 0)]


def _class_lines(planner: Planner, plan: ClassPlan) -> list[str]:
    graph = planner.graph
    root = plan.scope.scope is None
    ties = [f"        {line}" for line in tie_lines(graph, planner.outliner)] if root else []
    reset = plan.reset
    if root:
        owners = any(p.reset for p in planner.plans if p is not plan)
        reset = tree_lines(graph, planner.outliner, plan.reset, owners, planner.owner)
    arguments = plan.arguments
    lines = [f"class {plan.name}({plan.base}):", *_docstring(graph, plan)]
    body = [*plan.constructor_lines, *ties, *(["        self.reset_parameters()"] if reset else [])]
    if body or arguments.arguments:
        parent = ["        super().__init__()"] if plan.base == "nn.Module" else []
        lines += ["", *arguments.signature(), *parent, *body]
    if reset:
        lines += ["", "    @torch.no_grad()", "    def reset_parameters(self):", *reset]
    if root:
        lines += rename_lines(graph)
    if plan.forward:
        merged = plan.merged
        ports = ", ".join(["self", *(f"{p}=None" if p in merged.optional else p for p in merged.ports)])
        lines += ["", f"    def forward({ports}):", *plan.forward]
    return lines


def _docstring(graph: Graph, plan: ClassPlan) -> list[str]:
    scope = plan.scope
    if scope.scope is None:
        return docstring(("The network `", graph.name, "`."), indent=4)
    count = len(plan.merged.outlines)
    where = "`", scope.path, "`", f" and {count - 1} more." if count > 1 else "."
    what = ("The block `", scope.block, "`:") if scope.block is not None else ("The scope",)
    lines = docstring((*what, " ", *where), indent=4)
    return lines if len(lines[0]) <= WIDTH else docstring(what, where, indent=4)


__all__ = ["class_name", "source"]
