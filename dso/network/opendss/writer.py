"""Writes the power of all loads at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dso.messages import FloatArray


class LoadWriter:
    """Writes the power of loads in two calls; each enters the admittances at once.

    By `Loads.kW` it would enter them only when something else has them built again, and the next solve would
    iterate on the loads of an earlier one.
    """

    def __init__(self, engine: Any, names: Sequence[str]) -> None:
        self._util = engine._api_util  # the batch calls of the C API have no public door in dss-python
        ffi, lib = self._util.ffi, self._util.lib
        batch, size = ffi.new("void***"), ffi.new("int32_t[4]")
        lib.Batch_CreateByClassS(batch, size, b"Load")
        self._util._check_for_error()
        all_loads = [batch[0][k] for k in range(size[0])]
        by_name = {ffi.string(lib.Obj_GetName(load)).decode().lower(): load for load in all_loads}
        lib.Batch_Dispose(batch[0])
        self._count, self._loads = len(names), ffi.new("void*[]", [by_name[name] for name in names])

    def write(self, kw: FloatArray, kvar: FloatArray) -> None:
        """Give each load its power, (loads,) [kW] and [kvar]."""
        for key, values in ((b"kW", kw), (b"kvar", kvar)):
            given = np.ascontiguousarray(values, np.float64)
            pointer = self._util.ffi.cast("double*", given.ctypes.data)
            self._util.lib.Batch_SetFloat64ArrayS(self._loads, self._count, key, pointer, 0)
        self._util._check_for_error()
