"""Parts of values: items, slices, columns of rows, and what a loop goes over.

What cannot be raises what `values` raises.
"""

from __future__ import annotations

from typing import Any

from archdsl.expressions.values import Spend, new_list, show, weight, whole


def item_of(value: Any, index: Any) -> Any:
    """`value[index]` of a list, a tuple, text or a row."""
    if isinstance(value, dict):
        return column(value, index)
    if not isinstance(value, list | tuple | str):
        raise ValueError(f"cannot read an item of {show(value)}", "an index needs a list, a tuple or text")
    place = whole(index, "an index")
    if not -len(value) <= place < len(value):
        raise ValueError(f"index {place} is out of range for a length of {len(value)}")
    return value[place]


def slice_of(value: Any, bounds: tuple[Any, Any, Any], spend: Spend) -> Any:
    """`value[lower:upper:step]` of a list, a tuple or text."""
    if not isinstance(value, list | tuple | str):
        raise ValueError(f"cannot take a slice of {show(value)}", "a slice needs a list, a tuple or text")
    lower, upper, step = (None if bound is None else whole(bound, "a slice's bound") for bound in bounds)
    if step == 0:
        raise ValueError("a slice's step cannot be 0")
    result = value[lower:upper:step]
    new_list(weight(result), spend)
    return result


def column(value: Any, name: Any) -> Any:
    """A row's column, or a tensor's shape as a list."""
    if isinstance(value, dict):
        if isinstance(name, str) and name in value:
            return value[name]
        raise ValueError(f"the row has no column {show(name)}", f"it has {', '.join(map(str, value)) or 'none'}")
    shape = getattr(value, "shape", None)
    if name == "shape" and isinstance(shape, list | tuple):
        return list(shape)
    owner = "the tensor" if shape is not None else show(value)
    hint = "a tensor has `shape`" if shape is not None else "only rows of a table have columns, and tensors `shape`"
    raise ValueError(f"{owner} has no `{name}`", hint)


def elements(value: Any, spend: Spend) -> list[Any] | tuple[Any, ...]:
    """What a loop goes over."""
    if not isinstance(value, list | tuple):
        hint = f"write `range({value})`" if isinstance(value, int) else "a loop needs a list or a tuple"
        raise ValueError(f"cannot loop over {show(value)}", hint)
    spend(len(value))
    return value
