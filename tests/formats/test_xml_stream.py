"""XML from strangers: what is read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dso.errors import InputError
from dso.formats.xml_stream import read_xml

BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>\n<a>&y;</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<a>&x;</a>'
PARAMETER = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">\n<a/>'


class Heard:
    def __init__(self) -> None:
        self.all: list[tuple[str, str, int]] = []
        self.line: Callable[[], int] = lambda: 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        pass

    def end(self, name: str, text: str) -> None:
        self.all.append((name, text, self.line()))


def heard(path: Path, text: str | bytes) -> list[tuple[str, str, int]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    elements = Heard()
    read_xml(path, elements)
    return elements.all


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, PARAMETER])
def test_a_document_type_is_refused_and_with_it_every_entity(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"a\.xml:1: declares a document type or an entity"):
        heard(tmp_path / "a.xml", text)


def test_what_nests_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 40 deep"):
        heard(tmp_path / "a.xml", "<a>" * 100_000)


def test_what_writes_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 10000 characters"):
        heard(tmp_path / "a.xml", "<a>" + "x" * 1_000_000)


@pytest.mark.parametrize(
    ("text", "line"), [("<a>\n<b></a>", 2), ("", 1), ("<a>\n\n", 3), ("<a>&nbsp;</a>", 1), ("<a/>\0", 1)]
)
def test_what_is_no_xml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InputError, match=rf"a\.xml:{line}: is not well-formed XML"):
        heard(tmp_path / "a.xml", text)


def test_elements_come_with_their_namespace_text_and_line(tmp_path: Path) -> None:
    told = heard(tmp_path / "a.xml", '<a xmlns="urn:x">\n<b>1 &lt; 2</b>\n<c/></a>'.encode("utf-16"))
    assert told == [("urn:x b", "1 < 2", 2), ("urn:x c", "", 3), ("urn:x a", "", 3)]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_xml(tmp_path / "none.xml", Heard())
