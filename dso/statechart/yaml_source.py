"""YAML read strictly: with line numbers, without duplicate keys or keys that are not text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dso.errors import InputError, Problem

DataPath = tuple[str | int, ...]
Lines = dict[DataPath, int]

_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """PyYAML's own, with numbers such as 1e-9 as in YAML 1.2; YAML 1.1 takes them for text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def load_yaml_with_lines(path: Path) -> tuple[Any, Lines]:
    """The content of a YAML file, and the line [1-based] of each key and list item by its path.

    `lines[("states", "idle", "do")]` is the line of that key; `lines[()]` is the first line of the content.

    Raises
    ------
    InputError : the file cannot be read or parsed, or has duplicate keys or keys that are not text; all of
        those at once.
    """
    path = Path(path)
    loader = _Loader(_read(path))
    try:
        node = loader.get_single_node()
        if node is None:
            raise InputError([Problem(path.name, "the file is empty")])
        survey = _Survey(path.name, loader)
        survey.visit(node, ())
        if survey.problems:
            raise InputError(survey.problems)
        return loader.construct_document(node), survey.lines
    except yaml.MarkedYAMLError as error:
        raise InputError([_syntax_problem(path.name, error)]) from error
    finally:
        loader.dispose()


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise InputError([Problem(str(path), "must be a UTF-8 text file")]) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if yaml.SafeLoader.NON_PRINTABLE.search(line):
            raise InputError([Problem(f"{path.name}:{number}", "holds a character that YAML does not allow")])
    return text


def _syntax_problem(file: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    where = f"{file}:{mark.line + 1}" if mark else file
    context = f" {error.context}" if error.context else ""
    return Problem(where, f"not valid YAML:{context} {error.problem}".rstrip())


class _Survey:
    # Walks the parsed nodes, before values are made of them: PyYAML itself keeps the last of two equal keys.
    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.file = file
        self.loader = loader
        self.lines: Lines = {}
        self.problems: list[Problem] = []
        self._open: set[int] = set()

    def visit(self, node: Node, path: DataPath) -> None:
        self.lines.setdefault(path, _line(node))
        if id(node) in self._open:
            self._report(node, "an alias must not stand inside the value that it names")
            return
        self._open.add(id(node))
        if isinstance(node, MappingNode):
            self._visit_mapping(node, path)
        elif isinstance(node, SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*path, index))
        elif isinstance(node, ScalarNode):
            self._visit_scalar(node)
        self._open.discard(id(node))

    def _visit_mapping(self, node: MappingNode, path: DataPath) -> None:
        first: dict[str, int] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            if not isinstance(key, ScalarNode) or key.tag != _TEXT:
                self._report(key, _not_text(key))
            elif key.value in first:
                self._report(key, f"key '{key.value}' is given twice, first on line {first[key.value]}")
            else:
                first[key.value] = self.lines[(*path, key.value)] = _line(key)
                self.visit(value, (*path, key.value))

    def _visit_scalar(self, node: ScalarNode) -> None:
        try:
            value = self.loader.construct_object(node)
        except ValueError as error:  # an impossible date such as 2016-13-01
            self._report(node, f"{node.value} cannot be read: {error}")
            return
        if ":" in node.value and isinstance(value, int | float):
            self._report(node, f"YAML reads {node.value} as the number {value}; write it in quotes")

    def _report(self, node: Node, what: str) -> None:
        self.problems.append(Problem(f"{self.file}:{_line(node)}", what))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _not_text(key: Node) -> str:
    if not isinstance(key, ScalarNode):
        return "a key must be text, was a list or a mapping"
    kind = {"bool": "a truth value", "int": "a number", "float": "a number", "null": "nothing"}
    meaning = kind.get(key.tag.rpartition(":")[2], "something else")
    return f"key {key.value} must be text, YAML reads it as {meaning}; write it in quotes or rename it"
