"""What comes through the substation: supply from the wholesale market, and sale to it, within limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.errors import CurveError
from dso.market.curve import Curve
from dso.market.polynomial import PolynomialCurve


@dataclass(frozen=True, slots=True)
class Imports:
    """Import at a delivered price up to a limit, export at the price of the first imported kWh down to
    another.

    Parameters
    ----------
    price : the delivered price w̃ = s·w + d [USD/kWh], flat or rising with the import.
    import_limit_kw, export_limit_kw : the most that flows in and out, neither negative; inf is no limit [kW].

    Raises
    ------
    CurveError : a negative limit, a price that is not finite, or an import curve that does not begin at 0 kW.
    """

    price: float | PolynomialCurve
    import_limit_kw: float
    export_limit_kw: float

    def __post_init__(self) -> None:
        if not (self.import_limit_kw >= 0 and self.export_limit_kw >= 0):
            raise CurveError(
                f"limits must not be negative, were {self.import_limit_kw} and {self.export_limit_kw} kW"
            )
        if not np.isfinite(self.price_at(0.0)):
            raise CurveError(f"the import price must be a finite number, was {self.price}")
        if isinstance(self.price, PolynomialCurve):
            if self.price.least_kw != 0:
                raise CurveError(f"an import curve must begin at 0 kW, began at {self.price.least_kw}")
            object.__setattr__(self, "price", self.price.limited(self.import_limit_kw))
            object.__setattr__(self, "import_limit_kw", min(self.import_limit_kw, self.price.most_kw))

    def price_at(self, import_kw: float) -> float:
        """What the last imported kWh costs, the export's price below 0 [USD/kWh]."""
        return self.price.price_at(import_kw) if isinstance(self.price, PolynomialCurve) else self.price

    @property
    def least_price(self) -> float:
        """The price of the first kWh in, and of every kWh out [USD/kWh]."""
        return self.price_at(0.0)

    @property
    def top_price(self) -> float:
        """The price at the import limit [USD/kWh]."""
        return self.price_at(self.import_limit_kw)

    def above(self, price: float) -> float:
        """The import just above a price, negative for export [kW]."""
        if price >= self.top_price:
            return self.import_limit_kw
        if price >= self.least_price and isinstance(self.price, PolynomialCurve):
            return float(self.price.quantity_kw(price))
        return -self.export_limit_kw

    def below(self, price: float) -> float:
        """The import just below a price [kW]."""
        if price > self.top_price:
            return self.import_limit_kw
        if price > self.least_price and isinstance(self.price, PolynomialCurve):
            return float(self.price.quantity_kw(price))
        return -self.export_limit_kw

    def meets(self, net: Curve, snap_kw: float) -> tuple[float, float] | None:
        """Lowest and highest price at which the import can equal the net load; None where it never can.

        Parameters
        ----------
        net : local demand less local supply.
        snap_kw : how near counts as equal [kW].
        """
        if not self.import_limit_kw and not self.export_limit_kw:
            return net.price_interval(0.0, snap_kw)
        if net.quantity_interval_kw(self.top_price)[0] >= self.import_limit_kw - snap_kw:
            return self._full(net, snap_kw)
        if net.quantity_interval_kw(self.least_price)[0] > snap_kw and self.top_price > self.least_price:
            price = self._on_the_slope(net)
            return price, price
        return self._at_the_foot(net, snap_kw)

    def _full(self, net: Curve, snap_kw: float) -> tuple[float, float] | None:
        found = net.price_interval(self.import_limit_kw, snap_kw)
        if found is None:
            return None
        # A vertical piece of exactly the limit goes on below the delivered price, where nobody would sell.
        return max(found[0], self.top_price), max(found[1], self.top_price)

    def _at_the_foot(self, net: Curve, snap_kw: float) -> tuple[float, float] | None:
        foot = self.least_price
        most = net.quantity_interval_kw(foot)[1]
        if most > -self.export_limit_kw + snap_kw:
            return foot, foot
        found = net.price_interval(-self.export_limit_kw, snap_kw)
        return None if found is None else (min(found[0], foot), min(found[1], foot))

    def _on_the_slope(self, net: Curve) -> float:
        """Halve along the net curve, then along the one piece of it that crosses the rising import price."""
        p, q = net.price_usd_per_kwh, net.quantity_kw
        low, high = -1, int(p.size)
        while high - low > 1:
            middle = (low + high) // 2
            dear = p[middle] >= self.price_at(max(float(q[middle]), 0.0)) or q[middle] < 0
            low, high = (low, middle) if dear else (middle, high)
        if low < 0 or high == p.size:
            return self.price_at(float(q[0] if low < 0 else q[-1]))
        p0, q0, dp, dq = float(p[low]), float(q[low]), float(p[high] - p[low]), float(q[high] - q[low])
        a, b = 0.0, 1.0
        while a < (t := (a + b) / 2) < b:
            wanted = q0 + t * dq
            a, b = (a, t) if wanted < 0 or p0 + t * dp >= self.price_at(wanted) else (t, b)
        return self.price_at(q0 + b * dq) if dp else p0
