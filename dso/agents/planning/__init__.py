"""Day-ahead plans of many agents at once, each the optimum of that agent alone."""

from dso.agents.planning.problem import Plan, Problem
from dso.agents.planning.solve import plan

__all__ = ["Plan", "Problem", "plan"]
