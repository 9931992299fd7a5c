"""What the price of a wholesale result is: the market's, or as TESP's retail simulations have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dso.clock import Interval
from dso.errors import Problem
from dso.federate.errors import ProfileError
from dso.ports import Wholesale

Triple = Callable[[Interval], tuple[float, float, float]]  # a, b, c of a supply curve


@dataclass(frozen=True, slots=True)
class Pricing:
    """`lmp` takes the market's price. `curve` takes w = a·Q² + b·Q + c at the cleared quantity, and the
    market's price is only looked at: so does TESP 1.3.8 (tesp_support/dsot/substation.py).
    """

    curve: Triple | None = None

    @classmethod
    def chosen(cls, price_from: str, model: Wholesale | None) -> Pricing:
        """By the word of a profile; raises ProfileError where the scenario has no supply curve."""
        if price_from == "lmp":
            return cls()
        triple_at = getattr(model, "triple_at", None)
        if triple_at is None:
            what = "curve needs the scenario's wholesale market to be of kind supply_curve"
            raise ProfileError([Problem("price_from", what)])
        return cls(triple_at)

    def of(
        self, intervals: Sequence[Interval], price_usd_per_kwh: list[float], quantity_kw: list[float]
    ) -> list[float]:
        """The price of each interval [USD/kWh]."""
        if self.curve is None:
            return price_usd_per_kwh
        triples = [self.curve(interval) for interval in intervals]
        return [(a * q + b) * q + c for (a, b, c), q in zip(triples, quantity_kw, strict=True)]
