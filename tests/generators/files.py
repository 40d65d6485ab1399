"""Statements that need another file: a whole spec used as a block, a library of blocks."""

from __future__ import annotations

from typing import Any

from tests.generators.fields import number, pick, rarely
from tests.generators.nesting import body, chosen_outputs, derived, new_block, pattern, use
from tests.generators.scope import Scope
from tests.generators.spec import to_yaml


def spec_block(scope: Scope) -> bool:
    """Another file's network, used as a block."""
    if scope.depth or scope.world.budget < 4 or len(scope.world.files) > 1:
        return False
    from tests.generators.networks import fill

    value = scope.source()
    if value is None or value.when is not None:
        return False
    shapes, names = pattern(scope, (value.type,), plain=True)
    inner = body(scope, (("x", value.type),), names)
    inner.words, inner.numbers = {}, {}
    blocks, uses = scope.world.blocks, scope.world.uses
    scope.world.blocks, scope.world.uses = {}, []
    fill(inner, number(scope.draw, 1, 3))
    own_blocks, scope.world.blocks, scope.world.uses = scope.world.blocks, blocks, uses
    own = [v for v in inner.values if v.path not in ("x", "input") and v.when is None]
    if not own:
        return False
    chosen, outputs = chosen_outputs(inner, own)
    file: dict[str, Any] = {"archdsl": 1, "name": "inner", "inputs": {"x": shapes[0]}}
    file |= {"blocks": own_blocks} if own_blocks else {}
    file |= {"nodes": inner.entries} | ({"outputs": chosen} if chosen is not None else {})
    stem = scope.world.fresh("inner")
    scope.world.files[f"{stem}.yaml"] = to_yaml(file)
    return use(scope, scope.name(), {"op": f"spec.{stem}"}, (("x", value.type),), [value], outputs)


def library(scope: Scope) -> bool:
    """`use`: a block of another file, which sees its own file's parameters and nothing of the network's."""
    world = scope.world
    value = scope.source()
    if scope.depth or world.budget < 3 or len(world.libraries) > 1 or value is None or value.when is not None:
        return False
    blocks, uses, libraries = world.blocks, world.uses, world.libraries
    params = {world.fresh("size"): pick(scope.draw, [2, 3, 4])}
    file = Scope(world, scope.values, None, dict(params), {}, {})
    let = derived(file)
    world.blocks, world.uses = {}, []
    found = new_block(file, (("x", value.type),))
    own, world.blocks, world.uses = world.blocks, blocks, [*uses, *world.uses]
    if found is None:
        return False
    stem = world.fresh("library")
    name = f"parts/{stem}" if rarely(scope.draw, 2) else stem
    text: dict[str, Any] = {"archdsl": 1, "params": params}
    text |= {"let": let} if let else {}
    world.files[f"{name}.yaml"] = to_yaml(text | {"blocks": own})
    world.libraries = [*libraries, name]
    entry = {"op": found.name, **found.arguments}
    return use(scope, scope.name(), entry, found.ports, [value], found.outputs)
