"""What all physics of devices has in common; one file per kind answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dso.messages import FloatArray, IntArray


class Devices(Protocol):
    """The physics of all devices of one kind, as pure functions of their state.

    A state is (s, n): what the kind needs of each device; agents see only what `measured` tells.
    """

    @property
    def kind(self) -> str:
        """Its name, as settings and measurements bear it."""

    @property
    def unit(self) -> str:
        """What a setting is in: kW, or °C of a thermostat."""

    @property
    def customers(self) -> IntArray:
        """Index of the customer that each device belongs to, (n,)."""

    def start(self, at_s: int) -> FloatArray:
        """The state in which a study begins, (s, n)."""

    def step(
        self,
        state: FloatArray,
        from_s: int,
        to_s: int,
        setting: FloatArray | None = None,
        supplied_frac: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Run devices for a while.

        Parameters
        ----------
        state : (s, n) at the beginning; not changed.
        from_s, to_s : the stretch of time, at most an hour [s since the epoch].
        setting : (n,) what each was told, in the unit of the kind; NaN, or None for all: by itself.
        supplied_frac : (n,) part of the time with supply; None: all of it.

        Returns
        -------
        the state at the end, (s, n), and each device's average power at its meter, (n,) [kW], load positive.
        """

    def measured(self, state: FloatArray, at_s: int) -> Mapping[str, FloatArray]:
        """What sensors say of a state, by name with its unit, each (n,)."""
