"""Mehrotra's predictor–corrector for many scaled problems at once; no agent's numbers touch another's.

S. Mehrotra, On the implementation of a primal–dual interior point method, SIAM J. Optim. 2 (1992),
doi:10.1137/0802028. Primal and dual go the same step, so that the dual residual, zero at the start, stays so,
and Σ s·z is the duality gap; what the dynamics miss shrinks by (1 − step).
"""

from __future__ import annotations

import numpy as np

from dso.agents.planning.controls import Control, Controls
from dso.agents.planning.problem import Arrays
from dso.agents.planning.recursion import Recursion
from dso.agents.planning.sides import HardSide, SoftSide
from dso.messages import FloatArray

# Stages worked on together: with some five hundred agents what a block needs fits into a second-level cache.
# Never by the number of agents: sums over stages are taken by blocks, and no bit may depend on who is beside.
BLOCK = 16
CLOSE = 0.99  # how much of the way to the nearest bound a step may go at least
# A few agents, with narrow and soft bounds, would jump between the two for ever. After so many steps the
# corrector is trusted only as far as the predictor reached, and steps keep further from the bounds.
PATIENCE, CLOSE_SLOW, CENTRED = 12, 0.9, 0.01


class _Block:
    """Some consecutive stages: their sides, and the calls that make one Newton step of them."""

    def __init__(self, data: Arrays, recursion: Recursion, scratch: FloatArray, stages: slice) -> None:
        rows = {name: array[stages] for name, array in data.items() if array.ndim == 2}
        self._scratch = scratch[: stages.stop - stages.start]
        both = [name for name in ("u", "v") if f"b_{name}" in rows]
        each = [self._control(rows, name) for name in both]
        self.controls = Controls(each, rows.get("cross"), self._scratch)
        make = self._soft if "k2" in rows else self._hard
        self.low, self.high = make(rows, "x_low"), make(rows, "x_high")
        self._missing, self._q = rows["missing"], rows["q"]
        self._w, self._c = recursion.w[stages], recursion.c[stages]
        self._curvature, self._gradient = recursion.curvature[stages], recursion.gradient[stages]
        self._dx, self._pi = recursion.dx[stages], recursion.pi[stages]
        self._back = np.empty_like(self._dx)

    def _control(self, rows: Arrays, name: str) -> Control:
        low, high = self._hard(rows, f"{name}_low"), self._hard(rows, f"{name}_high")
        return Control(low, high, rows[f"r_{name}"], rows[f"b_{name}"])

    def _hard(self, rows: Arrays, name: str) -> HardSide:
        return HardSide(rows[f"{name}_s"], rows[f"{name}_z"], self._scratch)

    def _soft(self, rows: Arrays, name: str) -> SoftSide:
        s, z, sigma, w = (rows[f"{name}_{part}"] for part in ("s", "z", "sigma", "w"))
        return SoftSide(s, z, sigma, w, k2=rows["k2"], scratch=self._scratch)

    def refresh(self) -> None:
        """Curvatures and the predictor's gradients."""
        np.copyto(self._curvature, self._q)
        self.low.refresh(self._curvature)
        self.high.refresh(self._curvature)
        for u in self.controls.each:
            u.refresh()
        self.controls.factor(self._w)

    def load(self, missing: FloatArray) -> None:
        """The right-hand side: gradients, and the part (n,) of what the dynamics missed at the start."""
        np.subtract(self.low.t, self.high.t, out=self._gradient)
        np.multiply(self._missing, missing, out=self._c)
        self.controls.push(self._c)

    def answer(self) -> None:
        """All moves once Δx and π are known."""
        self.controls.answer(self._pi)
        np.negative(self._dx, out=self._back)

    def predict(self, worst: FloatArray, product: FloatArray) -> None:
        self.answer()
        self.low.predict(self._dx, worst, product)
        self.high.predict(self._back, worst, product)
        for u in self.controls.each:
            u.low.predict(u.move, worst, product)
            u.high.predict(u.back, worst, product)

    def correct(self, target: FloatArray, trust: FloatArray) -> None:
        self.low.correct(target, trust)
        self.high.correct(target, trust)
        for u in self.controls.each:
            u.low.correct(target, trust)
            u.high.correct(target, trust)
            u.turn()

    def limit(self, worst: FloatArray) -> None:
        self.answer()
        self.low.limit(self._dx, worst)
        self.high.limit(self._back, worst)
        for u in self.controls.each:
            u.low.limit(u.move, worst)
            u.high.limit(u.back, worst)

    def step(self, length: FloatArray) -> None:
        self.low.step(length, self._dx)
        self.high.step(length, self._back)
        for u in self.controls.each:
            u.low.step(length, u.move)
            u.high.step(length, u.back)

    def measure(self, product: FloatArray) -> None:
        """Add Σ s·z."""
        self.low.measure(product)
        self.high.measure(product)
        for u in self.controls.each:
            u.low.measure(product)
            u.high.measure(product)

    @property
    def pairs(self) -> int:
        return len(self._q) * (2 * self.low.pairs + 2 * len(self.controls.each))


class Interior:
    """The iterates of a chunk of problems.

    Parameters
    ----------
    data : (T, n) arrays by name, as `planning_scaling.start` makes them, and (n,) `left`, the part of
        what the dynamics missed at the start that they still miss, and `steps`; changed in place.
    """

    def __init__(self, data: Arrays) -> None:
        stages, count = data["q"].shape
        self.left, self._steps = data["left"], data["steps"]
        self._recursion = Recursion(data["a"])
        scratch = np.empty((min(stages, BLOCK), count))
        self._blocks = [
            _Block(data, self._recursion, scratch, slice(t, min(t + BLOCK, stages)))
            for t in range(0, stages, BLOCK)
        ]
        self._pairs = sum(block.pairs for block in self._blocks)
        self.gap = self._measured()

    def _measured(self) -> FloatArray:
        gap = np.zeros_like(self.left)
        for block in self._blocks:
            block.measure(gap)
        return gap

    def iterate(self) -> None:
        """One predictor–corrector step, after which `gap` is Σ s·z."""
        worst, product = np.ones_like(self.gap), np.zeros_like(self.gap)
        for block in self._blocks:
            block.refresh()
        self._recursion.factor()
        self._solve()
        for block in self._blocks:
            block.predict(worst, product)
        reach = 1.0 / worst
        expected = (1.0 - reach) * self.gap + reach * reach * product
        ratio = np.clip(expected / self.gap, 0.0, 1.0)
        patient = self._steps < PATIENCE
        trust, floor = np.where(patient, 1.0, reach), np.where(patient, 0.0, CENTRED)
        close = np.where(patient, np.maximum(CLOSE, 1.0 - self.gap), CLOSE_SLOW)
        target = np.maximum(ratio * ratio * ratio, floor) * self.gap / self._pairs
        for block in self._blocks:
            block.correct(target, trust)
        self._solve()
        worst.fill(1e-3)
        for block in self._blocks:
            block.limit(worst)
        length = np.minimum(1.0, close / worst)
        for block in self._blocks:
            block.step(length)
        self.left *= 1.0 - length
        self._steps += 1
        self.gap = self._measured()

    def _solve(self) -> None:
        for block in self._blocks:
            block.load(self.left)
        self._recursion.backward()
        self._recursion.forward()
