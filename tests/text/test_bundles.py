"""A spec in the metadata of a safetensors file: what is read of a stranger's, and what is refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from archdsl.faults.code import Code
from archdsl.text.bundles import KEY, MAX_HEADER, Bundle, BundleError, inside, named_in, opened, text_in

BUNDLE = Bundle("net.yaml", {"net.yaml": "a: é\n", "lib/b.yaml": "b"}, {"net.yaml": {"b": "lib/b.yaml"}}, {"n": 3}, {})


def written(file: Path, metadata: Any, header: bytes | None = None) -> Path:
    """A safetensors file without tensors."""
    made = header if header is not None else json.dumps({"__metadata__": metadata}).encode()
    file.write_bytes(struct.pack("<Q", len(made)) + made)
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


def test_a_bundle_is_read_back(file: Path) -> None:
    written(file, {KEY: BUNDLE.text(), "format": "pt"})
    assert opened(file) == BUNDLE
    assert inside(file) is None and inside(file / "lib" / "b.yaml") == (file, "lib/b.yaml")
    assert named_in(file / "net.yaml", "b") == file / "lib/b.yaml"
    assert named_in(file / "lib/b.yaml", "b") is None and named_in(file / "net.yaml", "../net.yaml") is None
    assert text_in(file, "net.yaml") == "a: é\n" and text_in(file, "../net.safetensors") is None


def test_a_folder_of_that_name_is_no_bundle(file: Path) -> None:
    file.mkdir()
    assert inside(file / "net.yaml") is None


def test_a_file_that_is_written_again_is_read_again(file: Path) -> None:
    written(file, {KEY: BUNDLE.text()})
    assert opened(file).params == {"n": 3}
    written(file, {KEY: BUNDLE._replace(params={"n": 4, "m": 5}).text()})
    assert opened(file).params == {"n": 4, "m": 5}


def changed(**parts: Any) -> dict[str, str]:
    return {KEY: json.dumps({**json.loads(BUNDLE.text()), **parts})}


DAMAGED = "has a spec that is damaged: its files do not belong together"
WRONG: dict[str, tuple[Any, str]] = {
    "no spec": ({"format": "pt"}, "holds weights, and no spec beside them"),
    "no metadata": (None, "holds weights, and no spec beside them"),
    "no text": ({KEY: 3}, "holds weights, and no spec beside them"),
    "no JSON": ({KEY: "archdsl: 1"}, "is no safetensors file, or damaged: its header is no JSON object"),
    "too deep": ({KEY: "[" * 100_000}, "is no safetensors file, or damaged: its header is no JSON object"),
    "newer": (changed(version=2), "has a spec of another format than 1, which this archdsl reads"),
    "no main": (changed(main="other.yaml"), DAMAGED),
    "main is a list": (changed(main=["net.yaml"]), DAMAGED),
    "texts are numbers": (changed(texts={"net.yaml": 1}), DAMAGED),
    "names lead out": (changed(names={"net.yaml": {"b": "/etc/passwd"}}), DAMAGED),
    "names are a list": (changed(names=[]), DAMAGED),
    "a name is a list": (changed(names={"net.yaml": {"b": ["lib/b.yaml"]}}), DAMAGED),
    "params are a list": (changed(params=[]), DAMAGED),
    "an absolute file": (changed(texts={"net.yaml": "", "/etc/passwd": ""}, names={}), DAMAGED),
    "a file above": (changed(texts={"net.yaml": "", "a/../../b": ""}, names={}), DAMAGED),
    "a file that does not show": (changed(texts={"net.yaml": "", "a\x1b[2J": ""}, names={}), DAMAGED),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_bundle(file: Path, case: str) -> None:
    metadata, message = WRONG[case]
    with pytest.raises(BundleError) as caught:
        opened(written(file, metadata))
    assert str(caught.value) == message
    assert (caught.value.code is Code.NOT_A_SPEC) == ("no spec" in message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no safetensors file, or damaged: it ends before its header does"),
        (b"\x10\0\0\0\0\0\0\0{}", "is no safetensors file, or damaged: it ends before its header does"),
        (b"\xff" * 100, "is no safetensors file, or damaged: it ends before its header does"),
        (b"\x02\0\0\0\0\0\0\0[]", "is no safetensors file, or damaged: its header is no JSON object"),
        (b"\x02\0\0\0\0\0\0\0\xff\xfe", "is no safetensors file, or damaged: its header is no JSON object"),
    ],
)
def test_what_is_no_safetensors_file(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        opened(file)
    assert str(caught.value) == message


def test_a_header_that_is_too_long_is_not_read(file: Path) -> None:
    written(file, None, b"[" * (MAX_HEADER + 1))
    with pytest.raises(BundleError, match="has a header of 4,000,001 bytes, and at most 4,000,000 are read"):
        opened(file)


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read: no such file or directory"):
        opened(file)
