"""One side of a bound inside the interior-point method, hard or soft, for a block of stages and many agents.

Each side keeps its slack s > 0 and multiplier z > 0, (stages, agents). What it does to the Newton step is
a curvature k and a gradient t; `move` is how far the step carries its slack.
"""

from __future__ import annotations

import numpy as np

from dso.messages import FloatArray


def fold(block: FloatArray) -> FloatArray:
    """Sum over the stages, (n,), spoiling the block.

    By halves: NumPy's own sum takes another order when there is one agent only.
    """
    rows = len(block)
    while rows > 1:
        half = rows // 2
        block[:half] += block[rows - half : rows]
        rows -= half
    total: FloatArray = block[0]
    return total


class HardSide:
    """A bound that holds: s·z is driven to zero.

    Parameters
    ----------
    s, z : (stages, n) slack and multiplier, changed in place.
    scratch : (stages, n) for what is not kept.
    """

    pairs = 1

    def __init__(self, s: FloatArray, z: FloatArray, scratch: FloatArray) -> None:
        self.s, self.z, self._scratch = s, z, scratch
        self.t, self._t = z, np.empty_like(s)
        self._i, self._k = np.empty_like(s), np.empty_like(s)

    def refresh(self, curvature: FloatArray) -> None:
        """Add this side's k to the curvature; t becomes the predictor's, which is z."""
        np.divide(1.0, self.s, out=self._i)
        np.multiply(self.z, self._i, out=self._k)
        curvature += self._k
        self.t = self.z

    def measure(self, product: FloatArray) -> None:
        """Add Σ s·z, (n,)."""
        product += fold(np.multiply(self.s, self.z, out=self._scratch))

    def predict(self, move: FloatArray, worst: FloatArray, product: FloatArray) -> None:
        """Note how far the predictor may go and what it makes of Σ s·z; keep Δs·Δz/s in t."""
        # with ρ = Δs/s the predictor has −Δz/z = 1 + ρ: the limits are |ρ + ½| + ½, and Δs·Δz = −s·z·ρ(1 + ρ)
        h = np.multiply(move, self._i, out=self._scratch)
        h += 0.5
        h *= h
        np.maximum(worst, np.sqrt(h.max(axis=0)) + 0.5, out=worst)
        h -= 0.25
        self.t = np.multiply(h, self.z, out=self._t)
        product -= fold(np.multiply(self.t, self.s, out=h))

    def correct(self, target: FloatArray, trust: FloatArray) -> None:
        """The corrector's t, for the target of s·z and a part of the predictor's Δs·Δz, both (n,)."""
        self.t *= trust
        np.subtract(self.z, self.t, out=self.t)
        self.t -= np.multiply(self._i, target, out=self._scratch)

    def limit(self, move: FloatArray, worst: FloatArray) -> None:
        """Note how far the step may go; t becomes −Δz."""
        self.t += np.multiply(self._k, move, out=self._scratch)
        np.maximum(worst, np.divide(self.t, self.z, out=self._scratch).max(axis=0), out=worst)
        np.maximum(worst, -np.multiply(move, self._i, out=self._scratch).min(axis=0), out=worst)

    def step(self, length: FloatArray, move: FloatArray) -> None:
        """Go a part, (n,), of the step."""
        self.s += np.multiply(move, length, out=self._scratch)
        self.z -= np.multiply(self.t, length, out=self._scratch)


class SoftSide:
    """A bound that may be passed by σ ≥ 0 at the price k₁·σ + ½·k₂·σ²; σ's multiplier is w = k₁ + k₂·σ − z.

    Parameters
    ----------
    s, z, sigma, w : (stages, n) slack, multiplier, passing and its multiplier, changed in place.
    k2 : (stages, n) curvature of the price.
    scratch : (stages, n) for what is not kept.
    """

    pairs = 2

    def __init__(self, *arrays: FloatArray, k2: FloatArray, scratch: FloatArray) -> None:
        self.s, self.z, self.sigma, self.w = arrays
        self._k2, self._scratch = k2, scratch
        self.t, self._k, self._g, self._i, self._r1, self._r2, self._h1, self._h2 = (
            np.empty_like(k2) for _ in range(8)
        )

    def refresh(self, curvature: FloatArray) -> None:
        """As `HardSide.refresh`."""
        scratch, k = self._scratch, self._k
        np.multiply(self._k2, self.sigma, out=scratch)
        scratch += self.w
        np.divide(1.0, scratch, out=self._g)  # 1/(w + k₂σ)
        np.divide(1.0, self.z, out=self._i)
        np.multiply(self.sigma, self._g, out=scratch)
        np.multiply(self.s, self._i, out=self.t)
        np.add(self.t, scratch, out=k)
        np.divide(1.0, k, out=k)
        curvature += k
        scratch *= self.w
        np.subtract(self.s, scratch, out=self.t)
        self.t *= k

    def measure(self, product: FloatArray) -> None:
        """As `HardSide.measure`, with Σ σ·w; both are kept for the next step."""
        np.multiply(self.sigma, self.w, out=self._r2)
        np.multiply(self.s, self.z, out=self._r1)
        product += fold(np.add(self._r1, self._r2, out=self._scratch))

    def predict(self, move: FloatArray, worst: FloatArray, product: FloatArray) -> None:
        """As `HardSide.predict`, where −Δz/z is 1 + Δs/s and −Δw/w is 1 + Δσ/σ likewise."""
        h1, h2 = self._h1, self._h2
        np.multiply(self._k, move, out=h2)
        h2 += self.t  # −Δz
        np.multiply(h2, self._i, out=h1)
        h2 += self.w
        h2 *= self._g  # −Δσ/σ
        for h, pair in ((h1, self._r1), (h2, self._r2)):
            h -= 0.5
            h *= h
            np.maximum(worst, np.sqrt(h.max(axis=0)) + 0.5, out=worst)
            h -= 0.25
            h *= pair
        product -= fold(np.add(h1, h2, out=self._scratch))

    def correct(self, target: FloatArray, trust: FloatArray) -> None:
        """As `HardSide.correct`; r1 and r2 become what s·z and σ·w have too much."""
        for h, pair in ((self._h1, self._r1), (self._h2, self._r2)):
            h *= trust
            pair -= h
            pair -= target
        np.multiply(self._r1, self._i, out=self.t)
        self.t -= np.multiply(self._r2, self._g, out=self._scratch)
        self.t *= self._k

    def limit(self, move: FloatArray, worst: FloatArray) -> None:
        """As `HardSide.limit`; h1 becomes Δw, h2 −Δσ."""
        scratch, dw, back = self._scratch, self._h1, self._h2
        self.t += np.multiply(self._k, move, out=scratch)
        np.multiply(self.sigma, self.t, out=back)
        back += self._r2
        back *= self._g
        np.subtract(self.t, np.multiply(self._k2, back, out=scratch), out=dw)
        np.maximum(worst, np.multiply(self.t, self._i, out=scratch).max(axis=0), out=worst)
        np.maximum(worst, np.divide(back, self.sigma, out=scratch).max(axis=0), out=worst)
        np.maximum(worst, -np.divide(dw, self.w, out=scratch).min(axis=0), out=worst)
        np.subtract(back, move, out=scratch)
        scratch /= self.s
        np.maximum(worst, scratch.max(axis=0), out=worst)

    def step(self, length: FloatArray, move: FloatArray) -> None:
        """As `HardSide.step`."""
        scratch, dw, back = self._scratch, self._h1, self._h2
        self.z -= np.multiply(self.t, length, out=scratch)
        self.w += np.multiply(dw, length, out=scratch)
        self.sigma -= np.multiply(back, length, out=scratch)
        np.subtract(move, back, out=back)
        self.s += np.multiply(back, length, out=scratch)
