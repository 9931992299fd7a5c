"""The same market beside TESP's own code (tesp_support 1.3.8): same bids, same prices, same machine, one run.

    python -m benchmarks.against_tesp [real-time bids] [day-ahead bids]

What is timed on both sides is what TESP needs from its participants' bids to a retail price: aggregate all
bids and the fixed load, clear the aggregate against the wholesale forecaster P = aQ² + c on trial, turn that
price into a retail supply price, and clear the retail market against it under the substation's limit. TESP
samples its curves (100 prices), ours are exact, and ours also awards every bid. Neither side's making of its
own input format is timed: lists of points there, columns here. The peer runs unmodified in an environment of
its own, `.venv-tesp`, which is made on the first run.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tesp_baseline import DIST, PC_RETAIL, SCALE, WIN, make_bids
from dso.market import Book, PolynomialCurve, awards, clear

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".venv-tesp"
# As the baseline's own docstring says.
NEEDS = "numpy scipy pandas h5py helics matplotlib pyomo joblib pulp pytz tqdm pyglm pyjson5 seaborn highspy"
NEEDS += " casadi psutil"
ASKED = {"real-time": 500, "day-ahead": 300}


def peer_python() -> Path:
    """The peer's interpreter; its environment is made if it is not there."""
    python = PEER / "bin" / "python"
    if not (PEER / "ready").exists():
        venv.create(PEER, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *NEEDS.split()], check=True)
        subprocess.run([*pip, "--no-deps", "tesp_support==1.3.8"], check=True)
        (PEER / ".gitignore").write_text("*\n", encoding="utf-8")
        (PEER / "ready").touch()
    return python


def peer(*arguments: str) -> dict[str, Any]:
    """One measurement of the peer."""
    script = Path(__file__).with_name("tesp_baseline.py")
    done = subprocess.run(
        [str(peer_python()), str(script), *arguments], check=True, capture_output=True, text=True, cwd=PEER
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def with_fixed_load(bids: np.ndarray, load_kw: float) -> Book:
    """The participants' bids and the load that bids nothing, as one book."""
    fixed = np.array([[[load_kw, 1.0]] * 4])
    rows = np.concatenate((bids, fixed))
    return Book(rows[:, :, 0], rows[:, :, 1])


def market(book: Book, limit_kw: float) -> tuple[float, float, np.ndarray]:
    """From bids to the retail price, the quantity and every award."""
    wholesale = PolynomialCurve((0.02, 0.0, 0.08 / limit_kw**2), 0.0, limit_kw)
    trial = clear(book, import_price=wholesale.scaled(SCALE, DIST))
    delivered = SCALE * wholesale.price_at(trial.import_kw) + DIST
    found = clear(book, import_price=delivered, import_limit_kw=limit_kw, price_cap_usd_per_kwh=PC_RETAIL)
    return found.price_usd_per_kwh, found.quantity_kw, awards(book, found)


def real_time(n: int, repeats: int = 21) -> dict[str, Any]:
    book = with_fixed_load(make_bids(n)[:, 0], 0.5 * n)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        price, quantity, _ = market(book, 6.0 * n)
        times.append(time.perf_counter() - start)
    return {"s": statistics.median(times), "price": price, "quantity": quantity}


def day_ahead(n: int, repeats: int = 3, chunk: int = 1000) -> dict[str, Any]:
    # The peer's baseline makes its bids in chunks of a thousand, each with a seed of its own.
    chunks = [make_bids(min(chunk, n - s), WIN, seed=42 + s) for s in range(0, n, chunk)]
    bids = np.concatenate(chunks)
    books = [with_fixed_load(bids[:, h], 0.5 * n) for h in range(WIN)]
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        results = [market(book, 6.0 * n) for book in books]
        times.append(time.perf_counter() - start)
    return {"s": statistics.median(times), "price": results[0][0], "quantity": results[0][1]}


def compared(kind: str, n: int, theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    slow = theirs["median_s"]["total"]
    price, quantity = ("price", "quantity") if kind == "real-time" else ("price0", "q0")
    return {
        "market": kind,
        "bids": n,
        "tesp_s": round(slow, 3),
        "dso_s": round(ours["s"], 5),
        "faster": round(slow / ours["s"]),
        "asked": ASKED[kind],
        "tesp_price": round(theirs[price], 5),
        "dso_price": round(ours["price"], 5),
        "tesp_kw": round(theirs[quantity], 1),
        "dso_kw": round(ours["quantity"], 1),
    }


def main(real_time_bids: int = 50_000, day_ahead_bids: int = 50_000) -> dict[str, Any]:
    """Measure both, print a table and one JSON line, and return what was measured."""
    rows = [
        compared("real-time", real_time_bids, peer("rt", str(real_time_bids)), real_time(real_time_bids)),
        compared("day-ahead", day_ahead_bids, peer("da", str(day_ahead_bids)), day_ahead(day_ahead_bids)),
    ]
    print(f"\ntesp_support 1.3.8 beside dso; day-ahead: {WIN} hours; price and kW of the first.\n")
    print("| " + " | ".join(rows[0]) + " |\n|" + " --- |" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    result = {"benchmark": "against_tesp", "rows": rows}
    print("\n" + json.dumps(result))
    return result


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
