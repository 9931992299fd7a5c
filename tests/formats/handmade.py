"""Run files and meter files written by hand, so that every number in them is known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dso.run_file import SCHEMA_VERSION, TABLES

CHICAGO = {"timezone": "America/Chicago", "series": [
    {"name": "da", "physical": False}, {"name": "rt", "physical": True},
]}  # fmt: skip
NOON_S = 1_470_848_400  # 2016-08-10T17:00Z, noon in Chicago
QUARTER_S = 900
Rows = Sequence[Mapping[str, Any]]


def run_file(path: Path, resolved: Mapping[str, Any] = CHICAGO, **tables: Rows) -> Path:
    """A run file with these rows in its tables, and nothing else."""
    facts = {
        "format": "dso run",
        "schema_version": str(SCHEMA_VERSION),
        "status": "finished",
        "name": "by hand",
        "seed": "1",
    }
    facts["resolved"] = json.dumps(resolved)
    database = sqlite3.connect(path)
    for table in TABLES:
        database.execute(table.create())
        for row in tables.get(table.name, ()):
            cells = [json.dumps(v) if isinstance(v, list) else v for v in row.values()]
            marks = ", ".join("?" * len(cells))
            database.execute(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({marks})", cells)
    database.executemany("INSERT INTO run VALUES (?, ?)", facts.items())
    database.commit()
    database.close()
    return path


def metered(path: Path, columns: Sequence[Sequence[int | None] | None], **tables: Rows) -> Path:
    """A run whose quarters of an hour from noon on read so much, in mWh, of each customer."""
    readings = [
        {"market": f"rt-{place}", "interval_start": NOON_S + QUARTER_S * place, "interval_s": QUARTER_S,
         "customers_milliwh": None if column is None else list(column)}
        for place, column in enumerate(columns)
    ]  # fmt: skip
    return run_file(path, readings=readings, **tables)


def entry(content: str, own: str = "", up: str = "", related: Sequence[str] = (), title: str = "") -> str:
    """An Atom entry around an ESPI resource."""
    links = f'<link rel="self" href="{own}"/>' if own else ""
    links += f'<link rel="up" href="{up}"/>' if up else ""
    links += "".join(f'<link rel="related" href="{href}"/>' for href in related)
    return f"<entry>{links}<title>{title}</title><content>{content}</content></entry>\n"


def reading(start_s: int, value: int | str, duration_s: int | str = 3600) -> str:
    """An interval reading, in a line of its own."""
    period = f"<timePeriod><duration>{duration_s}</duration><start>{start_s}</start></timePeriod>"
    return f"<IntervalReading>{period}<value>{value}</value></IntervalReading>\n"


def block(*readings: str) -> str:
    """An interval block."""
    return f'<IntervalBlock xmlns="http://naesb.org/espi">\n{"".join(readings)}</IntervalBlock>'


def reading_type(**numbers: int) -> str:
    """A ReadingType; without more, energy by interval in Wh that was drawn."""
    every = {"accumulationBehaviour": 4, "commodity": 1, "flowDirection": 1, "kind": 12, "uom": 72} | numbers
    inside = "".join(f"<{name}>{number}</{name}>" for name, number in every.items() if number is not None)
    return f'<ReadingType xmlns="http://naesb.org/espi">{inside}</ReadingType>'


def point(number: int = 1, kind: int = 0) -> str:
    """A usage point and its links, as the standard has them."""
    content = (
        f'<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>{kind}</kind></ServiceCategory>'
    )
    path = f"/UsagePoint/{number}"
    related = (f"{path}/MeterReading",)
    return entry(f"{content}</UsagePoint>", path, "/UsagePoint", related, f"house {number}")


def meter(readings: str, kind: str, number: int = 1, channel: int = 1) -> str:
    """A meter reading of a usage point with its type and its block."""
    path = f"/UsagePoint/{number}/MeterReading/{channel}"
    type_path = f"/ReadingType/{number}-{channel}"
    return (
        entry('<MeterReading xmlns="http://naesb.org/espi"/>', path, f"/UsagePoint/{number}/MeterReading",
              (f"{path}/IntervalBlock", type_path), f"channel {channel}")
        + entry(kind, type_path, "/ReadingType")
        + entry(readings, f"{path}/IntervalBlock/1", f"{path}/IntervalBlock")
    )  # fmt: skip


def feed(*entries: str) -> str:
    """An Atom feed."""
    return f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n{"".join(entries)}</feed>\n'
