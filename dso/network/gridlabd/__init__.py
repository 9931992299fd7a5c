"""Feeders as GridLAB-D solves them, in a process of its own."""

from dso.network.gridlabd.feeder import GridLabDFeeder

__all__ = ["GridLabDFeeder"]
