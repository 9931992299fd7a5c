"""The DO's wires from a scenario: which model, and who sits where."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dso.errors import InputError, Problem
from dso.messages import FloatArray, IntArray
from dso.network.static import Derate, StaticNetwork
from dso.ports import Feeder, NetworkModel
from dso.scenario.model import Scenario
from dso.scenario.network import GridLabDNetwork, OpenDssNetwork, PowerFlow
from dso.scenario.times import instant
from dso.statechart.form import suggest

if TYPE_CHECKING:
    from dso.network.services import ServicePoint

MOST_TOLD = 5  # customers without a line, of possibly thousands


@dataclass(frozen=True, slots=True, eq=False)
class Wires:
    """A DO's picture of its wires, what takes its place, and where customers sit."""

    network: NetworkModel
    fallback: StaticNetwork
    point_of: IntArray | None  # (customers,) None: all at the only point


def wires_of(scenario: Scenario, folder: Path, peak_kw: FloatArray) -> Wires:
    """The DO's wires.

    Parameters
    ----------
    scenario : a checked scenario.
    folder : what its paths are relative to.
    peak_kw : (customers,) design peak of each customer [kW].

    Raises
    ------
    InputError : the feeder cannot be used, or customers do not fit it; with everything that is wrong.
    """
    head, given = head_of(scenario), scenario.network
    if not isinstance(given, OpenDssNetwork | GridLabDNetwork):
        return Wires(head, head, None)
    from dso.network.power_flow import PowerFlowNetwork

    if isinstance(given, OpenDssNetwork):
        feeder, point_of = _opendss(given, folder, peak_kw)
        published = not given.services
    else:
        feeder, point_of = _gridlabd(given, folder, len(peak_kw))
        published = True
    return Wires(
        PowerFlowNetwork(head, feeder, emergency=given.emergency, published=published), head, point_of
    )


def head_of(scenario: Scenario) -> StaticNetwork:
    """What is said of the head of the feeder."""
    given = scenario.network
    derates = [
        Derate(
            instant(d.from_, scenario),
            instant(d.to, scenario),
            d.import_limit_kw,
            d.export_limit_kw,
            d.planned,
        )
        for d in given.derates
    ]
    return StaticNetwork(
        import_limit_kw=_or_infinite(given.import_limit_kw),
        export_limit_kw=_or_infinite(given.export_limit_kw),
        loss_frac=given.loss_frac,
        derates=tuple(derates),
    )


def _or_infinite(value: float | None) -> float:
    return float("inf") if value is None else value


def _opendss(given: OpenDssNetwork, folder: Path, peak_kw: FloatArray) -> tuple[Feeder, IntArray]:
    from dso.network.feeder_files import feeder_file
    from dso.network.opendss import OpenDssFeeder

    master = feeder_file(given.feeder, folder)
    if not given.services:
        feeder = OpenDssFeeder(master, substation_kva=given.substation_kva)
        return feeder, _places(given, folder, feeder, len(peak_kw))
    services, point_of = _homes(given, folder, master, peak_kw)
    return OpenDssFeeder(master, services, substation_kva=given.substation_kva), point_of


def _homes(
    given: OpenDssNetwork, folder: Path, master: Path, peak_kw: FloatArray
) -> tuple[tuple[ServicePoint, ...], IntArray]:
    """Homes at the feeder's loads, as the table says or spread as those are."""
    from dso.network.feeder_loads import loads_of
    from dso.network.services import fitted, homes_at, services_at, services_for

    loads = [load for load in loads_of(master) if load.kw > 0]
    if not loads:
        raise _wrong(f"{given.feeder}: no load of it draws anything, so there is no place for homes")
    if given.customers is None:
        services = services_for(loads, len(peak_kw))
        point_of = homes_at(services)
    else:
        rows = _rows(folder / given.customers, len(peak_kw))
        at_load = _known(rows, [load.name for load in loads], given.customers)
        services = services_at(loads, np.bincount(at_load, minlength=len(loads)).tolist())
        point_of = _in_order(at_load, np.repeat(np.arange(len(services)), [s.homes for s in services]))
    try:
        return fitted(services, point_of, peak_kw), point_of
    except ValueError as error:  # a customer too large for any transformer
        raise _wrong(f"{given.feeder}: {error}; customers as large as that need `services: false`") from error


def _gridlabd(given: GridLabDNetwork, folder: Path, customers: int) -> tuple[Feeder, IntArray]:
    from dso.network.gridlabd import GridLabDFeeder

    path = folder / given.glm
    if not path.is_file():
        raise InputError([Problem("", f"there is no file {given.glm} beside the scenario")])
    feeder = GridLabDFeeder(path, substation_kva=given.substation_kva)
    return feeder, _places(given, folder, feeder, customers)


def _places(given: PowerFlow, folder: Path, feeder: Feeder, customers: int) -> IntArray:
    """Points from the table, or spread as the feeder's own load is, by largest remainder."""
    from dso.network.services import largest_remainder

    if given.customers is not None:
        return _known(_rows(folder / given.customers, customers), feeder.points, given.customers)
    if not (feeder.base_kw > 0).any():
        raise _wrong("no load of the feeder draws anything, so there is no place for customers")
    counts = largest_remainder([max(0.0, kw) for kw in feeder.base_kw.tolist()], customers)
    return np.repeat(np.arange(len(counts)), counts).astype(np.int64)


def _in_order(at_load: IntArray, places: IntArray) -> IntArray:
    """Customers of one load fill its service points one after the other."""
    point_of = np.empty(len(at_load), np.int64)
    point_of[np.argsort(at_load, kind="stable")] = places
    return point_of


def _rows(path: Path, customers: int) -> list[str]:
    """The point of each customer, from a table with `customer` and `point`."""
    rows = _table(path)
    found: dict[int, str] = {}
    problems = []
    for line, row in enumerate(rows, 2):
        number = row["customer"].strip()
        if not number.isdecimal() or not int(number) < customers:
            problems.append(f"{path.name}:{line}: customer must be 0 to {customers - 1}, was '{number}'")
        elif int(number) in found:
            problems.append(f"{path.name}:{line}: customer {number} stands there twice")
        else:
            found[int(number)] = row["point"].strip()
    missing = [k for k in range(customers) if k not in found]
    if missing and not problems:
        some = ", ".join(map(str, missing[:MOST_TOLD]))
        more = " …" if len(missing) > MOST_TOLD else ""
        problems.append(f"{path.name} has no line for customer {some}{more}")
    if problems:
        raise InputError([Problem("", what) for what in problems])
    return [found[k] for k in range(customers)]


def _table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with the columns `customer` and `point`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{path.name} cannot be read as a table in UTF-8: is it beside the scenario?") from error
    if not {"customer", "point"} <= set(columns):
        has = ", ".join(columns) or "none"
        raise _wrong(f"{path.name} needs the columns customer and point, has {has}")
    return rows


def _known(rows: list[str], names: tuple[str, ...] | list[str], table: str) -> IntArray:
    """The index of each name; raises InputError with those that there are not."""
    index = {name.lower(): k for k, name in enumerate(names)}
    unknown = sorted({row for row in rows if row.lower() not in index})
    if unknown:
        raise InputError(
            [Problem("", f"{table}: there is no point '{u}'; {suggest(u, names)}") for u in unknown]
        )
    return np.array([index[row.lower()] for row in rows], np.int64)


def _wrong(what: str) -> InputError:
    return InputError([Problem("", what)])
