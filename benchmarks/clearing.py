"""Clearing a million four-point bids, as ratios to numpy's own sorting of their breakpoints in the same run.

    python -m benchmarks.clearing [bids]

From columnar arrays (a `Book` stores its points as contiguous columns; building one from rows is not timed)
to the price, the quantity and every award. Repetitions of all measurements alternate, so that a change of the
machine's speed hits all alike; medians are reported.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.tesp_baseline import make_bids
from dso.market import Book, PolynomialCurve, aggregate, awards, clear

BIDS, REPEATS = 1_000_000, 9
ASKED = {"price, quantity and every award": 1.5, "whole aggregate curve": 2.0}


def uniform_book(n: int) -> Book:
    """Prices uniform on [0, 1] USD/kWh, quantities rising by up to 1 kW a point."""
    r = np.random.default_rng(42)
    return Book(np.cumsum(r.random((4, n)), axis=0).T, -np.sort(-r.random((4, n)), axis=0).T)


def peer_book(n: int) -> Book:
    """The peer's own bids for one hour: two of the four points of every bid tie in price."""
    bids = make_bids(n)[:, 0]
    return Book(bids[:, :, 0], bids[:, :, 1])


def wanted_kw(book: Book, price: float) -> float:
    return float(aggregate(book).quantity_above(price))


def limits_of(book: Book, prices: dict[str, float]) -> dict[str, dict[str, Any]]:
    """What stands against the demand: import limits that bind at these prices, and a rising import price."""
    found: dict[str, dict[str, Any]] = {
        name: {"import_price": -5.0, "import_limit_kw": wanted_kw(book, price) * (1 + 1e-7)}
        for name, price in prices.items()
    }
    most = 6.0 * len(book)
    rising = PolynomialCurve((0.02, 0.0, 0.08 / most**2), 0.0, most).scaled(1.25, 0.04)
    return {**found, "rising import price": {"import_price": rising}}


def medians_ms(measures: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Alternate all measures; the median of each [ms]."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(repeats):
        for name, run in measures.items():
            start = time.perf_counter()
            run()
            taken[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in taken.items()}


def simd() -> str:
    """The widest SIMD extension that numpy uses here."""
    features = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]
    order = ("AVX512_SPR", "AVX512_ICL", "AVX512_SKX", "AVX512F", "AVX2", "SVE", "ASIMD", "NEON", "SSE42")
    return next((name for name in order if features.get(name)), "none")


def measured(name: str, book: Book, cases: dict[str, dict[str, Any]], repeats: int) -> list[dict[str, Any]]:
    flat = np.ascontiguousarray(book.price_usd_per_kwh.T).ravel()

    def clearing(settings: dict[str, Any]) -> Callable[[], object]:
        return lambda: awards(book, clear(book, **settings))

    measures: dict[str, Callable[[], object]] = {
        "numpy.sort": lambda: np.sort(flat),
        "numpy.argsort": lambda: np.argsort(flat),
        "aggregate": lambda: aggregate(book),
        **{case: clearing(settings) for case, settings in cases.items()},
    }
    ms = medians_ms(measures, repeats)
    rows = [row(name, case, "price, quantity and every award", ms[case], "numpy.sort", ms) for case in cases]
    return [*rows, row(name, "", "whole aggregate curve", ms["aggregate"], "numpy.argsort", ms)]


def row(book: str, case: str, what: str, took: float, against: str, ms: dict[str, float]) -> dict[str, Any]:
    ratio = round(took / ms[against], 2)
    return {"book": book, "case": case, "what": what, "ms": round(took, 2), "against": against,
            "against_ms": round(ms[against], 2), "ratio": ratio, "asked": ASKED[what]}  # fmt: skip


def small_books() -> list[tuple[int, float]]:
    """Microseconds to clear small books and award them."""
    found = []
    for n in (10, 100, 1000, 10_000):
        book = uniform_book(n)
        settings = limits_of(book, {"x": 0.5})["x"]
        ms = medians_ms({"clear": lambda b=book, s=settings: awards(b, clear(b, **s))}, 101)  # type: ignore[misc]
        found.append((n, round(1e3 * ms["clear"], 1)))
    return found


def main(bids: int = BIDS, repeats: int = REPEATS) -> dict[str, Any]:
    """Measure, print a table and one JSON line, and return what was measured."""
    forecast = 0.08 + 0.05 * float(np.sin(2 * np.pi * -9 / 24))
    uniform, peer = uniform_book(bids), peer_book(bids)
    rows = measured(
        "uniform prices", uniform, limits_of(uniform, {"limit at 0.3": 0.3, "limit at 0.5": 0.5}), repeats
    )
    ties = {
        "limit above the ties": forecast + 0.03,
        "limit below them": 0.02,
        "limit just beside a tie": forecast,
    }
    rows += measured("the peer's make_bids", peer, limits_of(peer, ties), repeats)
    title = f"{bids:,} four-point bids, {4 * bids:,} breakpoints; numpy {np.__version__}, SIMD {simd()}"
    print(f"\n{title}; medians of {repeats}.\n")
    print("| book | case | what | ms | against | ms | ratio | at most |\n|" + " --- |" * 8)
    for r in rows:
        print("| " + " | ".join(str(v) for v in r.values()) + " |")
    small = small_books()
    print("\n| bids | clear and award [µs] |\n| --- | --- |")
    for n, us in small:
        print(f"| {n:,} | {us} |")
    result = {"benchmark": "clearing", "bids": bids, "simd": simd(), "rows": rows, "small_us": dict(small)}
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]))
