"""The values of arguments: texts of the command line, read or refused with what was expected."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from archdsl.limits import MAX_INT64, MAX_TRIALS, SEED, SEEDS

if TYPE_CHECKING:
    from archdsl.ir.modules import Example

_MANY: Final = 10**30
"""More than any number that means something here."""
KEY: Final = r"[^\W\d]\w*(?:\.[\w-]+)*"
_RANGE: Final = r"range\(((?:\s*-?\d{1,18}\s*,){0,2}\s*-?\d{1,18}\s*)\)"
_SIZE: Final = r"(?P<name>(?:\w+\.)?[A-Z]\w*)=(?P<size>\d+)"
_DTYPES: Final = ("float32", "int64", "bool")
"""Of inputs to trace with."""


def change(text: str) -> tuple[str, str, Any]:
    """`key=value` or `H=256`, after the name of the option that would set it for both."""
    return ("sizes", *size(text)) if re.fullmatch(_SIZE, text) else ("params", *param(text))


def param(text: str) -> tuple[str, Any]:
    """`key=value`, the value read as a spec file would read it."""
    from archdsl.document.loader import load

    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(KEY, key):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, found `{text}`")
    data, _, diagnostics = load(f"{key}: {value}\n", "-p")
    if diagnostics:
        raise argparse.ArgumentTypeError(f"cannot read `{value}`: {diagnostics[0].message}")
    if not isinstance(data, dict) or list(data) != [key]:
        raise argparse.ArgumentTypeError(f"expected one value, found `{value}`")
    return key, data[key]


def values(text: str) -> tuple[str, list[Any]]:
    """`key=value,value`, or `key=range(2, 6)`, which ends before its end as Python's does."""
    key, equals, value = text.partition("=")
    if (counted := re.fullmatch(_RANGE, value)) is None:
        return param(f"{key}{equals}[{value}]" if equals else text)
    ends = [int(number) for number in counted[1].split(",")]
    if ends[2:] == [0]:
        raise argparse.ArgumentTypeError(f"`{value}` has steps of 0")
    numbers = range(*ends)
    if len(numbers) > MAX_TRIALS:
        raise argparse.ArgumentTypeError(f"`{value}` has more than {MAX_TRIALS:,} values")
    return param(f"{key}=[]")[0], [*numbers]


def outputs(text: str) -> list[str] | dict[str, str]:
    """`layer2,layer4.1`, or `c3=layer2,c4=layer3`."""
    parts = [part.partition("=") for part in text.split(",")]
    named = [bool(equals) for _, equals, _ in parts]
    twice = next((name for name, *_ in parts if [each[0] for each in parts].count(name) > 1), None)
    if twice is not None:
        raise argparse.ArgumentTypeError(f"the output `{twice}` is named twice")
    if any(named) != all(named):
        raise argparse.ArgumentTypeError(f"expected a name for every output or for none, found `{text}`")
    return {name: path for name, _, path in parts} if all(named) else [path for path, *_ in parts]


def indices(text: str) -> list[int]:
    """`1,2` or `-1`."""
    if not re.fullmatch(r"-?\d{1,9}(,-?\d{1,9})*", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"expected numbers such as 1,2,3 or -1, found `{text}`")
    return [int(number) for number in text.split(",")]


def settings(file: str) -> Iterable[tuple[str, Any]]:
    """The parameters that a file sets. Raises Failure for one that is no YAML mapping from names to values."""
    from archdsl.cli.sharing import Failure
    from archdsl.document.files import read_text
    from archdsl.document.loader import load

    text, wrong = read_text(Path(file))
    if text is None:
        assert wrong is not None
        raise Failure(wrong.message)
    data, _, diagnostics = load(text, file)
    if diagnostics and (span := diagnostics[0].span) is not None:
        raise Failure(f"`{file}`, line {span.line}: {diagnostics[0].message}")
    if not isinstance(data, dict) or not all(re.fullmatch(KEY, key) for key in data):
        raise Failure(f"`{file}` holds no parameters: expected lines of `KEY: VALUE`, as `num_classes: 10`")
    return data.items()


def names(text: str) -> tuple[str, ...]:
    """`N,H,W`; nothing is no name."""
    return tuple(name for name in text.split(",") if name)


def tensor(text: str) -> Example:
    """`2,3,224,224` or `int64:2,128`."""
    from archdsl.ir.modules import Example

    dtype, colon, sizes = text.rpartition(":")
    numbers = tuple(number(size) for size in sizes.split(",") if size.isdecimal())
    whole = len(numbers) == sizes.count(",") + 1 and all(1 <= each <= MAX_INT64 for each in numbers)
    if (colon and dtype not in _DTYPES) or not whole:
        raise argparse.ArgumentTypeError(f"expected 2,3,224,224 or int64:2,128, found `{text}`")
    return Example(dtype or _DTYPES[0], numbers)


def size(text: str) -> tuple[str, int]:
    """`H=256` or `x.H=256`."""
    match = re.fullmatch(_SIZE, text)
    if match is None or (size := number(match["size"])) < 1:
        raise argparse.ArgumentTypeError(f"expected H=256 or x.H=256, found `{text}`")
    return match["name"], size


def port(text: str) -> int:
    if not text.isdecimal() or (port := number(text)) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port, a whole number up to 65535, found `{text}`")
    return port


def depth(text: str) -> int:
    if not text.isdecimal() or not 1 <= (depth := number(text)) <= MAX_INT64:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found `{text}`")
    return depth


def seed(text: str) -> int:
    digits = text.removeprefix("-")
    seed = number(digits) * (1 if digits == text else -1) if digits.isdecimal() else _MANY
    if seed not in SEEDS:
        raise argparse.ArgumentTypeError(f"expected {SEED}, found `{text}`")
    return seed


def number(digits: str) -> int:
    """The number that digits say, or one too large for anything: Python reads no number of thousands of them."""
    return int(digits) if len(digits) <= len(str(_MANY)) else _MANY
