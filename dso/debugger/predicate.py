"""Conditions that a person types: comparisons and arithmetic over a few names, worked out, never run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from dso.errors import InputError, Problem
from dso.statechart.form import suggest

MOST_CHARACTERS = 200

Lookup = Callable[[str], Any]
Value = Callable[[Lookup], Any]

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


class Predicate:
    """A condition such as `price > 0.30 and tariff == "transactive"`.

    What is not known yet (a price before there is one) makes every comparison with it false.

    Parameters
    ----------
    text : comparisons, `and`, `or`, `not`, `in`, + - * /, numbers, texts in quotes, names.
    names : the names that may stand in it.

    Raises
    ------
    InputError : it is something else, or names what is not known.
    """

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text, self._names = text, names
        if len(text) > MOST_CHARACTERS:
            raise _wrong(f"a condition may have {MOST_CHARACTERS} characters, had {len(text)}")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            what = getattr(error, "msg", None) or "too deep"
            raise _wrong(f"'{text}' is no condition ({what}); such as: price > 0.30") from error
        self._value = self._compile(tree.body)

    def holds(self, lookup: Lookup) -> bool:
        """Whether it is true of what the names stand for."""
        try:
            return bool(self._value(lookup))
        except (TypeError, ZeroDivisionError):  # something is not known, or cannot be compared
            return False

    def _compile(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as constant):
                return lambda lookup: constant
            case ast.Name(id=name):
                return self._name(name)
            case ast.BoolOp(op=op, values=values):
                parts = [self._compile(v) for v in values]
                every = all if isinstance(op, ast.And) else any
                return lambda lookup: every(_held(part, lookup) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._compile(operand)
                return lambda lookup: not _held(inner, lookup)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                negated = self._compile(operand)
                return lambda lookup: -negated(lookup)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                a, b, work_out = self._compile(left), self._compile(right), _BINARY[type(op)]
                return lambda lookup: work_out(_number(a(lookup)), _number(b(lookup)))
            case ast.Compare():
                return self._comparison(node)
        raise _wrong(f"'{ast.unparse(node)}' may not stand in a condition; such as: price > 0.30")

    def _name(self, name: str) -> Value:
        if name not in self._names:
            raise _wrong(f"a condition knows no '{name}'; {suggest(name, self._names)}")
        return lambda lookup: lookup(name)

    def _comparison(self, node: ast.Compare) -> Value:
        parts = [self._compile(node.left), *(self._compile(c) for c in node.comparators)]
        wrong = [op for op in node.ops if type(op) not in _COMPARE]
        if wrong:
            raise _wrong(f"'{ast.unparse(node)}' may not stand in a condition; such as: price > 0.30")
        pairs = list(zip(parts, parts[1:], [_COMPARE[type(op)] for op in node.ops], strict=False))
        return lambda lookup: all(_compared(a(lookup), b(lookup), by) for a, b, by in pairs)


def _held(part: Value, lookup: Lookup) -> bool:
    try:
        return bool(part(lookup))
    except (TypeError, ZeroDivisionError):
        return False


def _compared(a: Any, b: Any, by: Callable[[Any, Any], Any]) -> bool:
    return a is not None and b is not None and bool(by(a, b))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


def _wrong(what: str) -> InputError:
    return InputError([Problem("", what)])
