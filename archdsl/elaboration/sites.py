"""The graph's `Site` of each template, and the template of what stands in the graph."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, final

from archdsl.document.substitution import Text
from archdsl.document.template import BlockTemplate, NodeTemplate, Template
from archdsl.elaboration.own import in_outer_names
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.ir.sites import Site

if TYPE_CHECKING:
    from archdsl.ir.graph import Item


@final
class Sites:
    """One site for each template that has made something."""

    def __init__(self) -> None:
        self._sites: dict[Template | BlockTemplate, Site] = {}
        self._templates: dict[Site, NodeTemplate] = {}

    def of(self, template: Template | BlockTemplate) -> Site:
        """The site of a node whose fields have been prepared, of a loop, or of a block."""
        found = self._sites.get(template)
        if found is None:
            found = self._sites[template] = _made(template)
            if isinstance(template, NodeTemplate):
                self._templates[found] = template
        return found

    def templates(self) -> Iterable[NodeTemplate]:
        """What nodes and scopes are made from, each once."""
        return self._templates.values()

    def template(self, item: Item) -> NodeTemplate | None:
        """What a node or scope is made from; None for the network, its inputs and containers."""
        return None if item.site is None else self._templates.get(item.site)


def _made(template: Template | BlockTemplate) -> Site:
    site = Site(*template.home.written(template.path))
    if isinstance(template, NodeTemplate):
        written = template.fields.items() if template.formula is None else ()
        site.fields = {
            name: found for name, value in written
            if (found := in_outer_names(template, _expression(value))) is not None
        }  # fmt: skip
        site.op = _expression(template.op)
        site.condition = _condition(template)
        site.otherwise = None if template.otherwise is None else template.otherwise.raw
        site.formula = _formula(template)
    return site


def _condition(template: NodeTemplate) -> Expression | None:
    """What must hold for a node to be there: its own `if`, and those of the groups around it."""
    around = (group.splice.expression for group in template.groups if group.splice is not None)
    conditions = [*around, *([template.condition] if template.condition is not None else [])]
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    with suppress(ExpressionError):  # too long together
        return parse(" and ".join(f"({condition.text.strip()})" for condition in conditions))
    return None


def _expression(written: Any) -> Expression | None:
    """The expression that a prepared value is, if it is one and nothing else."""
    if isinstance(written, Text):
        return written.sole
    return written if isinstance(written, Expression) else None


def _formula(template: NodeTemplate) -> Expression | None:
    """The formula in `value`, which stays text until its indices are known."""
    written = template.fields.get("value")
    if template.formula is None and isinstance(written, str):
        with suppress(ExpressionError):
            return in_outer_names(template, parse(written))
    return None
