"""What a run studied, in the few rows with which a report begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dso.run_file import RunReader

Part = dict[str, Any]

UNITS = {
    "_usd_per_kwh": "USD/kWh",
    "_usd_per_month": "USD/month",
    "_usd_per_kw": "USD/kW",
    "_usd": "USD",
    "_kw": "kW",
    "_kva": "kVA",
    "_frac": "",
}


def study_rows(reader: RunReader) -> Iterator[tuple[str, str]]:
    """Label and text of each row; a run that was made without a scenario has its seed and versions only."""
    resolved = json.loads(reader.facts.get("resolved", "{}"))
    if "start" in resolved and "end" in resolved:
        yield "Time", f"{_moment(resolved['start'])} to {_moment(resolved['end'])}, {resolved['timezone']}"
    if "customers" in resolved:
        yield "Customers", f"{resolved['customers']['count']:,}"
    for number, tariff in enumerate(resolved.get("tariffs", [])):
        yield "" if number else "Tariffs", _tariff(tariff)
    for number, series in enumerate(resolved.get("series", [])):
        yield "" if number else "Markets", _series(series)
    for name in ("network", "wholesale"):
        if name in resolved:
            yield name.capitalize(), _part(resolved[name])
    versions = json.loads(reader.facts.get("versions", "{}"))
    yield "Seed", reader.facts.get("seed", "")
    yield "Made with", ", ".join(f"{package} {version}" for package, version in versions.items())


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M%z")


def _tariff(tariff: Part) -> str:
    more = {k: v for k, v in tariff.items() if k not in ("name", "kind", "share")}
    return f"{tariff['name']}: {tariff['kind']}, {tariff['share']:.0%} of customers{_more(more)}"


def _series(series: Part) -> str:
    refines = f", refines {series['refines']}" if series.get("refines") else ""
    what = "delivers" if series.get("physical") else "takes positions"
    return f"{series['name']}: {series['intervals']} × {series['interval']}{refines}, {what}"


def _part(part: Part) -> str:
    return f"{part.get('kind', '')}{_more({k: v for k, v in part.items() if k != 'kind'})}"


def _more(fields: Part) -> str:
    """What a part says beside its name: plain values; of lists only how many there are."""
    said = [
        _said(key, value)
        for key, value in fields.items()
        if value is not None and value != [] and not isinstance(value, dict)
    ]
    return f"; {', '.join(said)}" if said else ""


def _said(key: str, value: Any) -> str:
    """A field in words: `rate_usd_per_kwh: 0.1` is a rate of 0.1 USD/kWh."""
    suffix = next((s for s in UNITS if key.endswith(s)), "")
    words = key.removesuffix(suffix).replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"no {words}"
    if isinstance(value, list):
        return f"{len(value)} {words}"
    number = f"{value:,g}" if isinstance(value, int | float) else str(value)
    return f"{words} {number} {UNITS[suffix]}".rstrip() if suffix else f"{words} {number}"
