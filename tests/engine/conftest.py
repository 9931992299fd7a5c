"""Quiet logs: a test that breaks a handler says so by itself."""

from __future__ import annotations

import dso.market

if not hasattr(dso.market, "reference_price"):  # until the package exports it
    from dso.market.reference import reference_price

    dso.market.reference_price = reference_price
