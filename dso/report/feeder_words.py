"""What went on along the feeder in one interval, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dso.clock import parse_time
from dso.report.layout import labelled, table_lines
from dso.report.local_time import local_time

Facts = dict[str, Any]
MOST_BOUND = 10
NOT_KEPT = "not kept by node and element (settings: records: summary)"


def feeder_lines(facts: Facts, zone: str, width: int) -> Iterator[tuple[str, bool]]:
    """Lines, each with whether it is a heading.

    Parameters
    ----------
    facts : of `feeder_facts`.
    zone : the study's time zone.
    width : of the terminal, in characters.
    """
    start, end = (local_time(parse_time(facts[key]), zone) for key in ("start", "end"))
    yield f"{start} to {end} · {facts['market']}", True
    for label, text in _summary(facts):
        yield from ((line, False) for line in labelled(label, text, width))
    for title, heads, rows, right in (_elements(facts), _bound(facts), _dearest(facts)):
        if rows:
            yield "", False
            yield title, True
            yield from ((line, False) for line in table_lines(heads, rows, right=right, width=width))


def _summary(facts: Facts) -> Iterator[tuple[str, str]]:
    share = facts["losses_kw"] / facts["head_kw"] if facts["head_kw"] else 0.0
    yield "Head", f"{facts['head_kw']:,.1f} kW and {facts['head_kvar']:,.1f} kvar"
    yield "Losses", f"{facts['losses_kw']:,.1f} kW, {share:.2%} of the head"
    voltage = facts["voltage"]
    yield "Voltage", f"lowest {_node(voltage['lowest'])}; highest {_node(voltage['highest'])}"
    if not facts["elements"]:
        yield "", NOT_KEPT
        yield "Loading", f"highest {facts['highest_loading_pu']:.1%}"
    if not facts["bound"]:
        yield "Bound", "nothing"
    prices = facts["prices"]
    if prices is None:
        yield "Prices", "the same at every point"
        return
    whose = f"of {prices['tariff']}" if prices["tariff"] else "that nobody is charged (wholesale and wires)"
    low, high = prices["cheapest"], prices["dearest"][0]
    yield (
        "Prices",
        f"{low['usd_per_kwh']:.5f} at {low['point']} to {high['usd_per_kwh']:.5f} USD/kWh at {high['point']}"
        f", {whose}, at {prices['points']:,} points; wholesale {prices['wholesale_usd_per_kwh']:.5f}",
    )


def _node(at: Facts) -> str:
    if at["node"] is None:
        return f"{at['pu']:.4f} p.u."
    far = f", {at['distance_km']:.2f} km out" if at["distance_km"] is not None else ""
    where = " at the service" if at["at_service"] else " on the primaries"
    return f"{at['pu']:.4f} p.u. at {at['node']} ({where.strip()}{far})"


Table = tuple[str, tuple[str, ...], list[tuple[Any, ...]], range]


def _elements(facts: Facts) -> Table:
    rows = [
        (r["element"], f"{r['loading_pu']:.1%}", _rating(r), "over its rating" if r["loading_pu"] > 1 else "")
        for r in facts["elements"]
    ]
    heads = ("element", "loading", "rating", "")
    columns = 4 if any(row[3] for row in rows) else 3
    return "Most loaded", heads[:columns], [row[:columns] for row in rows], range(1, columns)


def _rating(row: Facts) -> str:
    return f"{row['rating']:,.1f} {row['unit']}" if row["rating"] is not None else "none"


def _bound(facts: Facts) -> Table:
    rows = [(r["element"], r["kind"], _shadow(r), f"{r['rent_usd_per_h']:,.4f}") for r in facts["bound"]]
    title = "What bound"
    if len(rows) > MOST_BOUND:
        title += f" · the {MOST_BOUND} with the greatest rent of {len(rows):,}"
    return title, ("element", "limit", "shadow price", "rent [USD/h]"), rows[:MOST_BOUND], range(2, 4)


def _shadow(row: Facts) -> str:
    """Per kW at the head; behind it per unit of the rating or of the nominal voltage."""
    if "shadow_usd_per_h" in row:
        return f"{row['shadow_usd_per_h']:,.4f} USD/h per p.u."
    return f"{row['congestion_usd_per_kwh']:,.5f} USD/kWh"


def _dearest(facts: Facts) -> Table:
    heads = ("point", "km", "price", "energy", "losses", "congestion", "voltage")
    prices = facts["prices"] or {"dearest": []}
    rows = [
        (
            r["point"],
            f"{r['distance_km']:.2f}" if r["distance_km"] is not None else "",
            *(f"{r[key]:.5f}" for key in ("usd_per_kwh", *(f"{part}_usd_per_kwh" for part in heads[3:]))),
        )
        for r in prices["dearest"]
    ]
    return "Dearest points [USD/kWh]", heads, rows, range(1, 7)
