"""The server: one page under its token, read only, nothing else."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import NamedTuple

import pytest

from dso.live.server import HOST, LiveServer

PAGE = ("text/html; charset=utf-8", b"<p>hello</p>")


@pytest.fixture
def live() -> Iterator[LiveServer]:
    server = LiveServer({"": PAGE}, lambda: {"number": 7})
    yield server
    server.close()


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def asked(live: LiveServer, path: str, method: str = "GET", **headers: str) -> Answer:
    with closing(http.client.HTTPConnection(live.authority, timeout=5)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def test_the_page_and_the_state_lie_under_the_token(live):
    page = asked(live, f"/{live.token}/")
    assert (page.status, page.body) == (200, PAGE[1])
    state = asked(live, f"/{live.token}/state.json")
    assert json.loads(state.body) == {"number": 7}
    assert live.last_number == 7


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/state.json", "//", "/{t}", "/{t}/../{t}/",
                                  "/{t}/live.html", "/{t}/%2e%2e/server.py", "/é/"])  # fmt: skip
def test_everything_else_is_not_there(live, path):
    with socket.create_connection(live.authority.split(":")) as line:
        target = path.replace("{t}", live.token)
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: {live.authority}\r\nConnection: close\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_it_can_only_be_read(live, method):
    answer = asked(live, f"/{live.token}/", method)
    assert (answer.status, answer.headers.get("Allow")) == (405, "GET")


def test_another_name_for_this_machine_is_refused(live):
    """A web site whose name suddenly means 127.0.0.1 reads nothing, even with the token."""
    assert asked(live, f"/{live.token}/", Host="evil.example").status == 404


def test_every_answer_forbids_what_the_page_does_not_need(live):
    for path in (f"/{live.token}/", "/"):
        answer = asked(live, path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers.get("X-Content-Type-Options") == "nosniff"
        assert answer.headers.get("Referrer-Policy") == "no-referrer"
        assert answer.headers.get("Server") == "dso"


def test_it_listens_on_this_machine_only(live):
    assert live.authority.startswith(f"{HOST}:")
    assert live.address == f"http://{live.authority}/{live.token}/"


def test_tokens_are_long_and_new_each_time(live):
    other = LiveServer({}, lambda: {"number": 0})
    other.close()
    assert other.token != live.token
    assert len(live.token) >= 24
