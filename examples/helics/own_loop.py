"""Your own loop stays in charge: python examples/helics/own_loop.py

Everything is in one process here, so that it can be read at once: a broker, a market and a feeder as threads,
and your loop around the DSO. Between processes take core="zmq" and the address of a broker.
"""

from __future__ import annotations

import threading
from pathlib import Path

import helics

import dso
from dso.federate import Federate, load_profile
from dso.federate.dialects import kinds_of
from dso.federate.link import Link
from dso.federate.native_iso import NativeIso
from dso.federate.native_plant import NativePlant
from dso.federate.roster import roster

SCENARIO = Path(__file__).parents[1] / "small.yaml"
profile, name = load_profile("native"), "own-loop"
broker = helics.helicsCreateBroker("inproc", name, "-f 3 --loglevel=none")


def market() -> None:
    """The wholesale market: the scenario's own, answering bids."""
    link = Link("iso", core="inproc", broker=name)
    NativeIso(profile, link, {"dso": dso.load(SCENARIO).world.wholesale}).run()


def feeder() -> None:
    """The feeder: the physics that is embedded for the scenario."""
    other = dso.load(SCENARIO)
    world, zero_s = other.world, other.next_time()
    link = Link("feeder", core="inproc", broker=name)
    NativePlant(profile, link, world.plant, roster(profile.names, world), kinds_of(world), zero_s).run()


others = [threading.Thread(target=work, daemon=True) for work in (market, feeder)]
for thread in others:
    thread.start()

engine = dso.load(SCENARIO)
with Federate(engine, profile=profile, core="inproc", broker=name) as fed:
    while (steps := fed.step()) is not None:  # one instant at a time
        for step in steps:
            if step.handler == "reprice":
                print(fed.now, step.machine, dict(step.summary)["wholesale_usd_per_kwh"])
for thread in others:
    thread.join(10)
owed = {account: amount / 1e6 for account, amount in engine.world.ledger.balance_uusd.items()}
print({account: round(usd, 2) for account, usd in owed.items()})
