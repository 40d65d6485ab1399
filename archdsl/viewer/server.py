"""Serves one page to this machine alone, and tells it when the spec changes.

There are two addresses: the page, and its stream of events. Requests that name another host are refused:
a foreign site whose name was made to mean this machine could otherwise read the spec.
"""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from time import monotonic
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from archdsl.text.plain_text import to_json
from archdsl.viewer.content import Content
from archdsl.viewer.html import html, policy
from archdsl.viewer.watching import Showing, Watched

HOST: Final = "127.0.0.1"
HEARTBEAT: Final = 10.0
"""Seconds after which a silent stream says that it is there, which also finds out whether anybody listens."""
LONGEST_VERSION: Final = 20
"""The digits that the number of a version may have."""
MOST = 200
"""The connections that are served at once; half of them may be streams. Each has a thread."""


class Server(ThreadingHTTPServer):
    """Serves a watched spec until it is closed. Raises OSError where the port cannot be had; 0 is any free one."""

    daemon_threads = True
    request_queue_size = MOST  # the system lets those beyond it try again after a second
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers share a port

    def __init__(self, watched: Watched, port: int) -> None:
        self.watched = watched
        self.streams = threading.BoundedSemaphore(MOST // 2)
        self._asking: dict[Any, float] = {}
        """Until when each client must have said what it wants; those that have may stay."""
        self._places = threading.BoundedSemaphore(MOST)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OSError(error.errno, f"port {port} cannot be had: {reason}") from error

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serves a client in a thread of its own where there is a place, and sends it away where there is none."""
        if not self._places.acquire(blocking=False):
            with suppress(OSError):
                request.setblocking(False)
                request.send(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")
            self.shutdown_request(request)
            return
        self._asking[request] = monotonic() + _Handler.patience
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.has_asked(request)
            self._places.release()

    def has_asked(self, request: Any) -> None:
        """The client has said what it wants."""
        self._asking.pop(request, None)

    def service_actions(self) -> None:
        """Hangs up on those that take too long to say what they want, be it byte by byte."""
        now = monotonic()
        for request, until in [*self._asking.items()]:
            if until < now:
                self.has_asked(request)
                with suppress(OSError):
                    request.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a client that is gone or keeps silent, and a line of anything else."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            with suppress(OSError):
                print(f"archdsl: a request failed: {type(error).__name__}: {error}", file=sys.stderr)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    @property
    def hosts(self) -> tuple[str, str]:
        """What this server may be called."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def run(self, *, browser: bool) -> None:
        """Serves and watches until Ctrl-C; `browser` opens the page."""
        with suppress(KeyboardInterrupt), self._beside(self.watched.watch), self:
            if browser:
                # A browser in the terminal does not return before it is left.
                threading.Thread(target=webbrowser.open, args=(self.url,), daemon=True).start()
            self.serve_forever()

    @contextmanager
    def _beside(self, work: Callable[[], None]) -> Iterator[None]:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.watched.stop()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_version = "archdsl"
    sys_version = ""
    timeout = 20.0
    """Seconds that a client may keep silent, or take for what it is sent."""
    patience = 20.0
    """Seconds that it may take to say what it wants."""

    def do_GET(self) -> None:
        self._server.has_asked(self.request)
        try:
            address = urlsplit(self.path)
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        if not self._meant():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "this server answers to its own address alone")
        elif address.path == "/":
            self._page()
        elif address.path != "/events":
            self.send_error(HTTPStatus.NOT_FOUND, "the page is at /, and a module at /#/its/path")
        elif not self._server.streams.acquire(blocking=False):
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            try:
                self._events(self._seen(address.query))
            finally:
                self._server.streams.release()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what matters stands on the page."""

    def _meant(self) -> bool:
        """Whether the request is for this address, and from its own page where it says from which."""
        hosts, origins = self.headers.get_all("Host", []), self.headers.get_all("Origin", [])
        return (
            len(hosts) == 1
            and hosts[0] in self._server.hosts
            and all(origin.removeprefix("http://") in self._server.hosts for origin in origins)
        )

    @property
    def _server(self) -> Server:
        return cast(Server, self.server)

    def _page(self) -> None:
        data = html(_content(self._server.watched.state)).encode()
        self._begin("text/html; charset=utf-8", {"Content-Length": str(len(data))})
        self.wfile.write(data)

    def _begin(self, kind: str, headers: dict[str, str]) -> None:
        self.send_response(HTTPStatus.OK)
        usual = {
            "Content-Type": kind,
            "Content-Security-Policy": f"{policy(served=True)}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        for name, value in {**usual, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _seen(self, query: str) -> int:
        """The version that the page has: of its last event, or the one that it was made with."""
        said = self.headers.get("Last-Event-ID") or parse_qs(query).get("version", ["0"])[0]
        return int(said) if said.isdecimal() and len(said) < LONGEST_VERSION else 0

    def _events(self, seen: int) -> None:
        """Sends each state that the page has not seen, until either end is gone."""
        watched = self._server.watched
        self._begin("text/event-stream", {})
        try:
            while not watched.stopped:
                state = watched.after(seen, HEARTBEAT)
                self.wfile.write(_event(state) if state.version != seen else b": still here\n\n")
                self.wfile.flush()
                seen = state.version
        except OSError:
            return


def _content(state: Showing) -> Content:
    """What the page starts with."""
    return {"name": "archdsl", **(state.network or {}), "version": state.version, "diagnostics": state.wrong}


def _event(state: Showing) -> bytes:
    name, data = ("diagnostics", state.wrong) if state.wrong else ("network", state.network)
    text = to_json(data)
    return f"id: {state.version}\nevent: {name}\ndata: {text}\n\n".encode()
