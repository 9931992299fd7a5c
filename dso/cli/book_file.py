"""Books of bids and offers as JSON: read them, and say everything that is wrong with them."""

from __future__ import annotations

import difflib
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dso.errors import BookError, Problem

Bid = list[list[float]]

# The peer's own settings and answers, which the shared cases carry along: allowed and not used.
_IGNORED = {"price_caps_U_L", "num_samples", "FeederCongPrice_per_kW", "comment", "note"}
_CASE_KEYS = {"name", "inputs"}
_CASE_IGNORED = {"tesp", "exact", "delta", "delta_vs_hard_capacity", "artefact_note", "comment", "note"}
# The shared cases' quadratic forecaster: 0.02 USD/kWh at no import, 0.10 at the limit, and DSO+T's retail
# mark-up.
_CHAIN_C, _CHAIN_RISE, _CHAIN_SCALING, _CHAIN_CHARGE = 0.02, 0.08, 1.25, 0.04


@dataclass(slots=True)
class BookCase:
    """One book, read and found good; single bids may still be bad, which is their participants' mistake."""

    name: str
    bids: list[Any]
    offers: list[Any] | None = None
    supply_price: float | None = None
    quadratic: tuple[float, float, float] | None = None  # c, b, a at retail
    import_limit_kw: float = math.inf
    export_limit_kw: float = math.inf
    price_cap: float = math.inf
    theta: float = 0.5


@dataclass(slots=True)
class _Reader:
    """Takes keys out of a JSON object and collects what is wrong with them."""

    where: str
    given: dict[str, Any]
    problems: list[Problem]
    known: set[str] = field(default_factory=set)

    def wrong(self, key: str, what: str) -> None:
        self.problems.append(Problem(f"{self.where}.{key}".strip("."), what))

    def take(self, key: str) -> Any:
        self.known.add(key)
        return self.given.get(key)

    def number(
        self, key: str, fits: Callable[[float], bool] = lambda x: True, must: str = "be a finite number"
    ) -> float | None:
        """A finite number that fits; None if it is absent, null or wrong."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, f"must be a number, was {_shown(value)}")
        elif not abs(value) <= sys.float_info.max or not fits(value):
            self.wrong(key, f"must {must}, was {value}")
        else:
            return float(value)
        return None

    def limit(self, key: str) -> float | None:
        return self.number(key, lambda x: x >= 0, "not be negative")

    def one_of(self, *keys: str, limit: bool = False) -> float | None:
        """The number under the first of some names for the same thing; two names must agree."""
        values = {
            k: (self.limit(k) if limit else self.number(k)) for k in keys if k in self.given or k == keys[0]
        }
        given = {k: v for k, v in values.items() if v is not None}
        if len(set(given.values())) > 1:
            self.wrong(
                keys[0], f"says {given[keys[0]]}, but {keys[1]} says {given[keys[1]]}; give one of them"
            )
        return next(iter(given.values()), None)

    def items(self, key: str, required: bool) -> list[Any] | None:
        value = self.take(key)
        if value is None and not required:
            return None
        if not isinstance(value, list):
            was = f"was {_shown(value)}" if key in self.given else "is missing"
            self.wrong(key, f"must be a list of [[quantity, price], …] per participant, {was}")
            return None
        return value

    def no_others(self, ignored: set[str]) -> None:
        for key in self.given:
            if key not in self.known | ignored:
                close = difflib.get_close_matches(key, self.known | ignored, n=1, cutoff=0.5)
                hint = (
                    f"; did you mean '{close[0]}'?"
                    if close
                    else f"; known are {', '.join(sorted(self.known))}"
                )
                self.wrong(key, f"is not known{hint}")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise BookError([Problem("", f"the key '{key}' stands twice in one object") for key in twice])
    return dict(pairs)


def read_books(text: str) -> tuple[list[BookCase], bool]:
    """The cases of a JSON text, and whether it held one alone.

    Parameters
    ----------
    text : one case {"name", "inputs": {…}}, its inputs alone, a list of either, or {"cases": […]}.

    Raises
    ------
    BookError : with every problem found.
    """
    try:
        data = json.loads(text, object_pairs_hook=_no_twice)
    except json.JSONDecodeError as e:
        raise BookError(
            [Problem("", f"this is not JSON: {e.msg} in line {e.lineno}, column {e.colno}")]
        ) from e
    except RecursionError as e:
        raise BookError([Problem("", "this is not a book: it is nested too deeply")]) from e
    alone = not isinstance(data, list) and not (isinstance(data, dict) and "cases" in data)
    cases = [data] if alone else data if isinstance(data, list) else data["cases"]
    problems: list[Problem] = []
    if not isinstance(cases, list):
        raise BookError([Problem("cases", f"must be a list of cases, was {_shown(cases)}")])
    books = [
        _case(case, "" if alone else f"cases[{i}]", f"case {i + 1}", problems) for i, case in enumerate(cases)
    ]
    if problems:
        raise BookError(problems)
    return [book for book in books if book is not None], alone


def _case(case: Any, where: str, name: str, problems: list[Problem]) -> BookCase | None:
    if not isinstance(case, dict):
        problems.append(
            Problem(where, f'must be an object like {{"name": …, "inputs": {{…}}}}, was {_shown(case)}')
        )
        return None
    outer = _Reader(where, case, problems)
    given = outer.take("name")
    if given is not None and not isinstance(given, str):
        outer.wrong("name", f"must be a text, was {_shown(given)}")
    name = given if isinstance(given, str) else name
    if "inputs" not in case:
        return _inputs(outer, name)
    inputs = outer.take("inputs")
    outer.no_others(_CASE_IGNORED)
    if not isinstance(inputs, dict):
        outer.wrong("inputs", f"must be an object, was {_shown(inputs)}")
        return None
    return _inputs(_Reader(f"{where}.inputs".strip("."), inputs, problems), name)


def _inputs(read: _Reader, name: str) -> BookCase | None:
    before = len(read.problems)
    bids = read.items("bids_QP", required=True)
    offers = read.items("offers_QP", required=False)
    price = read.number("retail_supply_price")
    limit = read.one_of("import_limit_kw", "Q_max_kW", limit=True)
    export = read.limit("export_limit_kw")
    cap = read.one_of("price_cap", "retail_price_cap")
    theta = read.number("theta", lambda x: 0 <= x <= 1, "lie between 0 and 1")
    quadratic = _quadratic(read, limit)
    read.no_others(_IGNORED)
    if quadratic is not None and price is not None:
        read.wrong("retail_supply_price", "must be left out where the supply is quadratic")
    if len(read.problems) > before or bids is None:
        return None
    return BookCase(
        name=name,
        bids=bids,
        offers=offers,
        supply_price=price,
        quadratic=quadratic,
        import_limit_kw=math.inf if limit is None else limit,
        export_limit_kw=math.inf if export is None else export,
        price_cap=math.inf if cap is None else cap,
        theta=0.5 if theta is None else theta,
    )


def _quadratic(read: _Reader, limit: float | None) -> tuple[float, float, float] | None:
    """Supply P = a·Q² + b·Q + c at wholesale, as the retail coefficients (c, b, a)."""
    mode, given = read.take("mode"), read.take("supply_quadratic")
    scaling = read.number("scaling", lambda x: x > 0, "be above 0")
    charge = read.number("distribution_usd_per_kwh")
    if mode not in (None, "flat", "chain"):
        read.wrong("mode", f"must be 'flat' or 'chain', was {_shown(mode)}")
        return None
    if given is None and mode != "chain":
        return None
    if not limit:
        read.wrong("import_limit_kw", "must be given, above 0, where the supply is quadratic")
        return None
    a, b, c = _CHAIN_RISE / limit**2, 0.0, _CHAIN_C
    if given is not None:
        inner = _Reader(
            f"{read.where}.supply_quadratic".strip("."),
            given if isinstance(given, dict) else {},
            read.problems,
        )
        if not isinstance(given, dict):
            read.wrong("supply_quadratic", f"must be an object with a, b and c, was {_shown(given)}")
        a, b, c = (inner.number(k) or 0.0 for k in "abc")
        inner.no_others(set())
    if b < 0 or 2 * a * limit + b < 0:
        read.wrong(
            "supply_quadratic", "the price must not fall with the quantity between 0 and the import limit"
        )
        return None
    s, d = (_CHAIN_SCALING if scaling is None else scaling), (_CHAIN_CHARGE if charge is None else charge)
    return s * c + d, s * b, s * a
