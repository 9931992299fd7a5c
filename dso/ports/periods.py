"""What the engine asks of a tariff whose bill is no sum over intervals: tiers, peaks, minimum charges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dso.messages import FloatArray, IntArray
from dso.ports.parties import LoadServingStrategy

# What a book may keep beside: earlier periods, always or once there were exports; the load of all customers,
# what roofs gave, the price of each interval.
HISTORY, NETTING, SYSTEM, GENERATION, SPOT = "history", "netting", "system", "generation", "spot"


@dataclass(frozen=True, slots=True, eq=False)
class PeriodAccount:
    """What an LSE knows of some of its customers when a billing period is over.

    Parameters
    ----------
    starts_s : (t,) when slots begin [s]; those of the study's earlier periods first, where they are kept.
    interval_s : length of a slot [s].
    own : (t,) whether a slot is the period's own.
    kwh : (n, t) what meters read, whole milliwatt-hours.
    charged_usd : (n,) what intervals of the period have cost already.
    period_share : part of the calendar month that the period covers.
    generation_kwh : (n, t) what sub-metered devices injected; None: not kept.
    system_kwh : (t,) load of all customers of the DSO; None: not kept.
    day_ahead_usd_per_kwh : (t,) wholesale price a day ahead; NaN where there was none.
    spot : price of each interval delivered in the period [USD/kWh], by its start and length [s].
    """

    starts_s: IntArray
    interval_s: int
    own: IntArray
    kwh: FloatArray
    charged_usd: FloatArray
    period_share: float
    generation_kwh: FloatArray | None
    system_kwh: FloatArray | None
    day_ahead_usd_per_kwh: FloatArray
    spot: dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True, eq=False)
class PeriodLine:
    """One kind of charge of a period, (n,) [USD]; energy was accounted for interval by interval."""

    kind: str
    usd: FloatArray


@runtime_checkable
class PeriodStrategy(LoadServingStrategy, Protocol):
    """An LSE strategy that charges when the period is over, from a book of its customers' meters."""

    @property
    def resolution_s(self) -> int:
        """Length of the book's slots [s]; 0: it needs no meter data."""

    @property
    def keeps(self) -> frozenset[str]:
        """What its book keeps beside the meters of the period: HISTORY, NETTING, SYSTEM, GENERATION, SPOT."""

    def scheduled_usd_per_kwh(
        self, starts_s: IntArray, wholesale: FloatArray, day_ahead: FloatArray
    ) -> FloatArray:
        """The price of the next kWh in some intervals, (t,), at the wholesale prices of both kinds, (t,)."""

    def notice(self, starts_s: IntArray, day_ahead: FloatArray) -> str:
        """What its customers are told when day-ahead prices, (t,), are known; nothing for most."""

    def period_lines(self, account: PeriodAccount) -> tuple[PeriodLine, ...]:
        """What each customer owes for the period beside what intervals have cost."""
