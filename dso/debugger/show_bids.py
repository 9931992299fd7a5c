"""What was bid in a market: as facts for a table, and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dso.debugger.session import StepSession
from dso.debugger.show import MOST_ROWS, tariff_named, times_of, wrong
from dso.debugger.show_table import aligned
from dso.messages import Bids


@dataclass(frozen=True, slots=True)
class Heard:
    """The bids of one sender: what they are in one line, and some of the first interval."""

    summary: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # customer, its vertices as kW @ USD/kWh
    more: int  # bids that are not among the rows


def heard(session: StepSession, tariff: str = "", customer: int | None = None) -> dict[str, list[Heard]]:
    """What was bid in the open round of the market in focus, by tariff; empty if no tariff has an MO.

    Raises
    ------
    InputError : no market is alive, or there is no such tariff, or no such customer bids on it.
    """
    market, operators = times_of(session).market, session.engine.world.operators
    names = [tariff_named(session, tariff, operators)] if tariff else list(operators)
    records = {name: operators[name].records.get(market) for name in names}
    return {
        name: [_heard(name, message, customer) for message in record.accepted] if record is not None else []
        for name, record in records.items()
    }


def bids(session: StepSession, tariff: str = "", customer: int | None = None) -> Iterator[str]:
    """What was bid in the open round: by sender, and some bids of the first interval."""
    found = heard(session, tariff, customer)
    if not found:
        yield "no tariff has a market operator: nobody bids"
    for name, senders in found.items():
        if not senders:
            yield f"{name}: no bids yet"
        for each in senders:
            yield each.summary
            rows = [(number, "  ".join(vertices)) for number, vertices in each.rows]
            yield from aligned(("customer", "kW @ USD/kWh"), rows, left=2)
            if each.more:
                yield f"… and {each.more} more; `bids {name} CUSTOMER` shows one"


def _heard(tariff: str, message: Bids, customer: int | None) -> Heard:
    total, intervals = message.quantity_kw.sum(axis=1), message.quantity_kw.shape[0]
    summary = (
        f"{tariff}: {len(message.customers)} bids of {message.sender}, round {message.round}, "
        f"{intervals} intervals, {total[0].min():,.1f} to {total[0].max():,.1f} kW in the first"
    )
    chosen = (
        np.arange(len(message.customers))
        if customer is None
        else np.flatnonzero(message.customers == customer)
    )
    if customer is not None and not len(chosen):
        bidding = [str(c) for c in message.customers[:MOST_ROWS]]
        raise wrong(f"customer {customer} has no bid on {tariff}; such as {', '.join(bidding)} have")
    rows = tuple((int(message.customers[i]), _vertices(message, i)) for i in chosen[:MOST_ROWS])
    return Heard(summary, rows, max(len(chosen) - MOST_ROWS, 0))


def _vertices(message: Bids, i: int) -> tuple[str, ...]:
    both = zip(message.quantity_kw[0, i], message.price_usd_per_kwh[0, i], strict=True)
    return tuple(f"{q:.3f} @ {p:.4f}" for q, p in both)
