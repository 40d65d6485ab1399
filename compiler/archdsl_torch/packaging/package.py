"""The files of a package: the class as annotated source, what it should compute, and a test that it does."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from keyword import iskeyword, issoftkeyword
from pathlib import Path
from typing import Any, Final

from archdsl.ir.graph import Graph
from archdsl.ir.packages import PackagingError
from archdsl.ops.special import InputOp
from archdsl.shapes import evaluate
from archdsl.version import __version__
from archdsl_torch.lowering.spelling import docstring, text_literal
from archdsl_torch.packaging import parity
from archdsl_torch.planning.survey import class_name
from archdsl_torch.runtime import build
from archdsl_torch.writing.codegen import source

_TAKEN: Final = frozenset({"torch", "pytest", "archdsl", "archdsl_torch"})
"""What the package's own files import, or what made them."""


def package(graph: Graph, folder: Path) -> dict[Path, bytes]:
    """The files of a package that is the folder, by their paths; nothing is written.

    Raises PackagingError for a folder that is not empty, and for a name that no package can have beside others;
    MemoryError where the network does not fit into this machine, which has to compute what the test expects.
    """
    name = folder.absolute().name
    _check_name(name)
    if folder.is_dir() and any(folder.iterdir()):
        raise PackagingError(f"`{folder}` is not empty: name a folder that is new")
    kind = class_name(graph)
    given = sorted([kind, *(["Outputs"] if len(graph.outputs) > 1 else [])])  # as ruff has imports
    texts = {
        "__init__.py": _init(graph, given),
        "network.py": source(graph, annotated=True),
        "parity.py": Path(parity.__file__).read_text("utf-8"),
        "parity.json": json.dumps(_expected(graph), indent=1) + "\n",
        "test_parity.py": _test(name, kind),
        "py.typed": "",
    }
    return {folder / file: text.encode() for file, text in texts.items()}


def _check_name(name: str) -> None:
    """Raises PackagingError for a folder's name that is no package's, or that another package has."""
    if not (name.isascii() and name.isidentifier()) or iskeyword(name) or issoftkeyword(name):
        raise PackagingError(f"`{name}` is no name of a package: expected letters, digits and `_`, and no keyword")
    if name in sys.stdlib_module_names or name in _TAKEN or _is_installed(name):
        raise PackagingError(f"`{name}` is a package already, and one of the two would hide the other: choose another")


def _is_installed(name: str) -> bool:
    """Whether Python finds something of that name; it is not imported."""
    found = find_spec(name)
    return found is not None and found.origin is not None


def _init(graph: Graph, names: list[str]) -> str:
    listed = ", ".join(map(text_literal, names))
    head = docstring(("The network `", graph.name, f"`, made by archdsl {__version__}."))
    return "\n".join([*head, "", f"from .network import {', '.join(names)}", "", f"__all__ = [{listed}]", ""])


def _test(name: str, kind: str) -> str:
    return (
        '"""The code is the network of its spec: to be run by pytest whenever it has been changed."""\n\n'
        f"from {name} import {kind}\n"
        f"from {name}.parity import differences\n\n\n"
        "def test_the_code_is_the_network_of_its_spec() -> None:\n"
        f"    assert differences({kind}()) == []\n"
    )


def _expected(graph: Graph) -> Mapping[str, Any]:
    """What the spec's network has and computes."""
    found = parity.described(build(graph, init=False), {name: _input(graph, name) for name in graph.inputs})
    numbers = [number for each in found["outputs"].values() for number in each["numbers"]]
    if not all(map(math.isfinite, numbers)):
        raise PackagingError(f"`{graph.name}` gives no finite numbers for the weights that its test would be made with")
    return found


def _input(graph: Graph, name: str) -> dict[str, Any]:
    node = graph.inputs[name]
    assert isinstance(node.op, InputOp)
    shape = [evaluate(dim, graph.sample_sizes) for dim in node.op.shape]
    return {"shape": shape, "dtype": node.op.dtype, "below": node.op.drawn_below}
