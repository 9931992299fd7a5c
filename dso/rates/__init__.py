"""Exact bills under a rate of the U.S. Utility Rate Database, without any simulation."""

from __future__ import annotations

from dso.rates.bill import Bills, bills, stream
from dso.rates.calendar import BillingCalendar, calendar_of, calendar_of_clock, calendar_of_year
from dso.rates.library import library_rate, rate_files
from dso.rates.rate import DemandTier, EnergyTier, Rate
from dso.rates.terms import Terms
from dso.rates.urdb import read_rate, read_rate_file, write_rate

__all__ = [
    "BillingCalendar",
    "Bills",
    "DemandTier",
    "EnergyTier",
    "Rate",
    "Terms",
    "bills",
    "calendar_of",
    "calendar_of_clock",
    "calendar_of_year",
    "library_rate",
    "rate_files",
    "read_rate",
    "read_rate_file",
    "stream",
    "write_rate",
]
