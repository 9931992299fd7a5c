"""Which price a market reckons with before it has one of its own."""

from __future__ import annotations


def reference_price(
    existing: float | None, refined: float | None, model: float | None, default: float
) -> float:
    """The first that is known: the market's own price, that of the market it refines, a model's, the default.

    Parameters
    ----------
    existing, refined, model, default : prices [USD/kWh]; None where there is none.

    References
    ----------
    TENT's order of precedence (PNNL Transactive Energy Network Template, market initialisation).
    """
    return next(price for price in (existing, refined, model, default) if price is not None)
