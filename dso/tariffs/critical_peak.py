"""Critical peak: time of use, and in the hours of an event, told the day before, a kWh costs more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.clock import DAY_S, HOUR_S
from dso.messages import FloatArray, IntArray
from dso.ports import PeriodAccount, PeriodLine
from dso.ports.wires import BoolArray
from dso.rates import BillingCalendar
from dso.rates.calendar import local_clock_s
from dso.tariffs.rate import RateTariff
from dso.tariffs.time_of_use import TimeOfUseTariff

EVENT = "event charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalPeakTariff(TimeOfUseTariff):
    """Bill = Σ_p price_p · E_p + event price · Σ_events max(e_t, 0) + fixed.

    Parameters
    ----------
    event_usd_per_kwh : what a drawn kWh costs on top in the hours of an event.
    event_from_hour, event_to_hour : the hours in which there can be one, on one day.
    dates : days of events since 1970-01-01.
    threshold_usd_per_kwh : day-ahead price from which on an hour is one; None: only by date.
    """

    event_usd_per_kwh: float
    event_from_hour: int
    event_to_hour: int
    dates: tuple[int, ...] = ()
    threshold_usd_per_kwh: float | None = None

    def events(self, starts_s: IntArray, day_ahead: FloatArray) -> BoolArray:
        """(t,) which slots are hours of an event."""
        clock = local_clock_s(starts_s, self.timezone)
        hour, day = clock % DAY_S // HOUR_S, clock // DAY_S
        called = np.isin(day, np.array(self.dates, np.int64))
        if self.threshold_usd_per_kwh is not None:
            called |= np.nan_to_num(day_ahead, nan=-np.inf) >= self.threshold_usd_per_kwh
        return np.asarray(called & (hour >= self.event_from_hour) & (hour < self.event_to_hour))

    def scheduled_usd_per_kwh(
        self, starts_s: IntArray, wholesale: FloatArray, day_ahead: FloatArray
    ) -> FloatArray:
        """The scheduled price, and that of an event on top."""
        usual = RateTariff.scheduled_usd_per_kwh(self, starts_s, wholesale, day_ahead)
        return np.asarray(usual + self.event_usd_per_kwh * self.events(starts_s, day_ahead))

    def notice(self, starts_s: IntArray, day_ahead: FloatArray) -> str:
        """Which hours of the market are an event."""
        clock = local_clock_s(starts_s[self.events(starts_s, day_ahead)], self.timezone)
        hours = ", ".join(str(np.datetime64(int(c), "s")).replace("T", " ")[:16] for c in clock)
        return f"critical peak, {self.event_usd_per_kwh:g} USD/kWh more: {hours}" if hours else ""

    def beside(self, account: PeriodAccount, calendar: BillingCalendar) -> tuple[PeriodLine, ...]:
        """What was drawn in events of the period, at their price."""
        held = self.events(account.starts_s, account.day_ahead_usd_per_kwh) & (account.own == 1)
        drawn_kwh = np.maximum(account.kwh[:, held], 0.0).sum(axis=1)
        return (PeriodLine(EVENT, self.event_usd_per_kwh * drawn_kwh),)
