"""Graph -> graph: inner values become the outputs, and what they do not need is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from keyword import iskeyword
from typing import Final, NamedTuple, TypeAlias

from archdsl.faults.code import Code
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.needed import needed, needed_inputs
from archdsl.ir.provenance import Provenance
from archdsl.ir.selection.copying import Copying
from archdsl.ir.selection.error import OutputsError
from archdsl.ir.selection.features import Feature, features_of
from archdsl.ir.selection.places import value_at
from archdsl.text.spelled import kind_of

Outputs: TypeAlias = "str | Sequence[str] | Mapping[str, str]"
"""A path, paths that are names too, or paths by name."""


class Selection(NamedTuple):
    """Which outputs a network is to have; its own, where nothing is chosen."""

    outputs: Outputs | None = None
    features: bool = False
    out_indices: Sequence[int] | None = None
    """Which of the features, counted from 0, or from the end with a minus."""
    prune: bool = True
    """Nothing is kept that these outputs do not need; else it stays as it is, and is not trained."""


NOTHING: Final = Selection()


def chosen(graph: Graph, selection: Selection) -> Graph:
    """The network with these outputs, which are its features then. Raises OutputsError."""
    if selection == NOTHING:
        return graph
    paths, outputs = _outputs(graph, selection)
    used = needed(outputs.values(), graph.nodes)
    kept = used if selection.prune else {*graph.inputs.values(), *graph.nodes}
    kept |= needed_inputs(graph.inputs.values(), kept)
    gone = [node for node in graph.nodes if node not in kept and (node.share is None or node.registered)]
    pruned = (*graph.pruned, *(path for node in gone for path in node.tensor_paths()))
    copying = Copying(graph, kept)
    made = replace(copying.graph_of(outputs), chosen=paths, pruned=pruned, provenance=_provenance(graph, kept))
    _freeze(copying.nodes[node] for node in graph.nodes if node in kept and node not in used)
    return made


def _freeze(nodes: Iterable[Node]) -> None:
    """Trains nothing of what no output needs: a parameter that is trained and gets no gradient stops parallel runs."""
    for node in nodes:
        if node.share is None:
            own = (name for name, weight in node.tensors.items() if not weight.buffer and name not in node.tie)
            node.frozen = tuple(dict.fromkeys((*node.frozen, *own)))


# --- which outputs --------------------------------------------------------------------------------


def _outputs(graph: Graph, selection: Selection) -> tuple[dict[str, str], dict[str, Value]]:
    """The paths of the outputs by name, and the values."""
    if selection.outputs is not None:
        if selection.features or selection.out_indices is not None:
            raise OutputsError(Code.BAD_USAGE, "outputs and features are asked for at once", "ask for one of them")
        paths = _paths(selection.outputs)
        return paths, {name: value_at(graph, path) for name, path in paths.items()}
    if not selection.features and selection.out_indices is None:
        raise OutputsError(
            Code.BAD_USAGE,
            "a network is pruned to outputs or features, and none are asked for",
            "name some, or leave it whole",
        )
    features = _features(graph, selection.out_indices)
    return {each.name: each.path for each in features}, {each.name: each.value for each in features}


def _paths(outputs: Outputs) -> dict[str, str]:
    """The paths by name. Raises OutputsError."""
    if isinstance(outputs, Mapping):
        pairs = [*outputs.items()]
    else:
        paths = [outputs] if isinstance(outputs, str) else [*outputs]
        pairs = [(path, path) for path in paths]
    if not pairs:
        raise OutputsError(Code.BAD_USAGE, "no outputs are named", "a network has one at least")
    for name, path in pairs:
        if not isinstance(path, str) or not isinstance(name, str):
            wrong = name if isinstance(path, str) else path
            raise OutputsError(Code.BAD_VALUE, f"an output is named by the text of a path, found {kind_of(wrong)}")
        if isinstance(outputs, Mapping) and not is_field(name):
            hint = "a name is letters, digits and `_`, is no keyword of Python and begins with a letter"
            raise OutputsError(Code.BAD_NAME, f"`{name[:60]}` is no name for an output", hint)
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OutputsError(Code.DUPLICATE_NAME, f"the output `{twice}` is named twice", "name it once")
    return dict(pairs)


def is_field(name: str) -> bool:
    """Whether a field of a NamedTuple can be called so."""
    return name.isascii() and name.isidentifier() and not iskeyword(name) and not name.startswith("_")


def _features(graph: Graph, indices: Sequence[int] | None) -> list[Feature]:
    """The features, all or those of the indices. Raises OutputsError."""
    found = features_of(graph)
    if not found:
        raise OutputsError(
            Code.NO_VALUE, f"`{graph.name}` has no features that can be found", "name values as outputs, by their paths"
        )
    places = range(len(found)) if indices is None else [*_places(indices, len(found))]
    if not places:
        raise OutputsError(Code.BAD_USAGE, "no features are named", "a network has one output at least")
    if len({*places}) < len(places):
        twice = next(place for place in places if [*places].count(place) > 1)
        raise OutputsError(
            Code.DUPLICATE_NAME, f"the feature {twice}, `{found[twice].name}`, is named twice", "name it once"
        )
    return [found[place] for place in places]


def _places(indices: Sequence[int], count: int) -> Iterator[int]:
    for index in indices:
        if isinstance(index, bool) or not isinstance(index, int) or not -count <= index < count:
            raise OutputsError(
                Code.BAD_VALUE, f"there is no feature {index!r:.60}", f"they are numbered from 0 to {count - 1}"
            )
        yield index % count


def _provenance(graph: Graph, kept: set[Node]) -> Provenance:
    """Without the files of weights for parts of which nothing is left."""
    paths = [path for node in graph.nodes if node in kept for path in node.tensor_paths()]
    files = [
        each for each in graph.provenance.weights
        if not each.prefix or any(path.startswith(f"{each.prefix}.") for path in paths)
    ]  # fmt: skip
    return graph.provenance._replace(weights=tuple(files))
