"""Bid for customers with a function of your own: python examples/aggregator.py"""

from pathlib import Path

import numpy as np

import dso


def chargers(request: dso.BidRequest) -> tuple[np.ndarray, np.ndarray]:
    """Two chargers of 3 kW: all of it below 9 cents, nothing above 11, and a line between."""
    shape = (len(request.intervals), 2, 2)  # intervals, chargers, points
    return np.broadcast_to([0.0, 3.0], shape), np.broadcast_to([0.11, 0.09], shape)


engine = dso.load(Path(__file__).with_name("aggregator.yaml"), agents={"aggregator": chargers})
engine.advance("2016-08-10T06:06:00Z")

market = "rt-2016-08-10T06:05Z"
record = engine.world.operators["transactive"].records[market]
price = record.price_usd_per_kwh[0]
awarded = {bids.sender: len(bids.customers) for bids in record.accepted}
print(f"{market}: {price:.4f} USD/kWh, bids of {awarded}")
print("the chargers draw", record.device_kw[0, -2:].round(3), "kW")
