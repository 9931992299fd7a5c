"""Nothing that an engine learns is forgotten by a snapshot, except what it can work out again."""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dso.engine.memory import recall, remember
from dso.homes.noise import HourCache
from dso.registry import build_engine
from dso.run_file.parts import PART_BYTES, PartWriter
from dso.scenario import load_scenario
from dso.statechart import Chart
from dso.wholesale import ErcotMarket
from tests.run_file.small import KNOWN_PRICE, scenario_file

# What is worked out again from the scenario and the seed, the same however often: it may differ.
WORKED_OUT_AGAIN = (HourCache, Chart, ErcotMarket)
PRICES_BY_HOUR = ".world.wholesale._expected"
ATOMS = (int, float, str, bytes, bool, type(None), enum.Enum, type, types.FunctionType, types.MethodType)


def leaves(thing: Any, path: str, around: frozenset[int]) -> Iterator[tuple[str, Any]]:
    """Every value that can be reached from an object, with the way to it."""
    if isinstance(thing, ATOMS):
        yield path, thing
        return
    if isinstance(thing, np.ndarray):
        yield path, (thing.dtype.str, thing.shape, thing.tobytes())
        return
    if id(thing) in around or isinstance(thing, WORKED_OUT_AGAIN) or path == PRICES_BY_HOUR:
        return
    for name, part in parts_of(thing):
        yield from leaves(part, f"{path}{name}", around | {id(thing)})


def parts_of(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, dict | types.MappingProxyType):
        yield "#", repr(list(thing))  # the order of keys counts, too
        yield from ((f"[{key!r}]", value) for key, value in thing.items())
    elif isinstance(thing, list | tuple):
        yield "#", len(thing)
        yield from ((f"[{k}]", value) for k, value in enumerate(thing))
    elif isinstance(thing, set | frozenset):
        yield "#", repr(sorted(thing, key=repr))
    else:
        names = [*getattr(thing, "__dict__", {})]
        names += [
            n for kind in type(thing).__mro__ for n in getattr(kind, "__slots__", ()) if n != "__weakref__"
        ]
        yield from ((f".{name}", getattr(thing, name)) for name in names if hasattr(thing, name))


def differing(one: Any, other: Any) -> list[str]:
    a, b = (dict(leaves(engine, "", frozenset())) for engine in (one, other))
    return sorted(path for path in {*a, *b} if path not in a or path not in b or not same(a[path], b[path]))


def same(a: Any, b: Any) -> bool:
    return bool(a == b) or (a != a and b != b)


@pytest.mark.parametrize("wholesale", [KNOWN_PRICE, "{kind: ercot, bus: 1}"])
@pytest.mark.parametrize("until", ["2016-08-10T12:10Z", "2016-08-10T20:47Z", "2016-08-10T23:00Z"])
def test_a_fresh_engine_that_recalls_is_the_one_that_remembered(tmp_path, wholesale, until):
    scenario = scenario_file(tmp_path, wholesale=wholesale, customers=5)
    checked = load_scenario(scenario)
    used, fresh = build_engine(checked, tmp_path), build_engine(checked, tmp_path)
    used.run(until)
    assert len(differing(used, fresh)) > 100
    recall(fresh, remember(used))
    assert differing(used, fresh) == []


def test_the_walk_sees_what_is_learnt(tmp_path):
    """Otherwise the test above would prove nothing."""
    checked = load_scenario(scenario_file(tmp_path))
    used, fresh = build_engine(checked, tmp_path), build_engine(checked, tmp_path)
    assert differing(used, fresh) == []
    used.run("2016-08-10T20:47Z")
    found = " ".join(differing(used, fresh))
    for learnt in (
        "plant._delivered",
        "_memory.usd_per_kwh",
        ".balance_uusd",
        ".queue._heap",
        ".machines",
        ".audit",
    ):
        assert learnt in found, learnt


def test_memory_is_cut_into_parts_and_nothing_is_lost():
    parts: list[bytes] = []
    writer = PartWriter(lambda number, part: parts.append(bytes(part)))
    pieces = [b"a" * 10, b"b" * (PART_BYTES - 5), b"c" * (3 * PART_BYTES + 7), b"", np.arange(300_000), b"d"]
    for piece in pieces:
        writer.write(piece)
    writer.flush()
    whole = b"".join(piece.tobytes() if isinstance(piece, np.ndarray) else piece for piece in pieces)
    assert b"".join(parts) == whole
    assert max(map(len, parts)) <= PART_BYTES
