"""Watching a run: one page on this machine, drawn once, that shows where the markets are while they run."""

from __future__ import annotations

from dso.live.page import LivePage

__all__ = ["LivePage"]
