"""Whether the fixed load of homes answers voltage, and where that is looked up."""

from __future__ import annotations

import numpy as np

from dso.errors import InputError, NetworkUnavailableError, Problem
from dso.messages import Equipment, FloatArray, IntArray
from dso.network.power_flow import PowerFlowNetwork
from dso.network.service_equipment import dss_name
from dso.plant.homes import AnswersVoltage
from dso.registry.wires import Wires
from dso.scenario.model import Scenario

CONSTANT_POWER = (0.0, 0.0, 1.0)


def check_parts(scenario: Scenario) -> None:
    """Whether the parts of a fixed load add up, and there are voltages that it could answer.

    Raises
    ------
    InputError : they do not, or there are none.
    """
    given = scenario.devices
    if given is None or given.zip_frac == CONSTANT_POWER:
        return
    if abs(sum(given.zip_frac) - 1) > 1e-9:
        raise InputError([Problem("", f"parts must add up to 1, added up to {sum(given.zip_frac):g}")])
    if scenario.network.kind != "opendss" or not getattr(scenario.network, "services", False):
        raise InputError(
            [Problem("", "needs network.kind opendss with services: elsewhere no home has a voltage")]
        )


def answers_voltage(scenario: Scenario, wires: Wires) -> AnswersVoltage | None:
    """How fixed load answers voltage; None where it is of constant power."""
    given, network = scenario.devices, wires.network
    if given is None or given.zip_frac == CONSTANT_POWER or not isinstance(network, PowerFlowNetwork):
        return None
    nodes = _nodes_of(network)

    def voltage_pu(points_kw: FloatArray, equipment: Equipment) -> FloatArray:
        try:
            return np.asarray(network.feeder.solve(points_kw, equipment).voltage_pu[nodes])
        except NetworkUnavailableError:
            return np.ones(len(points_kw))

    return AnswersVoltage(given.zip_frac, voltage_pu)


def _nodes_of(network: PowerFlowNetwork) -> IntArray:
    """The node at the end of each service point's drop, (points,)."""
    at = {node.rpartition(".")[0].lower(): k for k, node in reversed(list(enumerate(network.feeder.nodes)))}
    return np.array([at[f"home_{dss_name(point)}".lower()] for point in network.points], np.int64)
