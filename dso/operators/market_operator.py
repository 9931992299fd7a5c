"""MO: who takes part, what they bid, and what they are awarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dso.market import Book, faults
from dso.market.capacity import CapacitySale
from dso.market.voltage import VoltageClearing
from dso.messages import Bids, FloatArray, IntArray, Offers, Rejection
from dso.ports import MarketOperatorStrategy, Offering, Population

MOST_USD_PER_KWH = 1e12  # a bid at 1e308 means the same, and would overflow where two are subtracted


@dataclass(frozen=True, slots=True, eq=False)
class MoRecord:
    """What a tariff's MO knows of one market."""

    round: int = 0
    accepted: tuple[Bids, ...] = ()  # rows that count, of this round
    heard: frozenset[str] = frozenset()  # senders heard in this round
    books: tuple[Book, ...] = ()  # one an interval, of the last aggregation
    bidders: IntArray | None = None  # customer behind each row of the books
    bidding: IntArray | None = None  # device behind each
    sales: tuple[CapacitySale, ...] = ()  # of a transformer's capacity, one an interval
    offers: tuple[Offers, ...] = ()  # of reactive power, rows that count, of this round
    offerers: IntArray | None = None  # customer behind each offer of the last purchase
    bought: tuple[VoltageClearing, ...] = ()  # of it, one an interval
    price_usd_per_kwh: FloatArray | None = None  # (t,) published
    device_kw: FloatArray | None = None  # (t, devices) awarded, NaN where nothing was
    binding: bool = False


@dataclass(slots=True)
class MarketOperator:
    """The market operator of one tariff, with its participants and its records by market."""

    tariff: str
    strategy: MarketOperatorStrategy
    populations: tuple[Population, ...]
    customer_count: int
    outside: dict[str, IntArray] = field(default_factory=dict)  # registered senders outside the process
    outside_limits_kw: dict[str, tuple[FloatArray, FloatArray]] = field(default_factory=dict)
    outside_devices: dict[str, IntArray] = field(default_factory=dict)  # where not one each
    records: dict[str, MoRecord] = field(default_factory=dict)
    offering: tuple[Offering, ...] = ()  # who offers reactive power, in a voltage market

    @property
    def senders(self) -> frozenset[str]:
        """Names that may send bids."""
        return frozenset(p.name for p in self.populations) | frozenset(self.outside)

    def limits_of(self, sender: str) -> tuple[IntArray, FloatArray, FloatArray]:
        """A sender's customers with the lowest and highest power of each."""
        for population in self.populations:
            if population.name == sender:
                return population.customers, population.lowest_kw, population.highest_kw
        lowest, highest = self.outside_limits_kw[sender]
        return self.outside[sender], lowest, highest

    def devices_of(self, sender: str, customers: IntArray) -> IntArray:
        """Number of the device that a sender bids for on behalf of each of some customers; −1: of none."""
        known, numbers = self._registered(sender)
        row = _rows_of(customers, known)
        return np.where(row >= 0, numbers[np.maximum(row, 0)], -1) if len(known) else row

    def _registered(self, sender: str) -> tuple[IntArray, IntArray]:
        """A sender's customers and their devices."""
        for population in self.populations:
            if population.name == sender:
                return population.customers, population.devices
        return self.outside[sender], self.outside_devices.get(sender, self.outside[sender])

    def refusal(self, bids: Bids, market: str, round_number: int, intervals: int) -> str | None:
        """Why a whole message does not count, or None."""
        if bids.sender not in self.senders:
            return "from a stranger"
        if bids.market != market:
            return "for another market"
        if bids.round != round_number:
            return f"for round {bids.round}, open is round {round_number}"
        if bids.sender in self.records[market].heard:
            return "duplicate"
        shape, count = bids.quantity_kw.shape, len(bids.customers)
        fits = len(shape) == 3 and shape[:2] == (intervals, count) and shape[2] > 0
        if bids.price_usd_per_kwh.shape != shape or not fits:
            return f"its arrays must have the shape ({intervals}, {count}, points), were {shape}"
        return None

    def refusal_of_offers(self, offers: Offers, market: str, round_number: int, intervals: int) -> str | None:
        """Why a whole message of offers does not count, or None."""
        if offers.sender not in {o.name for o in self.offering}:
            return "from a stranger"
        if offers.market != market or offers.round != round_number:
            return f"for round {offers.round} of {offers.market}, open is round {round_number}"
        if offers.sender in {o.sender for o in self.records[market].offers}:
            return "duplicate"
        shape = (intervals, len(offers.customers))
        if offers.kvar.shape != shape or offers.usd_per_kvarh.shape != shape:
            return f"its arrays must have the shape {shape}, were {offers.kvar.shape}"
        return None

    def sift_offers(self, offers: Offers, market: str) -> tuple[Offers, list[Rejection]]:
        """Split a message of offers into those that count and a rejection for each other."""
        sender = next(o for o in self.offering if o.name == offers.sender)
        row = _rows_of(offers.customers, sender.customers)
        most = np.where(row >= 0, sender.highest_kvar[np.maximum(row, 0)], 0.0)
        kvar, price = offers.kvar, offers.usd_per_kvarh
        finite = np.isfinite(kvar).all(axis=0) & np.isfinite(price).all(axis=0)
        reasons: dict[int, str] = {}
        for faulty, why in (
            (row < 0, "not a registered participant of this sender"),
            (~finite, "a quantity or price is not a finite number"),
            (~((kvar >= 0) & (price >= 0)).all(axis=0), "a quantity or price is negative"),
            ((kvar > most + 1e-9).any(axis=0), "more than the inverter's rating"),
        ):
            for i in np.flatnonzero(faulty).tolist():
                reasons.setdefault(i, why)
        for i in _repeats(offers.customers).tolist():
            reasons.setdefault(i, "duplicate")
        good = np.ones(len(offers.customers), bool)
        good[list(reasons)] = False
        rejections = [
            Rejection(market, offers.sender, int(offers.customers[i]), why)
            for i, why in sorted(reasons.items())
        ]
        kept = replace(
            offers, customers=offers.customers[good], kvar=kvar[:, good], usd_per_kvarh=price[:, good]
        )
        return kept, rejections

    def sift(self, bids: Bids, market: str) -> tuple[Bids, list[Rejection]]:
        """Split a message into the bids that count and a rejection, with its reason, for each other."""
        known, lowest, highest = self.limits_of(bids.sender)
        reasons: dict[int, str] = {}
        row = _rows_of(bids.customers, known)
        for i in np.flatnonzero(row < 0):
            reasons[int(i)] = "not a registered participant of this sender"
        for i in _repeats(bids.customers):
            reasons.setdefault(int(i), "duplicate")
        heard = [self.devices_of(b.sender, b.customers) for b in self.records[market].accepted]
        own = self.devices_of(bids.sender, bids.customers)
        for i in np.flatnonzero(np.isin(own, np.concatenate(heard))) if heard else ():
            reasons.setdefault(int(i), "duplicate: another sender has bid for this customer's device")
        inside = np.maximum(row, 0)
        for t in range(bids.quantity_kw.shape[0]):
            book = Book(bids.quantity_kw[t], bids.price_usd_per_kwh[t])
            for fault in faults(book, least_kw=lowest[inside], most_kw=highest[inside]):
                reasons.setdefault(fault.bid, fault.reason)
        if not reasons:
            return _within_arithmetic(bids), []
        good = np.ones(len(bids.customers), bool)
        good[list(reasons)] = False
        rejections = [
            Rejection(market, bids.sender, int(bids.customers[i]), why) for i, why in sorted(reasons.items())
        ]
        return _within_arithmetic(_rows(bids, good)), rejections


def _within_arithmetic(bids: Bids) -> Bids:
    """Prices beyond all markets, but within what numbers can be subtracted from one another."""
    if (np.abs(bids.price_usd_per_kwh) <= MOST_USD_PER_KWH).all():
        return bids
    price = np.clip(bids.price_usd_per_kwh, -MOST_USD_PER_KWH, MOST_USD_PER_KWH)
    return replace(bids, price_usd_per_kwh=price)


def _rows_of(customers: IntArray, known: IntArray) -> IntArray:
    """Row of each customer in `known`, −1 for one who is not there."""
    if len(known) == 0:
        return np.full(len(customers), -1, np.int64)
    order = np.argsort(known)
    spot = np.clip(np.searchsorted(known, customers, sorter=order), 0, len(known) - 1)
    row = order[spot]
    return np.where(known[row] == customers, row, -1).astype(np.int64)


def _repeats(customers: IntArray) -> IntArray:
    """Rows of customers who stand there a second time; the first counts."""
    _, first = np.unique(customers, return_index=True)
    later = np.ones(len(customers), bool)
    later[first] = False
    return np.flatnonzero(later).astype(np.int64)


def _rows(bids: Bids, good: np.ndarray) -> Bids:
    return Bids(
        bids.sender,
        bids.market,
        bids.round,
        bids.customers[good],
        bids.quantity_kw[:, good],
        bids.price_usd_per_kwh[:, good],
    )


def bidding_devices(operator: MarketOperator, accepted: Sequence[Bids]) -> IntArray:
    """Number of the device behind each of the accepted bids, in the order of `joined`."""
    parts = [operator.devices_of(b.sender, b.customers) for b in accepted]
    return np.concatenate([*parts, np.zeros(0, np.int64)])


def joined(accepted: Sequence[Bids], extra: Bids | None = None) -> tuple[IntArray, FloatArray, FloatArray]:
    """All accepted bids as one set of columns: customers (n,), quantities and prices (t, n, k)."""
    parts = [*accepted, *([extra] if extra is not None else [])]
    width = max((b.quantity_kw.shape[2] for b in parts), default=1)
    customers = np.concatenate([b.customers for b in parts]) if parts else np.zeros(0, np.int64)
    if not parts:
        return customers, np.zeros((0, 0, 1)), np.zeros((0, 0, 1))
    quantity = np.concatenate([_widened(b.quantity_kw, width) for b in parts], axis=1)
    price = np.concatenate([_widened(b.price_usd_per_kwh, width) for b in parts], axis=1)
    return customers, quantity, price


def _widened(values: FloatArray, width: int) -> FloatArray:
    missing = width - values.shape[2]
    return np.pad(values, ((0, 0), (0, 0), (0, missing)), mode="edge") if missing else values
