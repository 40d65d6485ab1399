"""Weights that the caller names by an address: fetched once, and kept where torch or the hub's own package keep them.

Only the caller's word starts a download: what a spec names is a path, which never comes here. Over the net goes https
alone; http goes to this machine itself. A file whose name has its hash, `net-0123abcd.pth`, is kept where `torch.hub`
has it, and shared with it; another under a folder of its address, since many publishers call theirs `model.pth`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any, BinaryIO, Final
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from torch import hub

from archdsl.ir.weights import WeightsError
from archdsl.version import __version__

PATIENCE: Final = 30.0
"""Seconds after which a server that sends nothing is given up."""
HUB: Final = "hub:"
_ADDRESS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_HASH: Final = re.compile(r"-([a-f0-9]{8,64})\.")
"""In a file's name: the start of its SHA-256, as torch has it."""
_ONCE: Final = 1 << 20
_LONGEST: Final = 200


def fetched(file: str | os.PathLike[str]) -> Path:
    """The file that a path or an address means, fetched if it is not there yet.

    Raises WeightsError where an address is none of https, where it gives nothing, and where a package is missing that
    knows the hub; OSError where what is fetched cannot be kept.
    """
    if isinstance(file, str) and file.startswith(HUB):
        return _from_hub(file)
    if isinstance(file, str) and _ADDRESS.match(file):
        return _from_web(file)
    path = Path(file)
    if path.parts[:1] in (("https:",), ("http:",), ("hub:",)):
        raise WeightsError(f"`{path}` was an address: give it as text, since a `Path` joins its slashes")
    return path


def _from_web(address: str) -> Path:
    place = _checked(address)
    name = os.path.basename(place.path)
    if not name or not name.isprintable() or len(name) > _LONGEST or name in (".", ".."):
        raise WeightsError(f"`{address}` names no file: its path ends in none")
    stated = _HASH.search(name)
    folder = Path(hub.get_dir()) / "checkpoints"
    if stated is None:
        folder = folder / "archdsl" / hashlib.sha256(address.encode()).hexdigest()[:16]
    target = folder / name
    if not target.exists():
        _download(address, target, stated[1] if stated is not None else "")
    return target


def _checked(address: str, *, home: bool = True) -> SplitResult:
    """The parts of an address that may be asked: https, or on this machine (where that is `home`) http."""
    if not address.isprintable() or " " in address:
        raise WeightsError(f"{address[:_LONGEST]!a} is no address")
    try:
        place = urlsplit(address)
        host, _ = place.hostname, place.port
    except ValueError:
        raise WeightsError(f"`{address}` is no address") from None
    if host is None or place.username is not None:
        raise WeightsError(f"`{place.scheme}://…` is no address of a file that anybody may read")
    if place.scheme == "https" or (place.scheme == "http" and home and _is_here(host)):
        return place
    raise WeightsError(f"`{address}`: weights come over https alone, or over http from this machine itself")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Redirects(HTTPRedirectHandler):
    """Follows to where one may ask: from elsewhere never to this machine, nor out of https."""

    def __init__(self, home: bool) -> None:
        self._home = home

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> Any:
        _checked(newurl, home=self._home)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(address: str, target: Path, stated: str) -> None:
    """Writes what an address gives, whole and with the hash that is `stated`, or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{secrets.token_hex(8)}.part")
    digest = hashlib.sha256()
    try:
        with _told(address), _opened(address) as answer, partial.open("xb") as stream:
            for piece in _pieces(address, answer, shutil.disk_usage(target.parent).free):
                digest.update(piece)
                _keep(piece, stream, target)
        if not digest.hexdigest().startswith(stated):
            found = digest.hexdigest()[: len(stated)]
            raise WeightsError(f"`{address}` is not what its name says: its SHA-256 begins with {found}, not {stated}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _keep(piece: bytes, stream: BinaryIO, target: Path) -> None:
    """Writes a piece. An error names the file that it is for."""
    try:
        stream.write(piece)
    except OSError as error:
        error.filename = str(target)
        raise


def _opened(address: str) -> Any:
    home = _is_here(urlsplit(address).hostname or "")
    handlers = [_Redirects(home), *([ProxyHandler({})] if home else [])]
    request = Request(address, headers={"User-Agent": f"archdsl/{__version__}"})
    return build_opener(*handlers).open(request, timeout=PATIENCE)


def _pieces(address: str, answer: Any, room: int) -> Iterator[bytes]:
    """What is sent, as long as there is room for it; all that was promised."""
    promised = answer.headers.get("Content-Length")
    size = int(promised) if promised is not None and promised.isdecimal() else None
    if size is not None and size > room:
        raise WeightsError(f"`{address}` has {size:,} bytes, and the disk has room for {room:,}")
    done = 0
    while piece := answer.read(_ONCE):
        done += len(piece)
        if done > room:
            raise WeightsError(f"`{address}` has no end that the disk has room for: {room:,} bytes")
        yield piece
    if size is not None and done < size:
        raise WeightsError(f"`{address}` broke off after {done:,} of {size:,} bytes: try again")


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Tells in a line what went wrong on the way."""
    try:
        yield
    except HTTPError as error:
        error.close()
        raise WeightsError(f"`{address}` gives no file: HTTP {error.code}, {error.reason.lower()}") from None
    except URLError as error:
        raise WeightsError(f"`{address}` does not answer: {_reason(error.reason)}") from None
    except (OSError, HTTPException) as error:
        if getattr(error, "filename", None) is not None:  # a file of this machine
            raise
        raise WeightsError(f"`{address}` does not answer: {_reason(error)}") from None


def _reason(error: object) -> str:
    """The reason without its number."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return said.splitlines()[0].lower()


# --- the hub --------------------------------------------------------------------------------------


def _from_hub(address: str) -> Path:
    """`hub:owner/name/file`, or of the oldest repositories `hub:name/file`, by the hub's own package and its cache."""
    steps = address.removeprefix(HUB).split("/")
    split = 2 if len(steps) > 2 else 1
    repository, file = "/".join(steps[:split]), "/".join(steps[split:])
    if not all(steps) or not file or not address.isprintable():
        raise WeightsError(f"{address[:_LONGEST]!a} names no file of the hub: expected `hub:owner/name/file`")
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise WeightsError(
            f"`{address}` is on the hub, and the package for it is missing; `pip install huggingface_hub` brings it"
        ) from None
    try:
        with _silent("huggingface_hub"):
            return Path(hf_hub_download(repository, file, etag_timeout=PATIENCE))
    except Exception as error:  # the package and what it asks with have dozens of classes, which differ by release
        raise WeightsError(f"`{address}` cannot be had: {_reason(error)}") from None


@contextmanager
def _silent(package: str) -> Iterator[None]:
    """What a package warns of on the way, as that it asks again, is said at the end."""
    logger = logging.getLogger(package)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
