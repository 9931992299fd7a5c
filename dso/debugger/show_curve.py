"""A market's clearing drawn in the terminal: demand, supply, limit, and where they meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dso.clock import iso
from dso.debugger.facts import lse_records
from dso.debugger.session import StepSession
from dso.debugger.show import tariff_named, times_of, wrong
from dso.market import Curve
from dso.messages import FloatArray

WIDTH, HEIGHT = 66, 15  # of the drawing, in characters; each has two by four dots
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
DEMAND, SUPPLY, MEET = "demand", "supply", "●"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn: total demand over the retail price of one tariff, what supplies it, where they meet."""

    title: str
    demand: Curve
    supply_usd_per_kwh: float
    limit_kw: float
    load_kw: float
    price_usd_per_kwh: float


def curve(session: StepSession, tariff: str = "", interval: int | None = None) -> Iterator[str]:
    """The picture of one interval of the market in focus, the dearest if none is given.

    Raises
    ------
    InputError : the market has no curves yet, or there is no such tariff or interval.
    """
    yield from lines_of(picture(session, tariff, interval))


def picture(session: StepSession, tariff: str, interval: int | None) -> Picture:
    """All tariffs' demand as the congestion price moves, over the retail price of one of them."""
    times, world = times_of(session), session.engine.world
    records = lse_records(session.engine, times.market)
    if not records or not all(r.curves for r in records.values()):
        raise wrong(f"{times.market}: the tariffs have offered no curves yet; until validating leads there")
    usual = next(iter(world.operators), next(iter(records)))
    name = tariff_named(session, tariff, records) if tariff else usual
    t = _dearest(session, times.market) if interval is None else interval
    if not 0 <= t < len(times.intervals):
        raise wrong(f"there is no interval {t}; there are 0 to {len(times.intervals) - 1}")
    delivered = _delivered(session, times.market, t)
    demand = Curve.total(
        Curve(r.curves[t].price_usd_per_kwh + (delivered[name] - delivered[n]), r.curves[t].quantity_kw)
        for n, r in records.items()
    )
    load_kw, price = _meeting(session, times.market, name, t) or (
        float(demand.quantity_above(delivered[name])),
        delivered[name],
    )
    factor = float(_loss_factor(session, times.market, t))
    title = f"{times.market}  {iso(times.intervals[t].start_s)}  retail price of {name}"
    limit_kw = _limit(session, times.market, t) / factor
    return Picture(title, demand, delivered[name], limit_kw, load_kw, price)


def _loss_factor(session: StepSession, market: str, t: int) -> float:
    """Power at the head per power at the meters, at the forecast."""
    known = session.engine.world.distribution.records[market].loss_factor
    return 1.0 if known is None else float(known[t])


def _dearest(session: StepSession, market: str) -> int:
    """The interval with the highest price at the bus and of the wires, of what is known so far."""
    wholesale = _wholesale(session, market)
    schedule = session.engine.machines[market].subject.schedule
    congestion = [r.congestion_usd_per_kwh for r in lse_records(session.engine, market).values()]
    if congestion and congestion[0] is not None:
        return int(np.argmax(wholesale + congestion[0]))
    return int(np.argmax(wholesale if schedule is None else wholesale + schedule.congestion_usd_per_kwh))


def _delivered(session: StepSession, market: str, t: int) -> dict[str, float]:
    """What energy costs each tariff's customers where the wires do not bind [USD/kWh]."""
    wholesale, nothing = _wholesale(session, market)[t : t + 1], np.zeros(1)
    retailers = session.engine.world.retailers
    return {n: float(r.strategy.retail_usd_per_kwh(wholesale, nothing)[0]) for n, r in retailers.items()}


def _meeting(session: StepSession, market: str, tariff: str, t: int) -> tuple[float, float] | None:
    """Load of all tariffs and price of one: as awarded, or as scheduled; None before there is either."""
    records = lse_records(session.engine, market)
    loads = [r.load_kw for r in records.values()]
    retail = records[tariff].retail_usd_per_kwh
    if retail is not None and all(load is not None for load in loads):
        return float(sum(load[t] for load in loads if load is not None)), float(retail[t])
    schedule = session.engine.machines[market].subject.schedule
    if schedule is None:
        return None
    return float(schedule.total_kw()[t]), float(schedule.retail_usd_per_kwh[tariff][t])


def _wholesale(session: StepSession, market: str) -> FloatArray:
    """Wholesale prices, or what is expected of them, (t,)."""
    for record in lse_records(session.engine, market).values():
        if record.wholesale_usd_per_kwh is not None:
            return record.wholesale_usd_per_kwh
    expected: FloatArray = session.engine.machines[market].subject.expected_usd_per_kwh
    return expected


def _limit(session: StepSession, market: str, t: int) -> float:
    """What the DO has set, or what its wires carry now, at the head."""
    do = session.engine.world.distribution
    least = float(do.records[market].limits.import_kw[t])
    ask = getattr(do.network, "limits", None)
    if ask is None:
        return least
    interval = session.engine.machines[market].subject.times.intervals[t]
    return min(least, float(ask([interval], session.now_s).import_kw[0]))


def lines_of(p: Picture, width: int = WIDTH, height: int = HEIGHT) -> Iterator[str]:
    """The picture as lines of text: its title, the drawing, its axis, what it shows.

    Parameters
    ----------
    width, height : of the drawing, in characters; its axis and what it shows come on top.
    """
    (q0, q1), (p0, p1) = _window(p)
    dots = np.zeros((height * 4, width * 2), bool)
    prices = np.linspace(p1, p0, height * 4)
    _trace(dots, p.demand, prices, q0, q1)
    across = min(p.limit_kw, q1)
    row = _place(p1 - p.supply_usd_per_kwh, p1 - p0, height * 4)
    column = _column(across, q0, q1, width * 2)
    if 0 <= row < height * 4:
        dots[row, : column + 1 : 2] = True
    if p.limit_kw <= q1:
        dots[: max(row, 0) + 1 : 2, column] = True
    grid = [
        [_braille(dots[4 * y : 4 * y + 4, 2 * x : 2 * x + 2]) for x in range(width)] for y in range(height)
    ]
    y = _place(p1 - p.price_usd_per_kwh, p1 - p0, height * 4) // 4
    x = _column(p.load_kw, q0, q1, width * 2) // 2
    grid[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)] = MEET
    yield p.title
    for k, cells in enumerate(grid):
        shown = p1 - (p1 - p0) * (k + 0.5) / height
        yield f"{shown:9.4f} │" + "".join(cells).rstrip()
    yield " " * 10 + "└" + "─" * width
    left, right = f"{q0:,.0f}", f"{q1:,.0f} kW at the meters"
    yield " " * 11 + left + right.rjust(width - len(left))
    yield from _legend(p)


def _legend(p: Picture) -> Iterator[str]:
    limit = f", limit {p.limit_kw:,.1f} kW" if np.isfinite(p.limit_kw) else ", no limit"
    yield f"  {MEET} {p.load_kw:,.1f} kW at {p.price_usd_per_kwh:.5f} USD/kWh"
    yield f"  solid: demand; dotted: supply at {p.supply_usd_per_kwh:.5f} USD/kWh delivered{limit}"
    difference = p.price_usd_per_kwh - p.supply_usd_per_kwh
    if abs(difference) > 1e-9:
        if np.isfinite(p.limit_kw) and abs(p.load_kw - p.limit_kw) < 1e-3 * abs(p.limit_kw):
            yield f"  the limit binds: μ = {difference:.5f} USD/kWh"
        else:
            yield f"  the substation's life or capacity behind it adds {difference:.5f} USD/kWh"


def _window(p: Picture) -> tuple[tuple[float, float], tuple[float, float]]:
    """What is shown: the prices around supply and clearing, and the quantities that lie there."""
    low, high = sorted((p.supply_usd_per_kwh, p.price_usd_per_kwh))
    room = max(0.6 * (high - low), 0.25 * abs(high), 0.01)
    p0, p1 = low - room, high + room
    ends = [float(p.demand.quantity_below(p0)), float(p.demand.quantity_above(p1)), p.load_kw]
    if np.isfinite(p.limit_kw) and abs(p.limit_kw - p.load_kw) < 0.5 * max(abs(p.load_kw), 1.0):
        ends.append(p.limit_kw)
    margin = max(0.08 * (max(ends) - min(ends)), 0.005 * max(abs(e) for e in ends), 1e-6)
    return (min(ends) - margin, max(ends) + margin), (p0, p1)


def _trace(dots: np.ndarray, demand: Curve, prices: FloatArray, q0: float, q1: float) -> None:
    """Draw demand, price by price, with what lies between two of them."""
    above, below = demand.quantity_above(prices), demand.quantity_below(prices)
    before = None
    for row, (least, most) in enumerate(zip(above, below, strict=True)):
        a, b = (_column(float(q), q0, q1, dots.shape[1]) for q in (least, most))
        start = a if before is None else min(a, before)
        dots[row, max(start, 0) : max(b, start) + 1] = True
        before = b


def _place(part: float, whole: float, count: int) -> int:
    return round(part / whole * (count - 1))


def _column(quantity: float, q0: float, q1: float, columns: int) -> int:
    return min(max(_place(quantity - q0, q1 - q0, columns), 0), columns - 1)


def _braille(cell: np.ndarray) -> str:
    bits = sum(DOTS[y][x] for y in range(4) for x in range(2) if cell[y, x])
    return chr(0x2800 + bits) if bits else " "
