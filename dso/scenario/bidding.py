"""What all tariffs of a scenario have in common."""

from __future__ import annotations

from pydantic import Field

from dso.scenario.part import Part
from dso.scenario.quantities import Fraction, Name


class TariffShare(Part):
    """What all tariffs have in common."""

    name: Name = Field(description="how bills and tables call it")
    share: Fraction = Field(description="part of the customers that is enrolled")


class Bidding(TariffShare):
    """A tariff on which customers may bid."""

    participation_frac: Fraction = Field(1.0, description="part of its customers whose cooling bids")
    slider: Fraction | None = Field(
        None, description="0 comfort … 1 cost for every customer; not given: drawn for each"
    )
