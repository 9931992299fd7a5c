"""The figures of rates made neutral: value, revenue and surplus before and after, and the rate itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dso.rates import write_rate
from dso.report.compare_load import Figures
from dso.report.rate_load import RunLoad
from dso.report.rate_making import load_notes
from dso.report.rate_neutral import Neutral


def neutral_figures(load: RunLoad, found: Sequence[Neutral], path: str) -> Figures:
    """Every figure of rates made neutral as plain data; docs/rate-making.md defines each."""
    reader = load.reader
    return {
        "study": reader.facts.get("name", ""),
        "run": str(reader.path),
        "free": path,
        "notes": [*_notes(load, found)],
        "classes": [_figures(neutral, path) for neutral in found],
    }


def _figures(found: Neutral, path: str) -> Figures:
    rows = {"before": found.before, "after": found.after}
    return {
        "tariffs": list(found.tariffs),
        "customers": found.customers,
        "cost_usd": found.target_usd,
        "cost_by_kind_usd": dict(found.cost_usd),
        "billed": _against(found, found.billed_usd),
        **{name: {"value": v, **_against(found, usd)} for name, (v, usd) in rows.items()},
        "bills_at_minimum": found.topped_up,
        "rate": write_rate(found.rate) | _made(found, path),
    }


def _made(found: Neutral, path: str) -> Figures:
    """Name and description of a rate that is no utility's any more."""
    what = (
        f"Made from {found.rate.name}: {path} is {found.after[0]!r} so that all bills of "
        f"{' and '.join(found.tariffs)} in a run come to {found.target_usd:.6f} USD."
    )
    before = found.rate.carried.get("description")
    return {
        "name": f"{found.rate.name}, {path} made neutral",
        "description": f"{what} {before}" if before else what,
    }


def _against(found: Neutral, revenue_usd: float) -> Figures:
    surplus, cost = revenue_usd - found.target_usd, found.target_usd
    percent = surplus / cost * 100 if cost else None
    return {"revenue_usd": revenue_usd, "surplus_usd": surplus, "surplus_pct": percent}


def _notes(load: RunLoad, found: Sequence[Neutral]) -> Iterator[str]:
    yield from load_notes(load, {found[0].rate.name: found[0].rate})
    for neutral in found:
        if neutral.after[0] < 0:
            yield f"{' and '.join(neutral.tariffs)}: the value that is neutral is negative"
