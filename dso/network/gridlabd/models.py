"""The models of a feeder, one for each set of elements out, and what they answered last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from dso.errors import InputError, NetworkUnavailableError
from dso.messages import FloatArray
from dso.network.gridlabd.model import GlmModel, Values
from dso.network.gridlabd.ratings import Watched
from dso.network.gridlabd.wires import GlmWires

K = TypeVar("K")
V = TypeVar("V")
Out = frozenset[str]


class Memory(Generic[K, V]):
    """The values used last."""

    def __init__(self, most: int, drop: Callable[[V], None] = lambda _: None) -> None:
        self._most, self._drop = most, drop
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made where it is not kept."""
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > self._most:
                self._drop(self._kept.popitem(last=False)[1])
        self._kept.move_to_end(key)
        return self._kept[key]

    def forget(self) -> None:
        """Drops all."""
        while self._kept:
            self._drop(self._kept.popitem()[1])


class GlmModels:
    """A few models, each in a process of its own, for GridLAB-D cannot take out a line while it runs.

    Parameters
    ----------
    wires, watched : the whole feeder and the voltages that are read.
    """

    def __init__(self, wires: GlmWires, watched: list[Watched]) -> None:
        self._wires, self._watched = wires, watched
        self._models: Memory[Out, GlmModel] = Memory(3, lambda model: model.process.close())
        self._solved: Memory[tuple[Out, bytes], Values] = Memory(64)

    def model(self, out: Out) -> GlmModel:
        """The model with some elements out; raises as `GlmModel`, or no answer if some are."""
        return self._models.get(out, lambda: self._made(out))

    def _made(self, out: Out) -> GlmModel:
        try:
            return GlmModel(self._wires, self._watched, out)
        except InputError as error:
            if not out:
                raise
            raise NetworkUnavailableError(str(error)) from error

    def solved(self, out: Out, load_kw: FloatArray) -> Values:
        """What is read for a load at each point, (points,) [kW]; raises as `GlmModel.solve`."""
        return self._solved.get((out, load_kw.tobytes()), lambda: self._ask(out, GlmModel.solve, load_kw))

    def perturbed(self, out: Out, load_kw: FloatArray) -> Values:
        """What is read as it is, then with a little more at each live point; raises as `GlmModel.solve`."""
        return self._ask(out, GlmModel.perturbed, load_kw)

    def _ask(self, out: Out, what: Callable[[GlmModel, FloatArray], Values], load_kw: FloatArray) -> Values:
        """An answer; where there is none its process has ended, so that all are started anew."""
        try:
            return what(self.model(out), load_kw)
        except NetworkUnavailableError:
            self.close()
            raise

    def close(self) -> None:
        """Ends all processes and forgets."""
        self._models.forget()
        self._solved.forget()
