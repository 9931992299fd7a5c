"""What a scenario may say of tariffs whose bill is made from a rate sheet when the month is over."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dso.scenario.bidding import TariffShare
from dso.scenario.part import Part
from dso.scenario.quantities import Charge, NotNegative, Positive, Price

Hour = Annotated[int, Field(ge=0, le=24)]
Month = Annotated[int, Field(ge=1, le=12)]


class RateShare(TariffShare):
    """What all of them have in common."""

    fixed_usd_per_month: Charge = Field(0.0, description="fixed charge [USD/month]")
    minimum_usd_per_month: Charge = Field(0.0, description="what a bill is at least [USD/month]")
    adders_frac: Annotated[NotNegative, Field(le=10)] = Field(
        0.0, description="taxes and adders, as part of all other charges"
    )
    distribution_usd_per_kwh: Charge = Field(0.04, description="d, passed on to the DO [USD/kWh]")
    exports: Literal["net_metering", "net_billing", "net_billing_hourly", "buy_all_sell_all"] = Field(
        "net_metering",
        description="exports net over the month, are sold as they flow or by the hour, or all is",
    )
    sell_usd_per_kwh: Price = Field(
        0.0, description="what an exported kWh earns, unless net metering [USD/kWh]"
    )
    carry_credits: bool = Field(False, description="credits wait for later months; else they are paid")


class Block(Part):
    """Energy up to an end, counted from the start of the month."""

    usd_per_kwh: Price = Field(description="price [USD/kWh]")
    up_to_kwh: Annotated[Positive, Field(le=1e9)] | None = Field(
        None, description="where it ends [kWh/month, or kWh/day]; the last block has no end"
    )


class Tiered(RateShare):
    """Tiered: the first kWh of a month cost one price, those beyond another."""

    kind: Literal["tiered"]
    blocks: Annotated[
        tuple[Block, ...], Field(min_length=1, strict=False, description="of energy, in rising order")
    ]
    by_day: bool = Field(False, description="whether ends of blocks are per day of the month")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        ends = [block.up_to_kwh for block in self.blocks]
        if ends[-1] is not None:
            raise ValueError(f"its last block must have no up_to_kwh, had {ends[-1]:g}")
        for k, end in enumerate(ends[:-1]):
            if end is None:
                raise ValueError(f"blocks[{k}] must have up_to_kwh: only the last block has no end")
        for k, (low, high) in enumerate(pairwise(e for e in ends if e is not None)):
            if high <= low:
                raise ValueError(
                    f"blocks must rise: blocks[{k + 1}].up_to_kwh must be above {low:g}, was {high:g}"
                )
        return self


class HoursOfUse(Part):
    """Some hours of some days, at the meter's clock."""

    from_hour: Hour = Field(0, description="when it begins")
    to_hour: Hour = Field(24, description="when it is over; past midnight where it is not after from_hour")
    months: Annotated[
        tuple[Month, ...], Field(min_length=1, strict=False, description="1 for January; not given: all")
    ] = tuple(range(1, 13))
    days: Literal["all", "weekdays", "weekends"] = Field("all", description="kind of day")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_hour == self.to_hour:
            raise ValueError(f"to_hour must differ from from_hour, {self.from_hour}")
        return self


class EnergyHours(HoursOfUse):
    """Hours with their price of energy."""

    usd_per_kwh: Price = Field(description="price [USD/kWh]")


class TimeOfUse(RateShare):
    """Time of use: the price goes by season, kind of day and hour."""

    kind: Literal["time_of_use"]
    periods: Annotated[
        tuple[EnergyHours, ...], Field(min_length=1, strict=False, description="hours and their price")
    ]
    else_usd_per_kwh: Price = Field(description="price of all other hours [USD/kWh]")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        _check_apart(self.periods)
        return self


def _check_apart(periods: tuple[HoursOfUse, ...]) -> None:
    """No hour may lie in two periods."""
    for k, later in enumerate(periods):
        for j, earlier in enumerate(periods[:k]):
            shared = sorted(_hours(later) & _hours(earlier))
            if shared:
                month, day, hour = shared[0]
                where = f"{hour}:00 on {day} of month {month}"
                raise ValueError(f"periods[{k}] must not overlap periods[{j}], both hold {where}")


def _hours(period: HoursOfUse) -> set[tuple[int, str, int]]:
    begin, end = period.from_hour % 24, period.to_hour
    length = (end - begin) % 24 or 24
    hours = [(begin + k) % 24 for k in range(length)]
    days = ("weekdays", "weekends") if period.days == "all" else (period.days,)
    return {(month, day, hour) for month in period.months for day in days for hour in hours}
