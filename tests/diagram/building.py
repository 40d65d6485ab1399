"""Builds small graphs by hand."""

from __future__ import annotations

from typing import Any

from archdsl.graph import Env, Graph, Mode, Node, Scope, ScopeKind, Value
from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl.ops.special import Formula, InputOp
from archdsl.shapes import symbol

N = symbol("N")


class Builder:
    """A graph under construction: nodes are added in running order, by path."""

    def __init__(self, name: str = "net") -> None:
        self.env = Env({})
        self.root = Scope("", "", None, None, self.env, kind=ScopeKind.NETWORK)
        self.inputs: dict[str, Node] = {}
        self.nodes: list[Node] = []
        self.name = name

    def input(self, *shape: int, name: str = "x", dtype: str = "float32") -> Value:
        op = InputOp(shape=(N, *shape), dtype=dtype)
        node = Node(name, name, None, None, self.env, op=op, inputs=(), types=(op.infer(),))
        self.inputs[name] = node
        return Value(node, 0, node.types[0])

    def scope(self, path: str, block: str | None = None, **arguments: Any) -> Scope:
        """The scope at a path; containers above it come into being."""
        parent_path, _, name = path.rpartition(".")
        parent = self.scope(parent_path) if parent_path else self.root
        found = parent.children.get(name)
        if isinstance(found, Scope):
            return found
        kind = ScopeKind.BLOCK if block else ScopeKind.CONTAINER
        made = Scope(name, path, parent, None, self.env, kind=kind, block=block, arguments=arguments)
        parent.children[name] = made
        return made

    def add(self, path: str, op: str, *inputs: Value | None, when: Mode | None = None, **fields: Any) -> Value:
        return self.put(path, OPS[op].model_validate(fields), *inputs, when=when)

    def plus(self, path: str, *inputs: Value, sign: str = "+") -> Value:
        from archdsl.expressions import Binary, Name

        tree: Any = Name("0")
        for i in range(1, len(inputs)):
            tree = Binary(sign, tree, Name(str(i)))
        return self.put(path, Formula(expression=tree), *inputs)

    def put(self, path: str, op: Op, *inputs: Value | None, when: Mode | None = None) -> Value:
        parent_path, _, name = path.rpartition(".")
        parent = self.scope(parent_path) if parent_path else self.root
        types = tuple(value.type if value is not None else None for value in inputs)
        made = op.infer(*types)
        node = Node(
            name, path, parent, None, self.env, op=op, inputs=inputs, when=when,
            types=made if isinstance(made, tuple) else (made,),
            tensors=op.tensors(*types), macs=op.macs(*types),
        )  # fmt: skip
        parent.children[name] = node
        self.nodes.append(node)
        return Value(node, 0, node.types[0])

    def graph(self, *outputs: Value, **named: Value) -> Graph:
        results = {**({"output": outputs[0]} if outputs else {}), **named}
        return Graph(
            name=self.name, summary="", reference="", root=self.root, inputs=self.inputs, nodes=self.nodes,
            outputs=results, output_modes={}, sample_sizes={"N": 1}, params={}, file="net.yaml",
        )  # fmt: skip


def conv(builder: Builder, path: str, x: Value, channels: int, kernel: int = 3, stride: int = 1) -> Value:
    """A convolution that keeps the size but for its stride, a norm and an activation."""
    x = builder.add(
        f"{path}.conv", "conv2d", x, out_channels=channels, kernel_size=kernel, stride=stride,
        padding=kernel // 2, bias=False,
    )  # fmt: skip
    return builder.add(f"{path}.relu", "relu", builder.add(f"{path}.norm", "batch_norm2d", x))


def bottleneck(builder: Builder, path: str, x: Value, planes: int, stride: int = 1) -> Value:
    """A residual block that widens to four times its planes."""
    builder.scope(path, "bottleneck", planes=planes, stride=stride)
    y = conv(builder, f"{path}.a", x, planes, 1)
    y = conv(builder, f"{path}.b", y, planes, 3, stride)
    y = conv(builder, f"{path}.c", y, 4 * planes, 1)
    if stride > 1 or x.type.shape[1] != 4 * planes:
        x = conv(builder, f"{path}.downsample", x, 4 * planes, 1, stride)
    return builder.add(f"{path}.relu", "relu", builder.plus(f"{path}.add", y, x))


def residual_network(layers: tuple[int, ...] = (3, 4, 6, 3)) -> Graph:
    """A residual network of bottlenecks for 224×224 images."""
    b = Builder("residual")
    x = conv(b, "stem", b.input(3, 224, 224), 64, 7, 2)
    x = b.add("maxpool", "max_pool2d", x, kernel_size=3, stride=2, padding=1)
    for i, count in enumerate(layers):
        for k in range(count):
            x = bottleneck(b, f"layer{i + 1}.{k}", x, 64 * 2**i, 2 if i and not k else 1)
    x = b.add("avgpool", "adaptive_avg_pool2d", x, output_size=1)
    x = b.add("flatten", "flatten", x)
    return b.graph(b.add("fc", "linear", x, out_features=1000))
