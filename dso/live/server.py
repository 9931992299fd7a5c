"""A read-only web server for one page, on this machine only: GET, under a token that nobody can guess."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
IDLE_S = 10.0  # a connection that says nothing for so long is closed
STATE = "state.json"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

File = tuple[str, bytes]  # content type, content


class LiveServer:
    """Serves some files and one sample that changes, until it is closed.

    Parameters
    ----------
    files : by name; "" is the page.
    sample : what `state.json` holds, asked for at each request.
    """

    def __init__(self, files: Mapping[str, File], sample: Callable[[], Mapping[str, Any]]) -> None:
        self.token = secrets.token_urlsafe(18)
        self.last_number = -1  # of the samples that somebody has fetched
        self.fetched = threading.Event()
        self._files, self._sample = files, sample
        self._server = _Server((HOST, 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="dso-live", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{self.authority}/{self.token}/"

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{HOST}:{self._server.server_address[1]}"

    def content(self, path: str) -> File | None:
        """What lies at a path, None for a wrong token or name."""
        token, slash, name = path.partition("?")[0].removeprefix("/").partition("/")
        if not slash or not compare_digest(token.encode(), self.token.encode()):
            return None
        if name == STATE:
            sample = self._sample()
            self.last_number = max(self.last_number, int(sample["number"]))
            self.fetched.set()
            return "application/json", json.dumps(sample, ensure_ascii=False).encode()
        return self._files.get(name)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


def _handler_for(live: LiveServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_of = live

    return Handler


class _Handler(BaseHTTPRequestHandler):
    server_of: LiveServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def do_GET(self) -> None:
        """Answer with a file, the state, or nothing."""
        live = self.server_of
        # Another name for this machine in the address means that some web site sent the browser here.
        found = live.content(self.path) if self.headers.get("Host") == live.authority else None
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, ("text/plain; charset=utf-8", b"nothing here\n"))
        else:
            self._answer(HTTPStatus.OK, found)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server refuses (an unknown method: 501) is told in one word, without its own page."""
        wrong_method = code == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if wrong_method else HTTPStatus(code)
        self.close_connection = True
        self._answer(status, ("text/plain; charset=utf-8", f"{status.phrase}\n".encode()))

    def _answer(self, status: HTTPStatus, file: File) -> None:
        kind, content = file
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def version_string(self) -> str:
        """Nothing about what runs here."""
        return "dso"

    def log_message(self, format: str, *args: Any) -> None:
        """The terminal belongs to the run."""
