"""The Newton system of many scalar-state problems, solved by one pass back and one forth over the stages.

With π the step of the dynamics' multiplier, stage t says  Δx' = a·Δx + c − W·π  and the value function of
the steps is quadratic:  π = P·Δx' + p.
"""

from __future__ import annotations

import numpy as np

from dso.messages import FloatArray


class Recursion:
    """Factors of the recursion, all (T, n); Δx and π have no other neighbours than those in time.

    Parameters
    ----------
    a : (T, n) what of a state is left one stage later [1]; the first row is not used.
    """

    def __init__(self, a: FloatArray) -> None:
        shape = a.shape
        self.curvature, self.gradient = np.empty(shape), np.empty(shape)  # of the state's own terms
        self.w, self.c = np.empty(shape), np.empty(shape)
        self.dx, self.pi = np.empty(shape), np.empty(shape)
        self._p = np.empty(shape)
        self._big_p, self._keep, self._inverse = np.empty(shape), np.empty(shape), np.empty(shape)
        self._row = np.empty(shape[1])
        every = (a, self.curvature, self.gradient, self.w, self.c, self._p, self._big_p, self._keep)
        self._back = list(zip(*((*x,) for x in (*every, self._inverse)), strict=True))[::-1]

    def factor(self) -> None:
        """P, K = a/(1 + W·P) and 1/(1 + W·P) from the curvature and W."""
        row, after = self._row, None
        for a, curvature, _, w, _, _, big_p, keep, inverse in self._back:
            if after is None:
                big_p[:] = curvature
            else:
                a_after, p_after, keep_after = after
                np.multiply(keep_after, p_after, out=row)
                np.multiply(row, a_after, out=row)
                np.add(row, curvature, out=big_p)
            np.multiply(w, big_p, out=row)
            np.add(row, 1.0, out=row)
            np.divide(1.0, row, out=inverse)
            np.multiply(a, inverse, out=keep)
            after = (a, big_p, keep)

    def backward(self) -> None:
        """p from the gradient and c."""
        row, after = self._row, None
        for _, _, gradient, _, c, p, big_p, keep, _ in self._back:
            if after is None:
                p[:] = gradient
            else:
                p_after, c_after, big_after, keep_after = after
                np.multiply(big_after, c_after, out=row)
                np.add(row, p_after, out=row)
                np.multiply(row, keep_after, out=row)
                np.add(row, gradient, out=p)
            after = (p, c, big_p, keep)

    def forward(self) -> None:
        """Δx and π; c is spoilt."""
        drive, scratch = self.c, self.dx
        np.multiply(self.w, self._p, out=scratch)
        drive -= scratch
        drive *= self._inverse
        before = None
        for dx, keep, row in zip(self.dx, self._keep, drive, strict=True):
            if before is None:
                dx[:] = row
            else:
                np.multiply(keep, before, out=dx)
                np.add(dx, row, out=dx)
            before = dx
        np.multiply(self._big_p, self.dx, out=self.pi)
        self.pi += self._p
