"""A network's class as a package: whole, importable with torch alone, clean, and its test fails when it is changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from archdsl.ir.packages import PackagingError
from archdsl.text.writing import write_files
from archdsl_torch.packaging.package import package
from tests.cli.tiny import Cli

NET = """archdsl: 1
name: net
params: {width: 8, num_classes: 3}
inputs:
  x: [N, 3, H = 12, W = 12]
  tokens: {shape: [N, T = 5], dtype: int64, below: 7}
blocks:
  unit:
    params: {channels: int, stride: 1}
    nodes:
      conv: {op: conv2d, out_channels: channels, kernel_size: 3, stride: stride, padding: 1, bias: false}
      bn: batch_norm2d
      act: {op: leaky_relu, negative_slope: 0.1}
nodes:
  first: {op: unit, from: x, channels: width}
  second: {op: unit, channels: 2 * width, stride: 2}
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  flat: flatten
  words: {op: embedding, from: tokens, num_embeddings: 7, embedding_dim: 2 * width}
  mean: {op: mean, dim: 1}
  both: = flat + mean
  aux: {op: linear, from: both, out_features: 2, when: training}
  head: {op: linear, from: both, out_features: num_classes}
outputs: {logits: head, aux: aux, features: both}
"""
FILES = ["__init__.py", "network.py", "parity.json", "parity.py", "py.typed", "test_parity.py"]


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which finds torch and pytest, but not archdsl."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={"PATH": ""})


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    hidden = "import sys; sys.modules['archdsl'] = sys.modules['archdsl_torch'] = None; "
    code = f"{hidden}import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '.']))"
    return run(sys.executable, "-B", "-c", code, folder=folder)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "net"
    write_files(package(archdsl.loads(NET), folder))
    return folder


def test_a_package_has_its_class_its_types_and_its_test(written: Path) -> None:
    assert sorted(each.name for each in written.iterdir()) == FILES
    assert '__all__ = ["Net", "Outputs"]' in (written / "__init__.py").read_text()
    source = (written / "network.py").read_text()
    assert "    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:" in source
    assert "self: typing.Any, x: torch.Tensor, tokens: torch.Tensor\n    ) -> Outputs | tuple[" in source
    unannotated = [line for line in source.splitlines() if line.lstrip().startswith("def ") and ") -> " not in line]
    assert not [line for line in unannotated if line.endswith(":")]


def test_names_stand_in_the_order_that_ruff_asks_for(tmp_path: Path) -> None:
    files = package(archdsl.loads(NET.replace("name: net", "name: segments")), tmp_path / "segments")
    text = next(str(content) for path, content in files.items() if path.name == "__init__.py")
    assert "from .network import Outputs, Segments" in text
    assert '__all__ = ["Outputs", "Segments"]' in text


def test_its_test_passes_where_there_is_no_archdsl(written: Path) -> None:
    done = checked(written)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("stride=stride", "stride=1"),
        pytest.param("negative_slope=0.1", "negative_slope=0.01", marks=pytest.mark.slow),
        pytest.param("nn.AdaptiveAvgPool2d", "nn.AdaptiveMaxPool2d", marks=pytest.mark.slow),
        pytest.param("bias=False", "bias=True", marks=pytest.mark.slow),
        pytest.param("features=both", "features=head", marks=pytest.mark.slow),
        pytest.param(".mean(dim=1)", ".mean(dim=1) * 1.001", marks=pytest.mark.slow),
        pytest.param("nn.Embedding(7, 16)", "nn.Embedding(9, 16)", marks=pytest.mark.slow),
        pytest.param("self.head = ", "self.top = self.head = ", marks=pytest.mark.slow),
    ],
)
def test_its_test_fails_when_the_code_is_changed(written: Path, tmp_path: Path, before: str, after: str) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    for file in FILES:
        (folder / file).write_bytes((written / file).read_bytes())
    source = (folder / "network.py").read_text()
    if before not in source:
        pytest.fail(f"{before} is not in\n{source}")
    (folder / "network.py").write_text(source.replace(before, after))
    done = checked(folder)
    assert done.returncode == 1, done.stdout + done.stderr


def test_ruff_has_nothing_to_say(written: Path) -> None:
    done = run(str(Path(sys.executable).with_name("ruff")), "check", "--isolated", "--no-cache", ".", folder=written)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def sources(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package's modules, and with the source of networks of several sorts."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "net").mkdir()
    for file in written.iterdir():
        (folder / "net" / file.name).write_bytes(file.read_bytes())
    for name in ("deeplabv3_resnet50", "mamba_130m", "bilstm_tagger", "ddpm_cifar10", "detr_resnet50"):
        (folder / f"{name}.py").write_text(archdsl_source(name))
    return folder


@pytest.mark.slow
def test_mypy_has_nothing_to_say(sources: Path, tmp_path: Path) -> None:
    files = ["net", *(each.name for each in sources.glob("*.py"))]
    mypy = [sys.executable, "-m", "mypy", "--config-file", "", "--cache-dir", str(tmp_path / "cache")]
    done = run(*mypy, *files, folder=sources)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_has_nothing_to_say(sources: Path) -> None:
    pyright = shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed; CI does it by `npm install`")
    (sources / "pyrightconfig.json").write_text('{"typeCheckingMode": "basic"}')
    command = [pyright, "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors, 0 warnings" in done.stdout


def archdsl_source(name: str) -> str:
    from archdsl_torch import source

    return source(archdsl.graph(name), annotated=True)


@pytest.mark.parametrize("name", ["resnet-20", "1net", "class", "match", "nét", "net.py"])
def test_a_folder_that_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        PackagingError, match=r"^`.*` is no name of a package: expected letters, digits and `_`, and no"
    ):
        package(archdsl.loads(NET), tmp_path / name)


@pytest.mark.parametrize("name", ["torch", "json", "numpy", "archdsl", "pytest"])
def test_a_folder_of_the_name_of_another_package(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        PackagingError, match=rf"^`{name}` is a package already, and one of the two would hide the other"
    ):
        package(archdsl.loads(NET), tmp_path / name)


def test_the_command_writes_all_or_nothing(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, err = archdsl_cli("source", tiny, "--package", "made/tiny_net")
    assert (code, out) == (0, "")
    assert err.splitlines()[-6:] == [f"wrote made/tiny_net/{file}" for file in (
        "__init__.py", "network.py", "parity.py", "parity.json", "test_parity.py", "py.typed"
    )]  # fmt: skip
    for folder, message in (
        ("made/tiny_net", "`made/tiny_net` is not empty: name a folder that is new"),
        ("tiny.yaml/net", "not a directory"),
        ("torch", "`torch` is a package already"),
    ):
        code, out, err = archdsl_cli("source", tiny, "--package", folder)
        assert (code, out, message in err) == (2, "", True), err
    assert sorted(each.name for each in tiny.parent.iterdir()) == ["made", "tiny.yaml"]
    assert archdsl_cli("source", tiny, "--package", "x", "-o", "y")[0] == 2


def test_texts_of_a_stranger_stay_texts(tmp_path: Path) -> None:
    summary = json.dumps("é\\\"\"\" ''' # {x}")
    graph = archdsl.loads(NET.replace("name: net", f"name: net\nsummary: {summary}"))
    files = package(graph, tmp_path / "net")
    for path, content in files.items():
        if path.suffix == ".py":
            compile(content, path.name, "exec")
