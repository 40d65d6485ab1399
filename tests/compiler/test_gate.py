"""What may be run: printed sources, and no other text."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import nn

import archdsl
from archdsl.ir.graph import Graph
from archdsl_torch import runtime
from archdsl_torch.gate import SourceError, checked
from tests.compiler.networks import NETWORKS

HEAD = "import torch\nfrom torch import nn\n\n\n"
METHOD = "class Net(nn.Module):\n    def forward(self, x):\n        {}\n        return x\n"


@pytest.mark.parametrize("name", NETWORKS)
def test_printed_sources_pass(network: Callable[[str], Graph], name: str) -> None:
    text = archdsl.source(network(name))
    assert compile(checked(text), "printed", "exec").co_names


LEVELS = """
archdsl: 1
name: net
inputs: {x: [N, 8]}
nodes:
  levels.0.first: {op: linear, out_features: 8}
  levels.0.second: [{op: linear, out_features: 8}, relu]
  levels.1.first: {op: linear, from: levels.0.first, out_features: 8}
  ways:
    nodes:
      1.first: {op: linear, out_features: 8}
      0.first: {op: linear, out_features: 8}
      1.second: [{op: linear, from: 1.first, out_features: 8}, relu]
      out: {op: cat, dim: 1, from: [0.first, 1.second]}
  out: {op: cat, dim: 1, from: [levels.0.second, ways, levels.1.first]}
"""


@pytest.mark.parametrize("child", ["self.levels[0].second(", 'getattr(self, "1").second('])
def test_a_child_of_a_numbered_child_is_called(child: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(LEVELS)
    text = archdsl.source(str(spec))
    assert child in text
    assert checked(text)


@pytest.mark.parametrize(
    "statement",
    [
        "x = __import__('os')",
        "x = open('f')",
        "open('f', 'w').write('x')",
        "eval('1')",
        "exec('1')",
        "compile('1', '', 'exec')",
        "print(x)",
        "x = globals()",
        "x = vars(self)",
        "x = breakpoint",
        "import os",
        "from os import system",
        "x = x.__class__",
        "x = x.__class__.__base__.__subclasses__()",
        "self.__init__()",
        "x = getattr(x, '__class__')",
        "x = getattr(x, y)",
        "x = self.levels[x].run(x)",
        "x = x.levels[0].run(x)",
        "x = self.levels[0].__init__(x)",
        "x = getattr(x, '1').run(x)",
        "x = getattr(self, '__class__').run(x)",
        "x = getattr(torch, 'load')",
        "x = getattr(x, '_backward_hooks')",
        "setattr(self, 'a', x)",
        "x = torch.load('f')",
        "torch.save(x, 'f')",
        "torch.hub.load('a', 'b')",
        "torch.os.system('ls')",
        "torch.serialization.os.system('ls')",
        "torch.utils.cpp_extension.load_inline('a', 'b')",
        "torch._C._jit_clear_class_registry()",
        "torch.jit.load('f')",
        "torch.ops.load_library('f')",
        "nn.init.torch.load('f')",
        "nn.modules.module.os.system('ls')",
        "F.torch.load('f')",
        "F.importlib.import_module('os')",
        "F._canonical_mask(x)",
        "nn.init.uniform(x)",
        "nn.init._no_grad_fill_(x, 1)",
        "nn.init.math_(x)",
        "F.Tensor(x)",
        "nn.functional",
        "x = nn.init",
        "_pytree.tree_map(x, x)",
        "math.factorial(x)",
        "super(x).__init__()",
        "x.load_state_dict.__init__()",
        "x = getattr(x, 'a', x)",
        "x = getattr(x, name='a')",
        "x = hasattr(x, '_a')",
        "x = getattr(x, 1)",
        "__x = x",
        "y = torch; y.load('f')",
        "y = torch.jit; y.load('f')",
        "x.numpy().tofile('f')",
        "'{0.__class__}'.format(x)",
        "'a'.format_map(x)",
        "f = lambda: 0",
        "del x",
        "raise x",
        "assert x",
        "global x",
        "while x: pass",
        "with x: pass",
        "with parametrize.cached() as y: pass",
        "try: pass\n        except x: pass",
        "x = yield",
        "x = await x",
        "x = {1, 2}",
        "x = {a: 1 for a in x}",
        "x = (y := 1)",
        "x = x @ x",
        "x = x << 1",
        "match x:\n            case 1: pass",
        "def inner(): pass",
        "class Inner: pass",
        "x = unknown",
        "x = (lambda: x)()",
    ],
)
def test_what_printed_code_never_does_is_refused(statement: str) -> None:
    checked(HEAD + METHOD.format("y = x"))
    with pytest.raises(SourceError):
        checked(HEAD + METHOD.format(statement.replace("pass", "x")))


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "import torch.os",
        "import os as math",
        "import torch as nn, os",
        "from os import *",
        "from torch import hub",
        "from . import x",
        "x = 1",
        "torch.load('f')",
        "print()",
        "if 1: pass",
        "for x in []: pass",
        "def f(x=open('f')): pass",
        "def f(x: open('f')): pass",
        "def f() -> open('f'): pass",
        "@open\ndef f(): pass",
        "@zip\ndef f(): pass",
        "@torch.no_grad(1)\ndef f(): pass",
        "def f(__x): pass",
        "def f(*, x=open('f')): pass",
        "def f(x, /, y: open('f')): pass",
        "_pytree._register_namedtuple(Outputs)",
        "_pytree._register_namedtuple(Outputs, Outputs, serialized_type_name='a')",
        "_pytree._register_namedtuple(Outputs, type_name='a')",
        "_pytree._register_namedtuple(Outputs, serialized_type_name=1)",
        "async def f(): pass",
        "def __getattr__(name): pass",
        "class A(metaclass=B): pass",
        "class A(open('f')): pass",
        "@open\nclass A: pass",
        "class A:\n    x = 1",
        "class A:\n    x: open('f')",
        "class A:\n    B[0]: int",
        "class A:\n    open('f')",
        "class A:\n    def __del__(self): pass",
        "class __A: pass",
        "_pytree._register_namedtuple(Outputs, serialized_type_name=open('f'))",
        "_pytree._register_namedtuple(Outputs, serialized_type_name='a', more=1)",
        "_pytree.register_pytree_node(Outputs, serialized_type_name='a')",
        "_pytree._register_namedtuple(open('f'), serialized_type_name='a')",
        "1 +",
        "\0",
        "(" * 300,
        "-" * 100_000 + "1",
    ],
)
def test_nothing_else_stands_in_a_file(text: str) -> None:
    head = "import torch\nfrom torch import nn\nfrom torch.utils import _pytree\nclass Outputs: pass\nclass B: pass\n"
    with pytest.raises(SourceError):
        checked(head.replace(": pass", ':\n    """x"""') + text.replace("pass", '"""x"""') + "\n")


def test_the_rest_of_such_a_file_passes() -> None:
    checked(
        'from torch.utils import _pytree\nclass Outputs:\n    """x"""\n'
        "_pytree._register_namedtuple(Outputs, serialized_type_name='a')\n"
    )


def test_a_refused_text_is_not_run(tmp_path: Path) -> None:
    target = tmp_path / "ran"
    with pytest.raises(SourceError, match="line 1 of the source has"):
        runtime.load(f"open({str(target)!r}, 'w')", "net")
    assert not target.exists()


def test_a_pickle_brings_no_code(network: Callable[[str], Graph], tmp_path: Path) -> None:
    """The source in a pickle is looked at, too; `torch.load` and `pickle` warn of everything else in one."""
    target = tmp_path / "ran"
    module = archdsl.build(network("residual"))
    restore, (text, name, cls), _ = module.__reduce_ex__(4)
    assert isinstance(pickle.loads(pickle.dumps(module)), nn.Module)
    with pytest.raises(SourceError):
        restore(text + f"\nopen({str(target)!r}, 'w')\n", name, cls)
    assert not target.exists()
