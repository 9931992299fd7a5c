"""Feeders as OpenDSS solves them."""

from dso.network.opendss.feeder import OpenDssFeeder

__all__ = ["OpenDssFeeder"]
