"""The optimum of one agent by another road: an LP of tangents in HiGHS, refined where its solution lies.

A convex cost lies above its tangents, so each LP bounds the optimum from below.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog


class Tangents:
    """The problem of agent i: variables u, v, x, σ and, for each quadratic term, y ≥ its tangents.

    A term is ½·k·(g·z)² for a row g; battery-like costs have one of u + v for each hour.
    """

    def __init__(self, part, x_start, room_low, room_high, i):
        column = {name: array[:, i] for name, array in part.items()}
        self.T = T = len(column["a"])
        eye, zero = sp.identity(T, format="csr"), sp.csr_matrix((T, T))
        two, soft = "b_v" in column, "soft_price" in column
        names = ["u", *(["v"] if two else []), "x", *(["s"] if soft else [])]
        self.place = {name: slice(k * T, (k + 1) * T) for k, name in enumerate(names)}

        def rows(**blocks):
            return sp.hstack([blocks.get(name, zero) for name in names], format="csr")

        self.linear = np.concatenate(
            [column[{"u": "p_u", "v": "p_v", "x": "c", "s": "soft_price"}[name]] for name in names]
        )
        terms = [(column["q"], rows(x=eye))]
        if "cross" in column:
            assert np.allclose(column["cross"], column["r_u"])
            assert np.allclose(column["cross"], column["r_v"])
            terms.append((column["cross"], rows(u=eye, v=eye)))
        else:
            terms.append((column["r_u"], rows(u=eye)))
            if two:
                terms.append((column["r_v"], rows(v=eye)))
        if soft:
            terms.append((column["soft_curvature"], rows(s=eye)))
        k = np.concatenate([weight for weight, _ in terms])
        self.G = sp.vstack([row for _, row in terms], format="csr")[k > 0]
        self.k = k[k > 0]
        decay = sp.diags(-column["a"][1:], -1, format="csr")
        blocks = {"x": eye + decay, "u": -sp.diags(column["b_u"])}
        if two:
            blocks["v"] = -sp.diags(column["b_v"])
        self.A = rows(**blocks)
        self.b = column["d"].copy()
        self.b[0] += column["a"][0] * x_start[i]
        bounds = {"u": (column["u_low"], column["u_high"]), "x": (room_low[:, i], room_high[:, i])}
        if two:
            bounds["v"] = (column["v_low"], column["v_high"])
        self.cuts, self.cut_rhs = [], []
        if soft:
            bounds["s"] = (np.zeros(T), np.full(T, np.inf))
            bounds["x"] = (np.full(T, -np.inf), np.full(T, np.inf))
            for sign, edge in ((-1, -column["x_low"]), (1, column["x_high"])):
                held = np.isfinite(edge)
                self.cuts.append(rows(x=sign * eye, s=-eye)[held])
                self.cut_rhs.append(edge[held])
        self.bounds = np.concatenate([np.column_stack(bounds[name]) for name in names])
        self.count = len(self.linear)
        self.cuts = [sp.hstack([c, sp.csr_matrix((c.shape[0], len(self.k)))]) for c in self.cuts]

    def touch(self, z):
        """Add each term's tangent at z: y ≥ k·g₀·(G·z') − ½·k·g₀²."""
        g = self.G @ z
        row = sp.hstack([sp.diags(self.k * g) @ self.G, -sp.identity(len(self.k))], format="csr")
        self.cuts.append(row)
        self.cut_rhs.append(0.5 * self.k * g * g)

    def bound(self):
        """The LP's optimum, a lower bound, and where it lies."""
        free = np.column_stack([np.zeros(len(self.k)), np.full(len(self.k), np.inf)])
        A = sp.hstack([self.A, sp.csr_matrix((self.T, len(self.k)))], format="csr")
        done = linprog(
            np.concatenate([self.linear, np.ones(len(self.k))]), A_eq=A, b_eq=self.b,
            A_ub=sp.vstack(self.cuts, format="csr"), b_ub=np.concatenate(self.cut_rhs),
            bounds=np.concatenate([self.bounds, free]),
            method="highs-ds", options={"time_limit": 20, "dual_feasibility_tolerance": 1e-9,
                                        "primal_feasibility_tolerance": 1e-9},
        )  # fmt: skip
        assert done.status == 0, done.message
        return done.fun, done.x[: self.count]


def excess(tangents, plan_cost, z, enough, rounds=40):
    """By how much a plan's cost is above the best bound found, at most; stops once it is at most `enough`.

    `z` is the plan. Tangents are laid at it, to either side of it, and then where each LP lies and half way
    from there to it.
    """
    for stretch in (1.0, 0.95, 1.05, 0.8, 1.2, 0.5):
        tangents.touch(stretch * z)
    best = np.inf
    for _ in range(rounds):
        bound, where = tangents.bound()
        best = min(best, plan_cost - bound)
        if best <= enough:
            break
        tangents.touch(where)
        tangents.touch(0.5 * (where + z))
    return best
