"""The tables of a comparison, for a terminal, a page or a paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dso.clock import parse_time
from dso.report.compare_customers import NOTICED
from dso.report.compare_load import Figures, change
from dso.report.layout import labelled, table_lines
from dso.report.local_time import local_time
from dso.report.page_text import LSE_KINDS, Table

FIGURES = (  # name, label, how it is written
    ("energy_kwh", "energy [kWh]", ",.1f"),
    ("peak_kw", "peak [kW]", ",.1f"),
    ("at_base_peak_kw", "load when the base case peaks [kW]", ",.1f"),
    ("peak_hour_kw", "highest hour [kW]", ",.1f"),
    ("load_factor", "load factor", ".3f"),
    ("valley_to_peak", "valley to peak of a day", ".3f"),
)
SHIFTED = (
    ("shifted_kwh", "energy shifted [kWh]"),
    ("shifted_between_hours_kwh", "… between hours [kWh]"),
)
MOST_FRAC = 10.0  # a change from next to nothing has no percentage that says something
BESIDE = ("without", "with", "change", "%")
GROUPS = {"participants": "participants", "band": "", "no slider": "… no slider", "others": "others"}


def compare_lines(figures: Figures, width: int) -> list[tuple[str, bool]]:
    """Lines, each with whether it is a heading."""
    lines = [(_title(figures), True), *((line, False) for line in compare_facts(figures, width))]
    for title, heads, rows, right in compare_tables(figures):
        if rows:
            lines += [("", False), (title, True)]
            lines += [(line, False) for line in table_lines(heads, rows, right=right, width=width)]
    return lines


def _title(figures: Figures) -> str:
    return f"{figures['study']} · with and without the market · seed {figures['seed']}"


def compare_facts(figures: Figures, width: int) -> Iterator[str]:
    """What is compared, and what a reader has to know of it, as labelled lines."""
    stretch, zone = figures["stretch"], figures["timezone"]
    yield from labelled("With", figures["run"], width)
    yield from labelled("Without", figures["base"], width)
    first, last = (local_time(parse_time(stretch[name]), zone) for name in ("from", "to"))
    yield from labelled("Compared", f"{first} to {last}, {stretch['intervals']:,} intervals", width)
    for k, note in enumerate(figures["notes"]):
        yield from labelled("" if k else "Note", note, width)


def compare_tables(figures: Figures) -> Iterator[Table]:
    """Title, heads, rows and the columns that stand to the right of each table; one may have no rows."""
    zone, heads = figures["timezone"], ("", *BESIDE)
    yield "Load at the head of the feeder", heads, [*_system(figures["system"], zone)], range(1, 5)
    hot = figures["hottest_day"]
    only = hot["energy_kwh"] == figures["system"]["energy_kwh"]  # the study is that day
    yield _hottest(hot), heads, [] if only else [*_system(hot, zone)], range(1, 5)
    yield _populations(figures)
    yield _bills(figures)
    yield _comfort(figures)
    if figures["money"] is not None:
        yield from _money(figures["money"])


def _system(system: Figures, zone: str) -> Iterator[tuple[str, ...]]:
    for name, label, form in FIGURES:
        yield label, *_beside(system[name], form)
        if name == "peak_kw":
            at = (local_time(parse_time(system["peak_at"][which]), zone) for which in ("base", "market"))
            yield "… from", *(text[5:16] for text in at), "", ""
    whole = abs(system["energy_kwh"]["base"])
    for name, label in SHIFTED:
        yield label, "", "", f"{system[name]:,.1f}", _percent(system[name] / whole if whole else None)


def _beside(figure: Figures, form: str) -> Iterator[str]:
    """A figure without and with the market, its change, and that in percent."""
    for name in ("base", "market"):
        yield _written(figure[name], form)
    yield _signed(figure["change"], form)
    frac = figure["change_frac"]
    yield _percent(None if frac is None or abs(frac) >= MOST_FRAC else frac, "+")


def _written(value: float | None, form: str) -> str:
    """A number; one that rounds to zero has no sign."""
    if value is None:
        return ""
    text = format(value, form)
    return text if any(c in "123456789" for c in text) else text.removeprefix("-").removeprefix("+")


def _signed(value: float | None, form: str) -> str:
    return _written(value, f"+{form}")


def _percent(frac: float | None, sign: str = "") -> str:
    return _written(None if frac is None else frac * 100, f"{sign}.1f")


def _hottest(hot: Figures) -> str:
    if hot["chosen_by"] == "temperature":
        how_hot = f"{hot['mean_c']:.1f} °C, up to {hot['highest_c']:.1f} °C"
        return f"The same on the hottest day, {hot['date']}: {how_hot}"
    return f"The same on the day of the base case's peak, {hot['date']}; no temperatures are known"


def _populations(figures: Figures) -> Table:
    heads = (
        "tariff",
        "population",
        "devices",
        "awarded",
        "metered",
        "off by",
        "%",
        "lowest kW",
        "highest kW",
    )
    rows: list[tuple[Any, ...]] = [
        (
            r["tariff"],
            r["population"],
            f"{r['devices']:,}",
            *(_written(r[name], ",.1f") for name in ("awarded_kwh", "metered_kwh", "off_award_kwh")),
            _percent(r["off_award_frac"]),
            *(_written(r[name], ",.1f") for name in ("lowest_kw", "highest_kw")),
        )
        for r in figures["populations"]
    ]
    return "Devices that take part [kWh]", heads, rows, range(2, 9)


def _bills(figures: Figures) -> Table:
    heads = (
        "tariff", "who", "customers", "without", "mean change", "median", "%", "better off %", "worse off %",
        "kWh %",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        (
            r["tariff"],
            GROUPS[r["group"]] or f"… slider {_band(r)}",
            f"{r['customers']:,}",
            _written(r["base_mean_usd"], ",.2f"),
            *(_signed(r[f"change_{name}_usd"], ",.2f") for name in ("mean", "median")),
            _percent(r["change_frac"], "+"),
            *(_percent(r[f"{name}_off_frac"]) for name in ("better", "worse")),
            _percent(r["energy_kwh"]["change_frac"], "+") if r["energy_kwh"] else "",
        )
        for r in figures["bills"]
    ]
    return f"Bills of {', '.join(figures['billed_periods'])} [USD/customer]", heads, rows, range(2, 10)


def _band(row: Figures) -> str:
    return f"{row['slider_from']:.2f}–{row['slider_to']:.2f}"


def _comfort(figures: Figures) -> Table:
    heads = ("tariff", "population", "slider", "customers", "mean", "median", "highest", "any %", "unit")
    missed = {
        (r["tariff"], r["population"])
        for r in figures["comfort"]
        if r["slider_from"] is None and r["highest"] >= NOTICED
    }
    rows: list[tuple[Any, ...]] = [
        (
            r["tariff"],
            r["population"],
            "all" if r["slider_from"] is None else _band(r),
            f"{r['customers']:,}",
            *(_written(r[name], ",.2f") for name in ("mean", "median", "highest")),
            _percent(r["any_frac"]),
            r["unit"] if r["slider_from"] is None else "",
        )
        for r in figures["comfort"]
        if r["slider_from"] is None or (r["tariff"], r["population"]) in missed
    ]
    return "Wishes missed with the market, per customer", heads, rows, range(3, 8)


def _lse(lse: list[Figures]) -> Iterator[tuple[Any, ...]]:
    """Each LSE's account in the columns of the page of a run; what is nothing in both runs is left out."""
    column = {kind: name for name, kinds in LSE_KINDS.items() for kind in kinds} | {"surplus": "surplus"}
    for tariff in dict.fromkeys(r["tariff"] for r in lse):
        sums: dict[str, list[float]] = {}
        for row in (r for r in lse if r["tariff"] == tariff):
            both = sums.setdefault(column.get(row["kind"], "other"), [0.0, 0.0])
            for k, name in enumerate(("base", "market")):
                both[k] += row["usd"][name]
        for name in (*LSE_KINDS, "other", "surplus"):
            if any(sums.get(name, ())):
                yield tariff, name, *_beside(change(*sums[name]), ",.2f")


def _money(money: Figures) -> Iterator[Table]:
    rows = [*_lse(money["lse"])]
    yield "LSEs, taken in and paid [USD]", ("tariff", "what", *BESIDE), rows, range(2, 6)
    rows = [(r["account"], r["kind"], *_beside(r["usd"], ",.2f")) for r in money["operator"]]
    yield "The DO, taken in [USD]", ("account", "what", *BESIDE), rows, range(2, 6)
    forms = {"cost_usd": ",.2f", "energy_kwh": ",.1f", "average_usd_per_kwh": ".5f"}
    labels = ("cost [USD]", "energy [kWh]", "average price [USD/kWh]")
    rows = [
        (label, *_beside(money["wholesale"][name], form))
        for label, (name, form) in zip(labels, forms.items(), strict=True)
    ]
    yield "Wholesale", ("", *BESIDE), rows, range(1, 5)
