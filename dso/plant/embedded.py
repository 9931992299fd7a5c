"""The embedded stand-in for a feeder simulator: loads, devices, and the meter at the head."""

from __future__ import annotations

from typing import Any

import numpy as np

from dso.homes.customer_load import CustomerLoad
from dso.messages import Deliver, IntArray, MeterReading
from dso.plant.delivered import Stretches, delivered_with
from dso.ports import NetworkModel


class EmbeddedPlant:
    """Answers set-points with meter readings; it never sees a bid or a forecast.

    A meter is the customer's fixed load and its cooling. The cooling of a customer whose device bids follows
    its set-point between 0 and its rating; without a set-point (NaN), and of everybody else, it draws what it
    needs. Nothing is remembered: see `ResponsiveLoad` on rebound. The head meter is the sum of all meters and
    the losses of the network model.

    Parameters
    ----------
    load : the truth about all customers.
    participants : (k,) positions in `load` of the customers whose device has a sub-meter and may bid.
    network : whose losses the head meter includes.
    point_of : (customers,) index of the service point that each customer sits at; None: all at the only one.
    """

    def __init__(
        self,
        load: CustomerLoad,
        participants: IntArray,
        network: NetworkModel,
        point_of: IntArray | None = None,
    ) -> None:
        self.load, self.network = load, network
        self._point_of = np.zeros(len(load.customers), np.int64) if point_of is None else point_of
        self._bids = np.zeros(len(load.customers), bool)
        self._bids[participants] = True
        self._delivered: Stretches = ()

    def deliver(self, order: Deliver) -> MeterReading:
        """Run one interval and read all meters.

        Raises
        ------
        EngineError : the interval, or a part of it, was delivered before.
        ValueError : there is not one set-point for each customer.
        """
        asked = order.device_set_point_kw
        if asked.shape != self._bids.shape:
            raise ValueError(f"set-points must be {self._bids.shape}, were {asked.shape}")
        self._delivered = delivered_with(self._delivered, order.interval)
        fixed, need = self.load.kw(order.interval)
        follows = self._bids & ~np.isnan(asked)
        device = np.where(follows, np.clip(asked, 0.0, self.load.rating_kw), need)
        if order.supplied_frac is not None:
            fixed, device = fixed * order.supplied_frac, device * order.supplied_frac
        meter = fixed + device
        points_kw = np.bincount(self._point_of, meter, len(self.network.points)).astype(np.float64)
        losses_kw = self.network.losses_kw(points_kw[None, :], (order.equipment,))
        head_kw = float(meter.sum()) + float(losses_kw[0])
        hours = order.interval.hours
        sub_meter = np.where(self._bids, device, 0.0)
        return MeterReading(order.interval, meter * hours, sub_meter * hours, head_kw * hours)

    def get_state(self) -> Any:
        """What was delivered so far."""
        return self._delivered

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""
        self._delivered = tuple((int(first), int(last)) for first, last in state)
