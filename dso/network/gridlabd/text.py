"""Reads the text of a GLM into objects; what is no object, such as a clock or a schedule, is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dso.errors import InputError, Problem

TOKEN = re.compile(r'"[^"]*"|\'[^\']*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)
HEAD = re.compile(r"object\s+([\w.]+)\s*(?::\s*([\w.]*))?\s*\{")
KEY = re.compile(r"[\w.:#-]+")
DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(\w+)[ \t]*(.*)")


@dataclass
class GlmObject:
    """One object of a GLM: its class, its name and what it says, as text."""

    cls: str
    name: str
    says: dict[str, str]
    line: int


@dataclass
class _Reader:
    text: str
    path: Path
    found: list[GlmObject] = field(default_factory=list)

    def fail(self, at: int, what: str) -> InputError:
        line = self.text.count("\n", 0, at) + 1
        return InputError([Problem(f"{self.path}, line {line}", what)])

    def blank(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in " \t\r\n;":
            at += 1
        return at

    def top(self) -> None:
        at = self.blank(0)
        while at < len(self.text):
            head = HEAD.match(self.text, at)
            at = self.blank(self.object(head)[0] if head else self.passed_over(at))

    def passed_over(self, at: int) -> int:
        """Where a module, clock, schedule or class ends: at its semicolon or the end of its braces."""
        depth, start = 0, at
        for match in re.compile(r"\"[^\"]*\"|'[^']*'|[{};]").finditer(self.text, at):
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            if depth == 0 and match[0] in "};":
                return match.end()
        raise self.fail(start, "this has no end")

    def object(self, head: re.Match[str]) -> tuple[int, str]:
        """Where it ends, and its name."""
        cls, number = head[1].split(".")[-1], head[2]
        if number is not None and ".." in number:
            raise self.fail(head.start(), "many objects at once (`..`) are not read; write them out")
        line = self.text.count("\n", 0, head.start()) + 1
        item = GlmObject(cls, f"{cls}:{number}" if number else f"{cls}_{line}", {}, line)
        self.found.append(item)
        at = self.blank(head.end())
        inner: list[GlmObject] = []
        while not self.text.startswith("}", at):
            at = self.blank(self.property(item, at, inner))
        item.name = item.says.pop("name", item.name)
        for child in inner:
            child.says.setdefault("parent", item.name)
        return at + 1, item.name

    def property(self, item: GlmObject, at: int, inner: list[GlmObject]) -> int:
        nested = HEAD.match(self.text, at)
        if nested:
            place = len(self.found)
            end, _ = self.object(nested)
            inner.append(self.found[place])
            return end
        key = KEY.match(self.text, at)
        if key is None:
            raise self.fail(at, "expected a property, an object or the end of this one")
        start = self.blank(key.end())
        value = HEAD.match(self.text, start)
        if value:
            end, item.says[key[0]] = self.object(value)
            return end
        stop = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^;{}\"'])*").match(self.text, key.end())
        assert stop is not None
        if not self.text.startswith(";", stop.end()):
            raise self.fail(at, f"{key[0]} has no `;` after its value")
        item.says[key[0]] = stop[0].strip().strip("\"'")
        return stop.end()


def _without_comments(text: str) -> str:
    """As it was with comments blanked, so that lines keep their numbers."""
    return TOKEN.sub(lambda m: m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0]), text)


def _directives(text: str, path: Path, names: dict[str, str]) -> Iterator[GlmObject | str]:
    """Lines with `#set` and `#define` carried out, and objects of included files."""
    for number, line in enumerate(text.split("\n"), 1):
        match = DIRECTIVE.fullmatch(line.rstrip())
        if match is None:
            yield re.sub(r"\$\{(\w+)\}", lambda m: names.get(m[1], m[0]), line)
            continue
        word, rest = match[1], match[2].strip()
        if word in ("set", "define"):
            key, _, value = rest.rstrip(";").partition("=")
            names[key.strip()] = value.strip().strip("\"'")
        elif word == "include" and not rest.startswith("using"):
            yield from _objects(path.parent / rest.strip("\"'<>;"), names)
        else:
            raise InputError(
                [Problem(f"{path}, line {number}", f"`#{word}` is not read; write out what it does")]
            )
        yield ""


def _objects(path: Path, names: dict[str, str]) -> Iterator[GlmObject]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError([Problem(str(path), "there is no such GLM file, or it cannot be read")]) from error
    lines: list[str] = []
    for piece in _directives(_without_comments(text), path, names):
        if isinstance(piece, str):
            lines.append(piece)
        else:
            yield piece
    reader = _Reader("\n".join(lines), path)
    reader.top()
    yield from reader.found


def read_glm(path: Path) -> list[GlmObject]:
    """All objects of a GLM and of the files that it includes.

    Parameters
    ----------
    path : of the file.

    Raises
    ------
    InputError : it cannot be read, or uses macros beyond `#set`, `#define` and `#include`.
    """
    return list(_objects(path, {}))
