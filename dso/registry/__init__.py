"""From a checked scenario to an engine that can run: names become classes, shares become customers."""

from dso.registry.engine import billing_periods, build_engine
from dso.registry.enrolment import enrolments

__all__ = ["billing_periods", "build_engine", "enrolments"]
