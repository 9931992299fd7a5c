"""Run a DSO inside your own loop: python examples/embed.py"""

from pathlib import Path

import dso

engine = dso.load(Path(__file__).with_name("small.yaml"))
engine.advance("2016-08-10T06:02:00Z")  # everything that is due until then, oldest first

market = "rt-2016-08-10T06:05Z"
print(market, "is in", engine.markets[market].state)

while engine.markets[market].state != "delivery.metering":  # one event at a time
    step = engine.step()
    if step.machine == market:
        print(f"  {step.event:18} -> {step.destination:32}", dict(step.summary))

engine.run()  # to the end of the study
owed = {account: amount / 1e6 for account, amount in engine.world.ledger.balance_uusd.items()}
print("accounts [USD], positive has paid:", {k: round(v, 2) for k, v in owed.items()})
print("adds up to", engine.world.ledger.total_uusd(), "micro-dollars")
