"""Weights by address, from a server on this machine: what is fetched, kept, checked and refused."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import hub

import archdsl
from archdsl.cli import commands as cli
from archdsl_torch.weights import fetching
from archdsl_torch.weights.fetching import fetched
from tests.compiler.weights.support import State, published

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Site:
    """What the server answers, and what it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = ""


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *rest: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            path = self.path.partition("?")[0]
            site.asked.append(f"{self.command} {path}")
            if path.startswith("/to/"):
                self.send_response(302)
                self.send_header(
                    "Location", {"here": f"{site.url}/net.pth", "away": "http://192.0.2.1/net.pth"}[path[4:]]
                )
                self.end_headers()
                return
            if path == "/slow.pth":
                time.sleep(1)
            content = site.files.get(path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            if path != "/endless.pth":
                self.send_header("Content-Length", str(len(content) * (1 + (path == "/short.pth"))))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if body:
                with suppress(ConnectionError):  # who asked may have heard enough
                    self.wfile.write(content)

    return Handler


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    before = hub.get_dir()
    hub.set_dir(tmp_path / "cache")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # this machine is asked without one
    yield made
    hub.set_dir(before)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def state(net: Path, site: Site) -> State:
    state = published(net)
    torch.save(state, "net.pth")
    site.files["/net.pth"] = Path("net.pth").read_bytes()
    return state


def stated(site: Site) -> str:
    """A name that says the hash, and the file under it."""
    name = f"net-{hashlib.sha256(site.files['/net.pth']).hexdigest()[:8]}.pth"
    site.files[f"/{name}"] = site.files["/net.pth"]
    return name


def test_a_network_is_built_with_weights_from_an_address(net: Path, site: Site, state: State) -> None:
    module = archdsl.build(net, weights=f"{site.url}/net.pth?download=1")
    assert torch.equal(module.get_parameter("fc.weight"), state["fc.weight"])
    report = archdsl.load_weights(net, module, f"{site.url}/net.pth?download=1")
    assert report.file == "net.pth" and site.asked == ["GET /net.pth"]  # once: then it is there


def test_two_addresses_with_one_name_are_two_files(site: Site, state: State) -> None:
    site.files["/other/net.pth"] = b"other"
    assert fetched(f"{site.url}/net.pth") != fetched(f"{site.url}/other/net.pth")


def test_a_name_with_its_hash_is_shared_with_torch(site: Site, state: State, tmp_path: Path) -> None:
    name = stated(site)
    kept = fetched(f"{site.url}/{name}")
    assert kept == tmp_path / "cache" / "checkpoints" / name
    asked = len(site.asked)
    loaded = hub.load_state_dict_from_url(f"{site.url}/{name}", check_hash=True, progress=False)
    assert loaded.keys() == state.keys() and len(site.asked) == asked


def test_another_hash_is_refused_and_nothing_is_kept(site: Site, state: State, tmp_path: Path) -> None:
    site.files["/net-00000000.pth"] = b"other"
    with pytest.raises(archdsl.WeightsError, match=r"net-00000000\.pth` is not what its name says: its SHA-256 begins"):
        fetched(f"{site.url}/net-00000000.pth")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_redirect_stays_where_one_may_ask(site: Site, state: State) -> None:
    assert fetched(f"{site.url}/to/here").read_bytes() == site.files["/net.pth"]
    with pytest.raises(archdsl.WeightsError, match=r"`http://192\.0\.2\.1/net\.pth`: weights come over https alone"):
        fetched(f"{site.url}/to/away")
    with pytest.raises(archdsl.WeightsError, match="over https alone"):  # as from a server elsewhere
        fetching._checked(site.url, home=False)


def test_transfer_and_prefix_take_an_address_too(net: Path, site: Site, state: State) -> None:
    report = archdsl.transfer(f"{site.url}/net.pth", net, num_classes=2)
    assert (report.weights, report.before) == ("net.pth", "net")
    Path("outer.yaml").write_text("archdsl: 1\ninputs: {x: [N, 3, 8, 8]}\nnodes: {body: {op: spec.net}}\n")
    loaded = archdsl.load_weights("outer.yaml", archdsl.build("outer.yaml"), f"{site.url}/net.pth", prefix="body")
    assert loaded.prefix == "body" and loaded.missing == ()


def test_a_spec_asks_for_nothing(net: Path, site: Site, state: State) -> None:
    Path("outer.yaml").write_text(
        "archdsl: 1\ninputs: {x: [N, 3, 8, 8]}\nnodes: {body: {op: spec.net}}\n"
        f"weights: {{files: {{body: '{site.url}/net.pth'}}}}\n"
    )
    with pytest.raises(archdsl.SpecError, match="is an address, and a spec names files of this machine alone"):
        archdsl.build("outer.yaml")
    assert cli.run(["check", "outer.yaml"]) == 1 and site.asked == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate")
def test_https_is_asked_with_the_certificates_that_this_machine_trusts(
    site: Site, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(["openssl", *made.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(site))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *rest: None  # type: ignore[method-assign]  # who asks may leave
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"https://localhost:{server.server_port}/net.pth"
    try:
        with pytest.raises(archdsl.WeightsError, match=r"does not answer: .*certificate"):
            fetched(address)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetched(address).read_bytes() == site.files["/net.pth"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("{url}/nothing.pth", "`{url}/nothing.pth` gives no file: HTTP 404, not found"),
        ("{url}/", "`{url}/` names no file: its path ends in none"),
        ("{url}/short.pth", "`{url}/short.pth` broke off after 3 of 6 bytes: try again"),
        ("{url}/slow.pth", "`{url}/slow.pth` does not answer: timed out"),
        ("http://127.0.0.1:1/net.pth", "`http://127.0.0.1:1/net.pth` does not answer: connection refused"),
        ("http://example.com/a.pth", "`http://example.com/a.pth`: weights come over https alone, or over http from "),
        ("ftp://127.0.0.1/a.pth", "`ftp://127.0.0.1/a.pth`: weights come over https alone, or over http from "),
        ("file:///etc/passwd", "`file://…` is no address of a file that anybody may read"),
        ("https://me:secret@host/a.pth", "`https://…` is no address of a file that anybody may read"),
        ("https://host:port/a.pth", "`https://host:port/a.pth` is no address"),
        ("https://host/a\x1b[2J.pth", r"'https://host/a\x1b[2J.pth' is no address"),
        ("hub:net.pth", "'hub:net.pth' names no file of the hub: expected `hub:owner/name/file`"),
        ("hub:a//b", "'hub:a//b' names no file of the hub: expected `hub:owner/name/file`"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line(
    net: Path,
    site: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    message: str,
) -> None:
    site.files |= {"/short.pth": b"abc", "/slow.pth": b"abc"}
    monkeypatch.setattr(fetching, "PATIENCE", 0.2)
    assert cli.run(["build", "net.yaml", "--weights", address.format(url=site.url)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"archdsl: {message.format(url=site.url)}") and error.count("\n") == 1
    assert not Path("build").exists()


def test_an_address_as_a_path_is_told(net: Path) -> None:
    with pytest.raises(archdsl.WeightsError, match=r"`https:/host/a\.pth` was an address: give it as text"):
        archdsl.build(net, weights=Path("https://host/a.pth"))


@pytest.mark.parametrize("name", ["big.pth", "endless.pth"])
def test_more_than_the_disk_has_room_for(site: Site, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    site.files[f"/{name}"] = b"x" * 100
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(archdsl.WeightsError, match="the disk has room for"):
        fetched(f"{site.url}/{name}")


def test_a_cache_that_cannot_be_written(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site.files["/net.pth"] = b"x"
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        fetched(f"{site.url}/net.pth")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_disk_that_fills_up_meanwhile_is_named(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/net.pth"] = b"x" * 5_000_000
    before = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *mode: before(Path("/dev/full"), "wb"))
    with pytest.raises(OSError, match="No space left on device") as caught:
        fetched(f"{site.url}/net.pth")
    assert str(caught.value.filename).endswith("net.pth")


# --- the hub --------------------------------------------------------------------------------------


@pytest.fixture
def asking(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The hub's package, which asks the server here."""
    from huggingface_hub import constants

    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, site.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", site.url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.delenv("http_proxy")
    return site


def test_weights_from_the_hub(net: Path, asking: Site, state: State) -> None:
    asking.files["/someone/nets/resolve/main/small/net.pth"] = asking.files["/net.pth"]
    module = archdsl.build(net, weights="hub:someone/nets/small/net.pth")
    assert torch.equal(module.get_parameter("fc.weight"), state["fc.weight"])
    assert "GET /someone/nets/resolve/main/small/net.pth" in asking.asked


def test_what_the_hub_does_not_have(asking: Site) -> None:
    with pytest.raises(archdsl.WeightsError, match=r"^`hub:someone/nets/net\.pth` cannot be had: [^\n]+$"):
        fetched("hub:someone/nets/net.pth")


def test_where_the_hub_does_not_answer(asking: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(archdsl.WeightsError, match=r"^`hub:someone/nets/net\.pth` cannot be had: [^\n]+$"):
        fetched("hub:someone/nets/net.pth")


def test_without_the_hub_s_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(archdsl.WeightsError, match=re.escape("`pip install huggingface_hub` brings it")):
        fetched("hub:someone/nets/net.pth")


def test_what_the_hub_says_on_the_way_is_not_seen(
    net: Path, asking: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def asks_again(*_: object, **__: object) -> None:
        logging.getLogger("huggingface_hub.utils").warning("Retrying in 8s")
        raise OSError("no such\nhost")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", asks_again)
    level = logging.getLogger("huggingface_hub").level
    with pytest.raises(archdsl.WeightsError, match=r"^`hub:a/b/c` cannot be had: no such$"):
        fetched("hub:a/b/c")
    assert not caplog.records and logging.getLogger("huggingface_hub").level == level
