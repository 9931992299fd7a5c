"""Rates that come with the package: utilities' own, each with the sheet it is from, and illustrative ones."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dso.errors import InputError, Problem
from dso.rates.rate import Rate
from dso.rates.urdb import read_rate_file

HERE = Path(__file__).parent
SHELVES = ("published", "illustrative")


@lru_cache(maxsize=1)
def rate_files() -> dict[str, Path]:
    """The file of each rate, by its name; published ones first."""
    return {path.stem: path for shelf in SHELVES for path in sorted((HERE / shelf).glob("*.json"))}


def library_rate(name: str) -> Rate:
    """A rate by its name; raises InputError, with the names that there are, for another."""
    files = rate_files()
    if name not in files:
        raise InputError([Problem(name, f"is no rate of the package; there is {', '.join(files)}")])
    return read_rate_file(files[name])
