"""Price as a polynomial of quantity, and its inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.polynomial import polynomial as poly
from numpy.typing import ArrayLike

from dso.errors import CurveError
from dso.market.curve import Curve, Floats

_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class PolynomialCurve:
    """Supply whose price c0 + c1·q + c2·q² + … never falls on [least_kw, most_kw]; beyond both ends it is
    vertical.

    Parameters
    ----------
    coefficients : c0, c1, … [USD/kWh per kW to the power of 0, 1, …].
    least_kw, most_kw : the quantities it covers, supply positive [kW].

    Raises
    ------
    CurveError : not finite, no range, or the price falls somewhere on it (the derivative's roots tell).
    """

    coefficients: tuple[float, ...]
    least_kw: float
    most_kw: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", tuple(float(c) for c in self.coefficients) or (0.0,))
        if not np.isfinite((*self.coefficients, self.least_kw, self.most_kw)).all():
            raise CurveError("a polynomial's coefficients and limits must be finite")
        if self.least_kw > self.most_kw:
            raise CurveError(f"least_kw must not be above most_kw, were {self.least_kw} and {self.most_kw}")
        for q in self._slope_tests():
            if poly.polyval(q, poly.polyder(self.coefficients)) < -self._slope_noise():
                raise CurveError(f"the price of a supply polynomial must not fall, but falls at {q:g} kW")

    def _slope_tests(self) -> list[float]:
        """One quantity within each stretch on which the slope has one sign."""
        slope = poly.polyder(self.coefficients)
        roots = poly.polyroots(np.trim_zeros(slope, "b")) if np.any(slope[1:]) else np.empty(0)
        near = np.abs(roots.imag) <= 1e-9 * (1 + np.abs(roots.real))
        inside = [r for r in roots.real[near] if self.least_kw < r < self.most_kw]
        edges = [self.least_kw, *sorted(inside), self.most_kw]
        return [(a + b) / 2 for a, b in pairwise(edges)]

    def _slope_noise(self) -> float:
        reach = max(abs(self.least_kw), abs(self.most_kw))
        slope = poly.polyder(self.coefficients)
        return 1e-12 * float(poly.polyval(reach, np.abs(slope)))

    @classmethod
    def from_cost(cls, coefficients: Sequence[float], least_kw: float, most_kw: float) -> PolynomialCurve:
        """The supply curve of a cost k0 + k1·q + k2·q² + … [USD/h]: its marginal cost.

        Raises
        ------
        CurveError : as the class; a cost that is not convex on the range.
        """
        return cls(tuple(poly.polyder(np.asarray(coefficients, float))), least_kw, most_kw)

    def price(self, quantity_kw: ArrayLike) -> Floats:
        """The price at each quantity, held within the range [kW] → [USD/kWh]."""
        held = np.clip(np.asarray(quantity_kw, float), self.least_kw, self.most_kw)
        value: Floats = poly.polyval(held, self.coefficients)
        return value

    def price_at(self, quantity_kw: float) -> float:
        """The price at one quantity, held within the range [kW] → [USD/kWh]: Horner's rule in plain
        floats.
        """
        held = min(max(quantity_kw, self.least_kw), self.most_kw)
        value = 0.0
        for coefficient in reversed(self.coefficients):
            value = value * held + coefficient
        return value

    def quantity_kw(self, price_usd_per_kwh: ArrayLike) -> Floats:
        """The quantity offered at each price: Newton's steps, held within a bracket that halves where they
        leave it.
        """
        target = np.atleast_1d(np.asarray(price_usd_per_kwh, float))
        low, high = np.full(target.shape, float(self.least_kw)), np.full(target.shape, float(self.most_kw))
        slope = poly.polyder(self.coefficients)
        q = (low + high) / 2
        for _ in range(_ROUNDS):
            excess = poly.polyval(q, self.coefficients) - target
            low, high = np.where(excess <= 0, q, low), np.where(excess >= 0, q, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = q - excess / poly.polyval(q, slope)
            middle = (low + high) / 2
            step = np.where((newton > low) & (newton < high), newton, middle)
            if (step == q).all():
                break
            q = step
        q = np.where(target >= self.price(self.most_kw), self.most_kw, q)
        q = np.where(target < self.price(self.least_kw), self.least_kw, q)
        return q.reshape(np.shape(price_usd_per_kwh))

    def scaled(self, scaling: float, charge_usd_per_kwh: float) -> PolynomialCurve:
        """The same supply at retail prices scaling·w + charge."""
        first, *rest = (scaling * c for c in self.coefficients)
        return PolynomialCurve((first + charge_usd_per_kwh, *rest), self.least_kw, self.most_kw)

    def limited(self, most_kw: float) -> PolynomialCurve:
        """The same supply, at most this much of it."""
        return PolynomialCurve(
            self.coefficients, self.least_kw, max(self.least_kw, min(self.most_kw, most_kw))
        )

    def to_curve(self, chords: int = 100) -> Curve:
        """The supply as a curve of negative load: exact up to an affine price, else with this many chords."""
        if len(self.coefficients) <= 2 or not any(self.coefficients[2:]):
            chords = 1
        q = np.linspace(self.least_kw, self.most_kw, chords + 1)
        return Curve(np.maximum.accumulate(self.price(q)), -q)
