"""The controls' part of the Newton step: they are eliminated stage by stage, which leaves the dynamics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.agents.planning.sides import HardSide
from dso.messages import FloatArray


class Control:
    """One control of a block of stages, in [0, 1] after scaling.

    Parameters
    ----------
    low, high : its two sides.
    r : (stages, n) own curvature of its cost.
    b : (stages, n) what it adds to the state.
    """

    def __init__(self, low: HardSide, high: HardSide, r: FloatArray, b: FloatArray) -> None:
        self.low, self.high, self.r, self.b = low, high, r, b
        self.curvature, self.gradient = np.empty_like(r), np.empty_like(r)
        self.move, self.back = np.empty_like(r), np.empty_like(r)
        self.inverse, self.drive = np.empty_like(r), np.empty_like(r)

    def refresh(self) -> None:
        """Curvature and the predictor's gradient."""
        np.copyto(self.curvature, self.r)
        self.low.refresh(self.curvature)
        self.high.refresh(self.curvature)
        self.turn()

    def turn(self) -> None:
        """The gradient, from both sides."""
        np.subtract(self.low.t, self.high.t, out=self.gradient)


class Controls:
    """One or two controls of a block of stages, coupled by the cost `cross`·u·v and by the dynamics.

    Parameters
    ----------
    each : the controls.
    cross : (stages, n) or None, the price of their product.
    scratch : (stages, n).
    """

    def __init__(self, each: Sequence[Control], cross: FloatArray | None, scratch: FloatArray) -> None:
        self.each, self._cross, self._scratch = each, cross, scratch
        self._coupling = None if cross is None else np.empty_like(cross)

    def factor(self, w: FloatArray) -> None:
        """Invert the controls' curvature; W is what π takes from the next state."""
        scratch = self._scratch
        if self._cross is None:
            for u in self.each:
                np.divide(1.0, u.curvature, out=u.inverse)
                np.multiply(u.b, u.inverse, out=u.drive)
        else:
            self._factor_coupled(self._cross)
        first, *others = self.each
        np.multiply(first.b, first.drive, out=w)
        for u in others:
            w += np.multiply(u.b, u.drive, out=scratch)

    def _factor_coupled(self, cross: FloatArray) -> None:
        u, v = self.each
        coupling, scratch = self._coupling, self._scratch
        assert coupling is not None
        np.multiply(u.curvature, v.curvature, out=scratch)
        scratch -= np.multiply(cross, cross, out=coupling)
        np.divide(1.0, scratch, out=scratch)
        np.multiply(v.curvature, scratch, out=u.inverse)
        np.multiply(u.curvature, scratch, out=v.inverse)
        np.multiply(cross, scratch, out=coupling)
        for one, other in ((u, v), (v, u)):
            np.multiply(one.b, one.inverse, out=one.drive)
            one.drive -= np.multiply(other.b, coupling, out=scratch)

    def push(self, c: FloatArray) -> None:
        """Take from c what the controls' own Newton step adds to the next state; keep that step."""
        scratch, coupling = self._scratch, self._coupling
        for u in self.each:
            np.multiply(u.inverse, u.gradient, out=u.move)
        if coupling is not None:
            u, v = self.each
            u.move -= np.multiply(coupling, v.gradient, out=scratch)
            v.move -= np.multiply(coupling, u.gradient, out=scratch)
        for u in self.each:
            c -= np.multiply(u.b, u.move, out=scratch)

    def answer(self, pi: FloatArray) -> None:
        """The controls' moves once π is known."""
        for u in self.each:
            np.multiply(u.drive, pi, out=u.back)
            u.back += u.move
            np.negative(u.back, out=u.move)
