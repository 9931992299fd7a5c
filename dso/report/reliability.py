"""How reliable supply was in a run: indices of what was planned and what was not."""

from __future__ import annotations

from typing import Any

from dso.operators.reliability import Indices, Interruption
from dso.run_file import RunReader


def reliability_of(reader: RunReader) -> dict[str, Any] | None:
    """Indices of failures and of maintenance, and each outage; None where nothing was out."""
    rows = reader.rows("SELECT * FROM outages ORDER BY since_s, outage")
    customers = reader.row("SELECT SUM(customers) n FROM tariffs").get("n")
    if not rows or not customers:
        return None
    return {
        "customers": customers,
        "unplanned": _indices([r for r in rows if r["cause"] == "failure"], customers),
        "planned": _indices([r for r in rows if r["cause"] != "failure"], customers),
        "outages": [{key: value for key, value in row.items() if key != "seq"} for row in rows],
    }


def _indices(rows: list[dict[str, Any]], customers: int) -> dict[str, Any]:
    found = Indices.of((Interruption(r["customers"], r["customer_minutes"]) for r in rows), customers)
    return {
        "outages": len(rows),
        "saidi_min": found.saidi_min,
        "saifi": found.saifi,
        "caidi_min": found.caidi_min,
    }


def reliability_lines(found: dict[str, Any] | None) -> list[str]:
    """The indices in words, one line for what was not planned and one for what was."""
    lines = []
    for name in ("unplanned", "planned"):
        part = found[name] if found is not None else None
        if part is not None and part["outages"]:
            average = f", CAIDI {part['caidi_min']:,.1f} min" if part["caidi_min"] is not None else ""
            figures = f"SAIDI {part['saidi_min']:,.2f} min, SAIFI {part['saifi']:,.3f}{average}"
            lines.append(f"{part['outages']} {name}: {figures}")
    return lines
