"""What LSEs pay the DO for the wires behind the head: marginal losses, rent of each element, voltage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dso.engine.deal import Deal
from dso.engine.market_work import MarketWork
from dso.ledger import LOSS_SURPLUS, VOLTAGE_RENT, rent_account

Share = tuple[Deal, float, float]  # whose, what it owes [USD], for how much [kWh]


def wires_charges(
    work: MarketWork, t: int, deals: Sequence[Deal], wholesale: float
) -> Iterator[tuple[str, str, list[Share]]]:
    """Kind, payee and shares of each charge of an interval.

    Marginal losses: w·Σ ∂losses/∂load·load, less the losses that the LSE has bought already, so that it pays
    for them once and the surplus is left. Element k: shadow·Σ weight·load.

    Parameters
    ----------
    t : index of the interval.
    deals : of all LSEs.
    wholesale : w [USD/kWh].
    """
    schedule = work.subject.schedule
    if schedule is None or schedule.at_points is None:
        return
    prices = schedule.at_points
    lost = [float(prices.losses[t] @ d.points_kwh) - wholesale * (d.head_kwh - d.rent_kwh) for d in deals]
    yield "marginal losses", LOSS_SURPLUS, _shares(deals, lost)
    for row, shadow in prices.binding:
        if row.interval != t:
            continue
        owed = [shadow * float(row.weight @ d.points_kwh) for d in deals]
        if row.kind == "voltage":
            yield "voltage rent", VOLTAGE_RENT, _shares(deals, owed)
        else:
            yield "congestion rent", rent_account(row.element), _shares(deals, owed)


def _shares(deals: Sequence[Deal], usd: Sequence[float]) -> list[Share]:
    return [(d, amount, d.rent_kwh) for d, amount in zip(deals, usd, strict=True)]
