"""Exported programs from files: as the module that was exported, and nothing that a stranger put into one ever runs."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.export import Dim

import archdsl
from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of, spec_of_program
from tests.cli.tiny import Cli
from tests.thorough import examples


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, 5)
        self.register_buffer("table", torch.arange(8.0), persistent=False)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        y = self.body(image)
        half = y.unflatten(2, (2, image.shape[2] // 2)).mean((1, 2))
        return {"classes": self.head(y.mean((2, 3)) + self.table), "half": half}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("programs") / "net.pt2"
    sizes = {"image": {0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO}}
    program = torch.export.export(Net().eval(), (torch.randn(2, 3, 16, 12),), dynamic_shapes=sizes, strict=False)
    torch.export.save(program, file)
    return file


class Trap:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def changed(whole: Path, file: Path, change: Callable[[str, bytes], bytes | None], **more: bytes) -> Path:
    """The archive with other contents; None leaves a member out."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(file, "w") as new:
        for info in old.infolist():
            if (content := change(info.filename, old.read(info))) is not None:
                new.writestr(info.filename, content)
        for name, content in more.items():
            new.writestr(name, content)
    return file


def put(whole: Path, file: Path, part: str, content: bytes | None) -> Path:
    return changed(whole, file, lambda name, old: content if part in name else old)


def with_model(whole: Path, file: Path, change: Callable[[Any], object]) -> Path:
    def edit(name: str, content: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return content
        data = json.loads(content)
        change(data)
        return json.dumps(data).encode()

    return changed(whole, file, edit)


def test_it_is_the_spec_of_the_module(whole: Path) -> None:
    module = Net().eval()
    assert spec_of_program(whole) == spec_of(module, [torch.randn(2, 3, 16, 12)], "net")
    graph = archdsl.graph(whole)
    assert [*graph.outputs] == ["classes", "half"]
    assert "H // 2" in str(graph.outputs["half"].type)
    built = archdsl.build(graph)
    built.load_state_dict(module.state_dict())


def test_the_commands_take_it(whole: Path, archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert archdsl_cli("import", str(whole), "-o", "net.yaml")[0] == 0
    assert archdsl.graph("net.yaml").parameters == 3 * 9 * 8 + 8 + 16 + 45
    assert archdsl_cli("draw", str(whole), "-o", "net.dot")[0] == 0
    assert archdsl_cli("diff", "net.yaml", str(whole))[0] == 0
    code, _, error = archdsl_cli("summary", str(whole), "--input", "2,3")
    assert code == 2 and "was exported already" in error


@pytest.mark.parametrize("place", ["sample_inputs/model.pt", "weights/weight_0", "constants/tensor_0", "extra/more"])
def test_a_pickle_in_any_member_is_left_alone(whole: Path, tmp_path: Path, place: str) -> None:
    trapped = tmp_path / "trapped"
    content = pickle.dumps(Trap(trapped))

    def change(name: str, old: bytes) -> bytes:
        return (content + bytes(len(old)))[: max(len(old), len(content))] if name.endswith(place) else old

    changed(whole, tmp_path / "net.pt2", change, **{f"net/data/{place}x": content})
    assert "conv2d" in spec_of_program(tmp_path / "net.pt2")
    assert not trapped.exists()


@pytest.mark.parametrize("kind", ["weights", "constants"])
def test_a_tensor_that_is_a_pickle_is_refused(whole: Path, tmp_path: Path, kind: str) -> None:
    trapped = tmp_path / "trapped"

    def change(name: str, old: bytes) -> bytes:
        if not name.endswith(f"{kind}_config.json"):
            return pickle.dumps(Trap(trapped)) if f"data/{kind}/" in name else old
        data = json.loads(old)
        for each in data["config"].values():
            each["use_pickle"] = True
        return json.dumps(data).encode()

    changed(whole, tmp_path / "net.pt2", change)
    with pytest.raises(ModuleError, match="as a pickle or an object of code, and only numbers are read"):
        spec_of_program(tmp_path / "net.pt2")
    assert not trapped.exists()


def set_target(target: str) -> Callable[[Any], object]:
    return lambda data: data["graph_module"]["graph"]["nodes"][0].update(target=target)


@pytest.mark.parametrize(
    "target",
    ["torch.hub.load", "torch.ops.load_library", "torch.load", "_operator.__class__", "torch.ops.mine.kernel.default",
     "math.__loader__", "os.system", "#archdsl:x", "torch.ops.aten.__class__.x", "torch.sym_int.__globals__", "",
     "a\x1b[2J"],
)  # fmt: skip
def test_what_it_calls_is_torchs_own(whole: Path, tmp_path: Path, target: str) -> None:
    file = with_model(whole, tmp_path / "net.pt2", set_target(target))
    with pytest.raises(ModuleError, match="only torch's own operations are read") as error:
        spec_of_program(file)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "size",
    ["__import__('pathlib').Path('trapped').touch()", "Symbol('s0').__class__", "s0.__class__", "exec('1')",
     "9**9**9**9", "Pow(Integer(9), Pow(Integer(9), Integer(9999999)))",
     "Pow(Pow(Pow(Pow(s1, Integer(99)), Integer(99)), Integer(99)), Integer(99))", f"Integer({'9' * 3000})",
     "Symbol('s0', a=exec)", "(lambda: 1)()", "[1]", "", "factorial(Integer(9999))"],
)  # fmt: skip
def test_a_size_is_arithmetic(whole: Path, tmp_path: Path, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def change(data: Any) -> None:
        def walk(part: Any) -> None:
            if isinstance(part, dict):
                part.update(dict.fromkeys(part.keys() & {"expr_str"}, size))
                for each in part.values():
                    walk(each)
            elif isinstance(part, list):
                for each in part:
                    walk(each)

        walk(data)

    file = with_model(whole, tmp_path / "net.pt2", change)
    with pytest.raises(ModuleError, match="which is no arithmetic on sizes"):
        spec_of_program(file)
    assert not (tmp_path / "trapped").exists()


def test_nothing_is_imported_for_the_structure_of_outputs(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "a_trap_for_specs.py").write_text("raise SystemExit('imported')")
    context = {"default_factory_module": "a_trap_for_specs", "default_factory_name": "x", "dict_context": [["a", "b"]]}
    leaf = {"type": None, "context": None, "children_spec": []}
    spec = [1, {"type": "collections.defaultdict", "context": json.dumps(context), "children_spec": [leaf, leaf]}]

    def change(data: Any) -> None:
        for each in data["graph_module"]["module_call_graph"]:
            if each["signature"] is not None:
                each["signature"]["out_spec"] = json.dumps(spec)

    assert "output_0" in spec_of_program(with_model(whole, tmp_path / "net.pt2", change))


def test_code_beside_the_graph_is_left_alone(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = "__import__('pathlib').Path('trapped').touch()"

    def change(data: Any) -> None:
        data["guards_code"] = [told]
        data["verifiers"] = ["a_trap_for_specs"]
        for node in data["graph_module"]["graph"]["nodes"]:
            node["metadata"] |= {"source_fn_stack": f"x,{told}", "custom": told, "from_node": told, "torch_fn": told}

    assert spec_of_program(with_model(whole, tmp_path / "net.pt2", change)) == spec_of_program(whole)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda whole, file: file.write_bytes(b"no archive"), "`net.pt2` "),
        (lambda whole, file: file.write_bytes(whole.read_bytes()[:5000]), "`net.pt2` "),
        (lambda whole, file: torch.save({"a": torch.zeros(3)}, file), "is no exported program"),
        (lambda whole, file: put(whole, file, "models/", None), "holds 0 programs"),
        (lambda whole, file: with_model(whole, file, lambda data: data.clear()), "it has no graph"),
        (lambda whole, file: with_model(whole, file, lambda data: data["graph_module"].pop("graph")), "is no program"),
        (lambda whole, file: put(whole, file, "models/", b"[" * 10**6), "no JSON"),
        (lambda whole, file: put(whole, file, "weight_0", b"abc"), "ends before its tensors do"),
        (lambda whole, file: put(whole, file, "weight_0", None), "lacks a tensor"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_in_a_line(
    whole: Path, tmp_path: Path, make: Callable[[Path, Path], object], told: str
) -> None:
    make(whole, tmp_path / "net.pt2")
    with pytest.raises(ModuleError) as error:
        spec_of_program(tmp_path / "net.pt2")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(OSError, match="nowhere"):
        spec_of_program("nowhere.pt2")


def test_a_tensor_has_no_more_numbers_than_the_file(whole: Path, tmp_path: Path) -> None:
    """A step of 0 would make as many of them as are asked for, of one."""

    def change(name: str, old: bytes) -> bytes:
        if not name.endswith("weights_config.json"):
            return old
        data = json.loads(old)
        data["config"]["head.bias"]["tensor_meta"] |= {"sizes": [{"as_int": 10**12}], "strides": [{"as_int": 0}]}
        return json.dumps(data).encode()

    with pytest.raises(ModuleError, match=r"^`net\.pt2` is damaged: it ends before its tensors do$"):
        spec_of_program(changed(whole, tmp_path / "net.pt2", change))


ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 10**30, 1e308, "", "a" * 5000, "../x", "__import__('os')", [], {}, [[]], {"as_int": -5},
    {"as_none": True}, {"as_tensor": {"name": "none"}}, "torch.ops.aten.add.Tensor", "_operator.mul", "\x00\x1b[31m",
)  # fmt: skip


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_program_with_anything_anywhere_is_one_or_is_told_in_a_line(whole: Path, random: Random) -> None:
    def change(name: str, old: bytes) -> bytes:
        return json.dumps(with_odd(json.loads(old), random)).encode() if name.endswith(".json") else old

    with TemporaryDirectory() as folder:
        try:
            archdsl.loads(spec_of_program(changed(whole, Path(folder) / "net.pt2", change), holes=True))
        except ModuleError as error:
            assert all(len(line) < 2000 for line in str(error).splitlines())
        except archdsl.SpecError:
            pass


def with_odd(data: Any, random: Random) -> Any:
    """The data with something else at one to three places."""
    for _ in range(random.randint(1, 3)):
        if not (found := [*places(data)]):
            break
        holder, key = random.choice(found)
        if random.random() < 0.2 and isinstance(holder, dict):
            holder.pop(key, None)
        else:
            holder[key] = random.choice(ODD)
    return data


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from places(data[key])
