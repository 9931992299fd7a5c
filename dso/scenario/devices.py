"""What a scenario may say of devices in customers' homes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dso.scenario.part import Part
from dso.scenario.quantities import Fraction, Name, NotNegative, Positive, Power

Capacity = Annotated[Positive, Field(le=1e4)]
Rating = Annotated[NotNegative, Field(le=1e4)]
Temperature = Annotated[float, Field(ge=-20, le=95, allow_inf_nan=False)]


TAKEN = (
    "hvac",
    "ramp",
    "water_heater",
    "ev",
    "battery",
    "pv",
    "elastic",
)  # names that our own agents bid under


def _not_ours(name: str) -> str:
    if name in TAKEN:
        raise ValueError(f"must not be one of {', '.join(TAKEN)}, which our own agents bid under; was {name}")
    return name


class Owned(Part):
    """What all kinds have in common; what is not given is drawn for each home (docs/agents.md)."""

    share: Fraction = Field(description="part of the customers that own one")
    participation_frac: Fraction = Field(
        1.0, description="of those on a tariff with a market, part whose device takes part"
    )
    file: str | None = Field(
        None,
        description="CSV with one row a device instead of a draw (docs/agents.md); share is then ignored",
    )


class Hvac(Owned):
    """Heating and cooling of a house; gas heats where electricity does not."""

    electric_heating_share: Fraction = Field(0.55, description="of them, who heats with electricity")
    cooling_set_point_c: Temperature | None = Field(None, description="cooled to this, day and night [°C]")
    heating_set_point_c: Temperature | None = Field(None, description="heated to this, day and night [°C]")
    range_k: Annotated[NotNegative, Field(le=10)] | None = Field(
        None, description="how far off its set-point slider 1 lets a house go, either way [K]"
    )
    cycling: bool = Field(False, description="whether machines run full on and off within a dead band")
    ramp_share: Fraction = Field(
        0.0, description="of those that take part, who has DSO+T's older ramp-bid thermostat instead"
    )


class WaterHeater(Owned):
    """Electric water heater with a tank."""

    set_point_c: Annotated[float, Field(ge=45, le=90)] | None = Field(None, description="kept at this [°C]")
    volume_l: Annotated[Positive, Field(le=2000)] | None = Field(None, description="size of the tank [L]")
    rating_kw: Annotated[Power, Field(gt=0)] | None = Field(None, description="of its element [kW]")


class Ev(Owned):
    """Electric vehicle that is charged at home."""

    v2g_share: Fraction = Field(0.0, description="of them, who can also discharge")
    capacity_kwh: Capacity | None = Field(None, description="stored at most [kWh]")
    charge_kw: Rating | None = Field(None, description="rating of the charger, at the meter [kW]")
    reserve_kwh: Rating | None = Field(None, description="never less than this is left by choice [kWh]")


class HomeBattery(Owned):
    """Battery of a home."""

    capacity_kwh: Capacity | None = Field(None, description="stored at most [kWh]")
    charge_kw: Rating | None = Field(None, description="rating of charging, at the meter [kW]")
    discharge_kw: Rating | None = Field(None, description="rating of giving back, at the meter [kW]")
    reserve_kwh: Rating | None = Field(None, description="kept for outages [kWh]")


class Pv(Owned):
    """Rooftop PV; its production is bid, its weather is forecast."""

    curtailable_share: Fraction = Field(0.0, description="of them, whose inverter gives way at price 0")


class Elastic(Owned):
    """A part of the fixed load that is given up where it is dear: no device in particular, no memory."""

    load_frac: Fraction = Field(0.2, description="part of a customer's fixed load that it is")


class Outside(Part):
    """Participants who bid from outside: a Python function, or messages to the engine."""

    name: Annotated[Name, AfterValidator(_not_ours)] = Field(
        description="of the sender; nobody else may bid under it"
    )
    tariff: Name = Field(description="whose market it takes part in")
    customers: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        strict=False, min_length=1, description="for whom it bids, each enrolled on the tariff"
    )
    lowest_kw: Annotated[float, Field(ge=-1e6, le=0, allow_inf_nan=False)] = Field(
        0.0, description="what each device draws at least; negative: it injects [kW]"
    )
    highest_kw: Power = Field(description="what each device draws at most [kW]")
    alone_kw: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] = Field(
        0.0, description="what each draws if nobody tells it anything [kW]"
    )


def _each_its_name(senders: tuple[Outside, ...]) -> tuple[Outside, ...]:
    names = [sender.name for sender in senders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each must have a name of its own, two are called {twice[0]}")
    return senders


class Parallel(Part):
    """Where agents plan; it changes no result."""

    processes: int = Field(1, ge=1, le=1024, description="that plan side by side")
    backend: Literal["loky", "threading", "multiprocessing", "dask"] = Field(
        "loky",
        description="joblib's; dask needs a scheduler, or a client in the program that loads the study",
    )
    scheduler: str | None = Field(
        None, description="address of a Dask scheduler, such as tcp://10.0.0.1:8786"
    )


class DeviceForecast(Part):
    """How well agents foresee the weather, and what they forget of their owners' habits."""

    perfect: bool = Field(False, description="whether weather is forecast as it will be; for comparison only")
    temperature_error_1h_k: Annotated[NotNegative, Field(le=2)] = Field(
        0.35, description="standard deviation of the temperature forecast an hour ahead [K]"
    )
    sun_error_1h_frac: Annotated[NotNegative, Field(le=0.2)] = Field(
        0.06, description="standard deviation of the irradiance forecast an hour ahead"
    )


class Devices(Part):
    """Devices in homes; with this section, customers' cooling is that of their houses."""

    hvac: Hvac | None = Field(None, description="heating and cooling")
    water_heater: WaterHeater | None = Field(None, description="electric water heaters")
    ev: Ev | None = Field(None, description="electric vehicles")
    battery: HomeBattery | None = Field(None, description="batteries")
    pv: Pv | None = Field(None, description="rooftop PV")
    elastic: Elastic | None = Field(None, description="a part of the fixed load that answers prices")
    outside: Annotated[tuple[Outside, ...], AfterValidator(_each_its_name)] = Field(
        (), strict=False, description="participants who bid from outside, each with a device of its own"
    )
    fixed_load_frac: Annotated[NotNegative, Field(le=2)] = Field(
        0.9, description="part of the load series beside cooling that remains: what is no device here"
    )
    zip_frac: tuple[Fraction, Fraction, Fraction] = Field(
        (0.0, 0.0, 1.0),
        strict=False,
        description="parts of constant impedance, current and power in the fixed load; they add up to 1",
    )
    forecast: DeviceForecast = Field(DeviceForecast(), description="how well agents foresee the weather")
    parallel: Parallel = Field(Parallel(), description="where agents plan")
