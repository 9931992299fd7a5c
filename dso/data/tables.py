"""Read the package's own CSV files, plain or gzipped."""

from __future__ import annotations

import csv
import gzip
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rows(name: str) -> list[dict[str, str]]:
    """All rows of a small CSV file of `dso/data`, as dictionaries by column name."""
    text = files("dso.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def columns(name: str) -> tuple[list[str], Floats]:
    """Header and values, (rows, columns), of a gzipped CSV file of `dso/data` that holds numbers only."""
    packed = files("dso.data").joinpath(name)
    with packed.open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as file:
        header = file.readline().strip().split(",")
        return header, np.loadtxt(file, delimiter=",", ndmin=2)
