"""Reads XML from strangers: element by element, with line numbers, and nothing that XML can be made to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from xml.parsers import expat

from dso.errors import InputError, Problem

DEEPEST = 40
LONGEST_TEXT = 10_000
CHUNK_BYTES = 1 << 16


class Elements(Protocol):
    """Who is told of elements; names are `namespace name`."""

    line: Callable[[], int]  # set before anything is told: where the file is just now

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str, text: str) -> None:
        """An element ends; `text` is what stood in it since the last tag."""


def read_xml(path: Path, elements: Elements) -> None:
    """Tell of every element of a file, in its order.

    Document types are refused, and with them entities, external files and their expansion.

    Parameters
    ----------
    path : the file.
    elements : who is told.

    Raises
    ------
    InputError : if it is not well-formed, declares a document type, or nests or writes without end.
    """
    parser = _Parser(path, elements)
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                parser.feed(chunk)
            parser.close()
    except OSError as error:
        raise InputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error


class _Parser:
    def __init__(self, path: Path, elements: Elements) -> None:
        self._path = path
        self._elements = elements
        elements.line = self._line
        self._depth = 0
        self._text = ""
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._said
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._expat.EntityDeclHandler = self._doctype

    def feed(self, chunk: bytes) -> None:
        self._take(chunk, False)

    def close(self) -> None:
        self._take(b"", True)

    def _take(self, chunk: bytes, last: bool) -> None:
        try:
            self._expat.Parse(chunk, last)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            raise self._wrong(f"is not well-formed XML: {what}", error.lineno) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"nests elements more than {DEEPEST} deep, which no meter file does")
        self._text = ""
        self._elements.start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._elements.end(name, self._text)
        self._text = ""

    def _said(self, text: str) -> None:
        self._text += text
        if len(self._text) > LONGEST_TEXT:
            raise self._wrong(
                f"holds a text of more than {LONGEST_TEXT} characters, which no meter file does"
            )

    def _line(self) -> int:
        return self._expat.CurrentLineNumber

    def _doctype(self, *_: object) -> None:
        raise self._wrong("declares a document type or an entity; take the <!DOCTYPE …> out")

    def _wrong(self, what: str, line: int | None = None) -> InputError:
        place = self._line() if line is None else line
        return InputError([Problem(f"{self._path}:{place}", what)])
