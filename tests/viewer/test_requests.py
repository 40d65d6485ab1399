"""Requests that no browser makes: each is refused or dropped, nothing is printed, and the next one is answered."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from archdsl.viewer import server as server_module
from archdsl.viewer.server import Server
from archdsl.viewer.watching import Watched

SPEC = "archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {relu: relu}\n"


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    spec = folder / "net.yaml"
    spec.write_text(SPEC, "utf-8")
    watched = Watched(str(spec), {}, {})
    with Server(watched, 0) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        watched.stop()
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all these tests: whatever it was asked before, it answers."""
    with running_server(tmp_path_factory.mktemp("viewer")) as running:
        yield running


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_port), timeout=20)


def say(server: Server, data: bytes) -> bytes:
    """What is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client:
        answer = b""
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(65536):
                answer += part
        except OSError:  # the server has closed before it had all
            return answer
    return answer


def still_answers(server: Server, capfd: pytest.CaptureFixture[str]) -> bool:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", "/")
    answered = connection.getresponse()
    return answered.status == 200 and b"<html" in answered.read() and "".join(capfd.readouterr()) == ""


HOST = b"Host: 127.0.0.1:%d\r\n"
REQUESTS: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "a newline": (b"\r\n\r\n", b""),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    "one word": (b"GET\r\n\r\n", b"400"),
    "a version of 1991": (b"GET /\r\n\r\n", b"421"),
    "a version of tomorrow": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", b"505"),
    "half a request": (b"GET / HTTP/1.1\r\nHost: 127", b"421"),
    "an open bracket": (b"GET http://[ HTTP/1.1\r\n" + HOST + b"\r\n", b"400"),
    "a long line": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"414"),
    "a long header": (b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000 + b"\r\n\r\n", b"431"),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n", b"431"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"421"),
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", b"421"),
    "odd bytes": (b"GET / HTTP/1.1\r\nHost: \xff\xfe\x00\r\n\r\n", b"421"),
    "another origin": (b"GET /events HTTP/1.1\r\n" + HOST + b"Origin: http://evil.example\r\n\r\n", b"421"),
    "no origin": (b"GET / HTTP/1.1\r\n" + HOST + b"Origin: null\r\n\r\n", b"421"),
    "its own origin": (b"GET / HTTP/1.1\r\n" + HOST + b"Origin: http://localhost:%d\r\n\r\n", b"200"),
    "an address that is none": (b"GET //[ HTTP/1.1\r\n" + HOST + b"\r\n", b"404"),
    "upwards": (b"GET /../../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", b"404"),
    "upwards, hidden": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n".replace(b"%", b"%%") + HOST + b"\r\n", b"404"),
    "another address": (b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", b"200"),
    "HEAD": (b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n", b"501"),
    "POST": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\nabc", b"501"),
    "CONNECT": (b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", b"501"),
    "a method that is none": (b"__init__ / HTTP/1.1\r\n" + HOST + b"\r\n", b"501"),
}
UNREAD = {"a long line", "a long header", "many headers", "POST"}
"""The server may have closed, with what it has not read, before its answer is taken."""


@pytest.mark.parametrize("kind", REQUESTS)
def test_an_odd_request_is_refused(server: Server, capfd: pytest.CaptureFixture[str], kind: str) -> None:
    data, status = REQUESTS[kind]
    data = data.replace(b"%d", b"%d" % server.server_port).replace(b"%%", b"%")
    answer = say(server, data)
    if answer or kind not in UNREAD:
        assert status in answer.partition(b"\r\n")[0] and bool(answer) == bool(status)
    assert b"root:" not in answer
    assert still_answers(server, capfd)


@pytest.mark.parametrize("version", ["9" * 10_000, "-1", "1e9", "%D9%A3", "", "%ff", "1&version=2&" * 1000])
def test_versions_that_are_none(
    server: Server, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(server_module, "HEARTBEAT", 0.2)
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest("GET", f"/events?version={version}".encode().decode("latin-1"))
    connection.endheaders()
    answered = connection.getresponse()
    assert answered.status == 200 and answered.readline().startswith((b"id: 1", b":"))
    connection.close()
    assert still_answers(server, capfd)


def test_random_bytes(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(3)
    for _ in range(100):
        say(server, chance.randbytes(chance.randrange(300)) + b"\r\n\r\n")
    assert still_answers(server, capfd)


@pytest.mark.parametrize("path", [b"/", b"/events?version=0"])
def test_a_client_that_goes_before_it_has_all(server: Server, capfd: pytest.CaptureFixture[str], path: bytes) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as client:
            client.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (path, server.server_port))
            # Goes with a reset, not with a farewell.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert still_answers(server, capfd)


def test_clients_that_say_nothing(
    server: Server, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module._Handler, "timeout", 0.3)
    silent = [socket.create_connection(("127.0.0.1", server.server_port), timeout=20) for _ in range(50)]
    silent[0].sendall(b"GET / HT")
    assert still_answers(server, capfd)
    assert [client.recv(1) for client in silent] == [b""] * 50, "they are not waited for"
    for client in silent:
        client.close()
    assert still_answers(server, capfd)


def test_a_client_that_says_it_byte_by_byte(
    server: Server, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module._Handler, "patience", 0.5)
    with connected(server) as client:
        client.settimeout(0.05)
        for _ in range(400):
            try:
                client.sendall(b"G")
                if client.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("it was waited for")
    assert still_answers(server, capfd)


def test_connections_and_streams_are_bounded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MOST", 8)
    with running_server(tmp_path) as server:
        request = b"GET /events?version=0 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % server.server_port
        streams = [connected(server) for _ in range(4)]
        for stream in streams:
            stream.sendall(request)
            assert stream.recv(15) == b"HTTP/1.0 200 OK"
        assert b" 503 " in say(server, request).partition(b"\r\n")[0], "half of the places are for the page"
        assert still_answers(server, capfd)
        silent = [connected(server) for _ in range(4)]
        while len(server._asking) < len(silent):
            time.sleep(0.01)
        before = threading.active_count()
        page = request.replace(b"events?version=0", b"")
        assert not any(b" 200 " in say(server, page) for _ in range(20)), "there is no place left"
        assert threading.active_count() <= before
        for client in silent:
            client.close()
        until = time.monotonic() + 20
        while time.monotonic() < until and b" 200 " not in say(server, page):
            time.sleep(0.05)
        assert still_answers(server, capfd)
        for stream in streams:
            stream.close()
