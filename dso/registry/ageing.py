"""The life of the substation's transformer, where a scenario prices it."""

from __future__ import annotations

import numpy as np

from dso.homes.customer_load import CustomerLoad
from dso.market.ageing import Thermal
from dso.network.ageing import SubstationAgeing
from dso.scenario.model import Scenario
from dso.scenario.network import StaticNetwork


def ageing_of(scenario: Scenario, load: CustomerLoad) -> SubstationAgeing | None:
    """The substation's life as a part of the price of an import; None where it is not priced."""
    given = scenario.network.ageing if isinstance(scenario.network, StaticNetwork) else None
    if given is None:
        return None
    rises = (given.top_oil_rise_k, given.hot_spot_rise_k, given.loss_ratio)
    thermal = Thermal(*rises, given.oil_exponent, given.winding_exponent)
    fixed_c = given.ambient_c
    air = load.shape.weather.temperature_c if fixed_c is None else lambda t_s: np.full(len(t_s), fixed_c)
    return SubstationAgeing(given.rated_kva, given.cost_usd, air, given.power_factor, thermal)
