"""A study as YAML: read it, check it, and say everything that is wrong with it at once."""

from dso.scenario.load import load_scenario
from dso.scenario.model import Scenario

__all__ = ["Scenario", "load_scenario"]
