"""Builds small graphs by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.expressions.tree import Literal
from archdsl.ir.graph import Env, Graph, Mode, Node, Scan, Scope, ScopeKind, Value
from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl.ops.special import Constant, Formula, InputOp, ScanCarry, ScanLast, ScanSlice, ScanStack
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
        from archdsl.expressions.tree import Binary, Name

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


def u_network() -> Graph:
    """An encoder and a decoder joined by skips."""
    b = Builder("u")
    x = _double(b, "enter", b.input(3, 256, 256), 64)
    kept = [x]
    for i in range(4):
        b.scope(f"down{i + 1}", "down", out=128 * 2**i)
        x = _double(b, f"down{i + 1}.conv", b.add(f"down{i + 1}.pool", "max_pool2d", x, kernel_size=2), 128 * 2**i)
        kept.append(x)
    kept.pop()
    for i in range(4):
        path, channels = f"up{i + 1}", 512 // 2**i
        b.scope(path, "up", out=channels)
        x = b.add(f"{path}.up", "conv_transpose2d", x, out_channels=channels, kernel_size=2, stride=2)
        x = _double(b, f"{path}.conv", b.add(f"{path}.cat", "cat", kept.pop(), x, dim=1), channels)
    return b.graph(b.add("leave", "conv2d", x, out_channels=2, kernel_size=1))


def _double(builder: Builder, path: str, x: Value, channels: int) -> Value:
    builder.scope(path, "double_conv", out=channels)
    return conv(builder, f"{path}.1", conv(builder, f"{path}.0", x, channels), channels)


def two_streams() -> Graph:
    """An encoder whose result every block of a decoder reads."""
    b = Builder("streams")
    source, target = (
        b.add(
            f"{name}_embed", "embedding", b.input(128, name=name, dtype="int64"), num_embeddings=100, embedding_dim=64
        )
        for name in ("source", "target")
    )
    for i in range(6):
        source = _attend(b, f"encoder.{i}", source, source)
    for i in range(6):
        target = _attend(b, f"decoder.{i}", target, source)
    return b.graph(b.add("head", "linear", target, out_features=100))


def _attend(builder: Builder, path: str, x: Value, memory: Value) -> Value:
    builder.scope(path, f"{path.partition('.')[0]}_layer")
    y = builder.add(f"{path}.attention", "multihead_attention", x, memory, memory, num_heads=8)
    y = builder.add(f"{path}.norm", "layer_norm", builder.plus(f"{path}.add", x, y))
    builder.scope(f"{path}.mlp", "mlp")
    hidden = builder.add(f"{path}.mlp.1", "relu", builder.add(f"{path}.mlp.0", "linear", y, out_features=256))
    return builder.plus(f"{path}.add2", y, builder.add(f"{path}.mlp.2", "linear", hidden, out_features=64))


def alternating(count: int) -> Graph:
    """Blocks that alternate between two values of a parameter."""
    b = Builder("alternating")
    x = b.add("stem", "linear", b.input(7, 32), out_features=32)
    for i in range(count):
        b.scope(f"layers.{i}", "mixer", shift=3 * (i % 2), rate=0.1 * i)
        y = b.add(f"layers.{i}.roll", "roll", x, shifts=[3 * (i % 2)], dims=[1])
        y = b.add(f"layers.{i}.linear", "linear", y, out_features=32)
        x = b.plus(f"layers.{i}.add", x, b.add(f"layers.{i}.drop", "dropout", y, p=0.1 * i))
    return b.graph(x)


def growing(count: int) -> Graph:
    """Blocks that each add channels."""
    b = Builder("growing")
    x = b.input(16, 32, 32)
    for i in range(count):
        b.scope(f"layers.{i}", "dense_layer")
        y = conv(b, f"layers.{i}.a", x, 32, 1)
        x = b.add(f"layers.{i}.cat", "cat", x, conv(b, f"layers.{i}.b", y, 8), dim=1)
    return b.graph(x)


def with_head_in_training() -> Graph:
    """A second output that exists in training only."""
    b = Builder("heads")
    x = bottleneck(b, "body", b.input(16, 8, 8), 8)
    aux = b.add("aux", "conv2d", x, out_channels=2, kernel_size=1, when=Mode.TRAINING)
    graph = b.graph(main=b.add("main", "conv2d", x, out_channels=4, kernel_size=1), aux=aux)
    graph.output_modes["aux"] = Mode.TRAINING
    return graph


def tangle(steps: Sequence[tuple[bool, int]]) -> Graph:
    """Any directed acyclic graph: each step is a convolution, or a sum with a value some steps back."""
    b = Builder("tangle")
    values = [b.input(4, 8, 8)]
    for i, (joins, back) in enumerate(steps):
        other = values[-1 - back % len(values)]
        if joins:
            values.append(b.plus(f"n{i}", values[-1], other))
        else:
            values.append(b.add(f"n{i}", "conv2d", other, out_channels=4, kernel_size=3, padding=1))
    return b.graph(values[-1])


def loop(b: Builder, path: str, x: Value, start: Value, *, reverse: bool = False) -> tuple[Value, Value]:
    """A loop over the 24 steps of `x` that passes on `h` and `c`; all its `h`, and the last `c`."""
    b.scope(path, "cell").scan = Scan(24, reverse)
    step = b.put(f"{path}.x[t]", ScanSlice(dim=1, reverse=reverse), x)
    h, c = (b.put(f"{path}.{name}[t]", ScanCarry(), start) for name in "hc")
    from_x = b.add(f"{path}.from_x", "linear", step, out_features=8)
    both = b.plus(f"{path}.sum", from_x, b.add(f"{path}.from_h", "linear", h, out_features=8))
    next_c = b.plus(f"{path}.next_c", both, c, sign="*")
    next_h = b.add(f"{path}.next_h", "tanh", next_c)
    collected = b.put(f"{path}.y[:]", ScanStack(dim=1, steps=24, reverse=reverse), next_h)
    b.put(f"{path}.h[-1]", ScanLast(), next_h, h)
    last = b.put(f"{path}.c[-1]", ScanLast(), next_c, c)
    scope = b.scope(path)
    scope.inputs, scope.outputs = {"x": x, "h": start, "c": start}, {"y": collected, "c": last}
    return collected, last


def two_loops() -> Graph:
    """Two recurrent layers, the second one backwards, and the sum of what they end with."""
    b = Builder("loops")
    x = b.input(24, 8)
    start = b.put("zeros", Constant(shape=(N, 8), value=Literal(0)))
    x, first = loop(b, "forth", x, start)
    x, second = loop(b, "back", x, start, reverse=True)
    stacked = b.add("ends", "stack", first, second)
    return b.graph(output=x, ends=stacked)


SMALL = {
    "residual": residual_network,
    "u": u_network,
    "streams": two_streams,
    "alternating": lambda: alternating(6),
    "growing": lambda: growing(5),
    "heads": with_head_in_training,
    "loops": two_loops,
}
