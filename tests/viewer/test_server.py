"""The server of `archdsl view`, without a browser: who is answered, with what, and when it changes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from archdsl.viewer.server import Server
from tests.viewer.packed import content_of

Cli = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]
SPEC = """\
archdsl: 1
name: net
extends: base
params: {width: 8}
nodes:
  conv: {op: conv2d, out_channels: width, kernel_size: 3}
  relu: relu
"""
BASE = "archdsl: 1\nname: base\ninputs: {x: [N, 3, 32, 32]}\nnodes: {pool: max_pool2d(kernel_size=2)}\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE, "utf-8")
    path = tmp_path / "net.yaml"
    path.write_text(SPEC, "utf-8")
    return path


def ask(server: Server, path: str, **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def event(stream: HTTPResponse) -> dict[str, Any]:
    """The next event that is not a heartbeat."""
    found: dict[str, Any] = {}
    while line := stream.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            found[name] = value
        elif line == "\n" and found:
            return {**found, "data": json.loads(found["data"])}
    raise AssertionError("the stream ended")


def test_the_page_is_served_with_its_policy(serve: Callable[..., Server], spec: Path) -> None:
    server = serve(spec)
    answer = ask(server, "/")
    text = answer.read().decode()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert content_of(text)["version"] == 1


@pytest.mark.parametrize("path", ["/net.yaml", "/../net.yaml", "/favicon.ico", "/events/", "//etc/passwd"])
def test_nothing_else_is_served(serve: Callable[..., Server], spec: Path, path: str) -> None:
    answer = ask(serve(spec), path)
    assert answer.status == 404
    assert b"the page is at /, and a module at /#/its/path" in answer.read()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1.evil.example:{port}", ""]
)
def test_another_host_is_refused(serve: Callable[..., Server], spec: Path, host: str) -> None:
    server = serve(spec)
    for path in ("/", "/events"):
        assert ask(server, path, Host=host.format(port=server.server_port)).status == 421
    assert ask(server, "/", Host=f"localhost:{server.server_port}").status == 200


def test_no_other_machine_is_answered(serve: Callable[..., Server], spec: Path) -> None:
    server = serve(spec)
    assert server.socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(OSError), socket.socket() as elsewhere:
        elsewhere.settimeout(5)
        elsewhere.connect(("127.0.0.2", server.server_port))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_is_taken(serve: Callable[..., Server], spec: Path, method: str) -> None:
    server = serve(spec)
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, "/", body=b"x")
    assert connection.getresponse().status == 501


def save(file: Path, text: str) -> None:
    """Writes a file at once: a reader that looks in between would see an empty one, and the server would tell of it."""
    beside = file.parent.with_name(f"{file.parent.name}.saved")
    beside.write_text(text, "utf-8")
    beside.replace(file)


def test_the_stream_tells_what_is_saved_broken_and_mended(serve: Callable[..., Server], spec: Path) -> None:
    stream = ask(serve(spec), "/events?version=1")
    assert stream.headers["Content-Type"] == "text/event-stream"
    save(spec, SPEC + "  fc: flatten\n")
    saved = event(stream)
    assert (saved["event"], saved["id"]) == ("network", "2")
    root = saved["data"]["modules"][saved["data"]["root"]]
    assert [name for name, _ in root["children"]] == ["conv", "relu", "fc"]
    save(spec, SPEC.replace("relu: relu", "relu: rellu"))
    broken = event(stream)
    assert broken["event"] == "diagnostics"
    assert (
        "error[unknown-op]" in broken["data"] and "did you mean `relu`?" in broken["data"] and "^^^^^" in broken["data"]
    )
    save(spec, SPEC)
    assert event(stream)["event"] == "network"


def test_files_that_the_spec_names_are_watched(serve: Callable[..., Server], spec: Path) -> None:
    stream = ask(serve(spec), "/events?version=1")
    base = spec.with_name("base.yaml")
    base.write_text(BASE.replace("32, 32", "64, 64"), "utf-8")
    saved = event(stream)
    assert ["N×3×64×64", "1×3×64×64", "float32"] in saved["data"]["types"]
    base.unlink()
    assert "no file `base`" in event(stream)["data"]
    base.write_text(BASE, "utf-8")
    assert event(stream)["event"] == "network"


def test_a_page_that_missed_something_is_told_at_once(serve: Callable[..., Server], spec: Path) -> None:
    server = serve(spec)
    assert event(ask(server, "/events?version=0"))["id"] == "1"
    assert event(ask(server, "/events?version=1", **{"Last-Event-ID": "0"}))["event"] == "network"


def test_a_broken_spec_is_served_with_what_is_wrong(serve: Callable[..., Server], spec: Path) -> None:
    spec.write_text("archdsl: 1\nnodes: {\n", "utf-8")
    server = serve(spec)
    assert content_of(ask(server, "/").read().decode())["diagnostics"].startswith("error[")
    stream = ask(server, "/events?version=1")
    spec.write_text(SPEC, "utf-8")
    assert event(stream)["data"]["name"] == "net"


def test_parameters_are_kept(serve: Callable[..., Server], spec: Path) -> None:
    server = serve(spec, width=16)
    network = server.watched.state.network
    assert network is not None
    assert ["N×16×30×30", "1×16×30×30", "float32"] in network["types"]


def test_a_taken_port_is_a_mistake_of_the_call(archdsl_cli: Cli, spec: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, said = archdsl_cli("view", spec, "--no-browser", "--port", port)
    assert code == 2
    assert said.splitlines()[-1] == f"archdsl: port {port} cannot be had: address already in use"


def test_a_spec_that_is_not_there_is_a_mistake_of_the_call(archdsl_cli: Cli) -> None:
    code, _, said = archdsl_cli("view", "no_such_network", "--no-browser")
    assert code == 2
    assert "no file `no_such_network`" in said


def test_a_path_that_is_no_spec_is_told_with_what_there_is(archdsl_cli: Cli, spec: Path) -> None:
    code, _, said = archdsl_cli("view", spec.with_name("nte.yaml"), "--no-browser")
    assert code == 2
    assert f"did you mean `{spec}`?" in said
    code, _, said = archdsl_cli("view", spec.parent, "--no-browser")
    assert code == 2
    assert f"`{spec.parent}` is a folder" in said and "`base.yaml`" in said.replace(f"{spec.parent}/", "")


def _heed_interrupts() -> None:
    """In a process that a shell started in the background interrupts are ignored, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C")
def test_the_command_serves_until_ctrl_c(spec: Path) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    command = [sys.executable, "-m", "archdsl", "view", str(spec), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        preexec_fn=_heed_interrupts,  # noqa: PLW1509
    ) as running:  # fmt: skip
        try:
            assert running.stdout is not None and running.stderr is not None
            line = running.stdout.readline()
            port = int(line.split("http://127.0.0.1:")[1].split("/")[0])
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            running.send_signal(signal.SIGINT)
            assert running.wait(20) == 0
            assert set(running.stderr.read().splitlines()) <= {"drawing …"}
        finally:
            running.kill()
