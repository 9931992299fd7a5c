"""What a handler may do: read the world, put records, post messages. Undone as a whole if it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from dso.clock import iso
from dso.engine.series import MarketTimes
from dso.engine.step import Effects, Row, Said
from dso.engine.world import World
from dso.errors import EngineError
from dso.ledger import LedgerError
from dso.messages import Rejection, ValueExchange
from dso.statechart import Chart, Vocabulary

K = TypeVar("K")
V = TypeVar("V")

Handler = Callable[[Any], str | None]
Receiver = Callable[[Any, Any], Rejection | None]  # what it answers: why the message does not count

MISSING = object()


class Before(NamedTuple):
    """What stood in a record before it was put or dropped."""

    records: dict[Any, Any]
    key: Any
    value: Any  # MISSING if nothing did
    order: tuple[Any, ...] | None  # the keys, where one was dropped

    def put_back(self) -> None:
        """Let it stand there again, at its old place."""
        if self.value is MISSING:
            self.records.pop(self.key, None)
            return
        self.records[self.key] = self.value
        if self.order is not None:
            in_order = {key: self.records[key] for key in self.order}
            self.records.clear()
            self.records.update(in_order)


@dataclass(slots=True)
class Machine:
    """One running chart: where it is, what it is about, and the timers it has armed."""

    name: str
    chart: Chart
    behaviour: Behaviour
    subject: Any
    state: str
    armed: dict[str, dict[str, int]] = field(default_factory=dict)  # state -> timer event -> queue number


class Work:
    """One handler's or receiver's turn on one machine."""

    def __init__(self, world: World, machine: Machine, now_s: int) -> None:
        self.world = world
        self.machine = machine
        self.now_s = now_s
        self.effects = Effects()
        self.undo: list[Before] = []
        self._subject = machine.subject

    @staticmethod
    def subject_for(times: MarketTimes, tariff: str | None) -> Any:
        """What a machine of a new market starts with."""
        return None

    def time(self, name: str) -> int | None:
        """The instant that a name in the chart stands for now, None if it never comes."""
        raise EngineError(f"{self.machine.name} has no time named {name}")

    def put(self, records: dict[K, V], key: K, value: V) -> None:
        """Replace a record; it comes back as it was if the handler fails."""
        self.undo.append(Before(records, key, records.get(key, MISSING), None))
        records[key] = value

    def drop(self, records: dict[K, V], key: K) -> None:
        """Take a record away; it comes back if the handler fails."""
        if key in records:
            order = tuple(records)
            self.undo.append(Before(records, key, records.pop(key), order))

    def rollback(self) -> None:
        """Undo every `put` and `drop`, and everything that was to happen."""
        for before in reversed(self.undo):
            before.put_back()
        self.undo.clear()
        self.machine.subject = self._subject
        self.effects = Effects()

    def post(self, machine: str, event: str, payload: Any = None, *, at_s: int | None = None) -> None:
        """Send a message to a machine, now or at an instant."""
        self.effects.posts.append((self.now_s if at_s is None else at_s, machine, event, payload))

    def exchange(self, exchange: ValueExchange) -> None:
        """Post a value exchange to the ledger; raises LedgerError unless it adds up to zero."""
        total = sum(p.amount_uusd for p in exchange.postings)
        if exchange.customers is not None:
            total += int(exchange.customers.amount_uusd.sum())
        if total:
            raise LedgerError(f"{exchange.kind} of {exchange.market} is off by {total} micro-dollars")
        self.effects.exchanges.append(exchange)

    def reject(self, rejection: Rejection) -> None:
        """Record that something a participant sent does not count."""
        self.effects.rejections.append(rejection)

    def row(self, table: str, **values: Any) -> None:
        """Write a row into a table of the run file."""
        self.effects.rows.append(Row(table, {name: _plain(value) for name, value in values.items()}))

    def note(self, **values: Any) -> None:
        """Add to the step's summary."""
        self.effects.summary.update({name: _plain(value) for name, value in values.items()})

    def say(self, sender: str, receiver: str, kind: str, text: str, tariff: str | None = None) -> None:
        """Put a message between two parties on record."""
        self.effects.said.append(Said(sender, receiver, kind, text, tariff))

    def degrade(self, reason: str) -> None:
        """Put a reason on the record why this is less than it should be."""
        self.effects.degraded.append(reason)

    def takes(self, event: str) -> bool:
        """Whether the machine's present state takes an event."""
        return event in self.machine.chart.rows_in(self.machine.state)


class History(Protocol):
    """Who wants to be able to go back to before a step."""

    def before_posting(self, work: Work) -> None:
        """A handler has returned: its records are put, its exchanges are not yet entered into the ledger."""


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """What a kind of chart can do: its handlers, the messages it understands, its named instants."""

    kind: str
    work: type[Work]
    handlers: Mapping[str, Handler]
    receivers: Mapping[str, Receiver | None]
    times: tuple[str, ...]

    FATAL: ClassVar[str] = "fatal"

    def vocabulary(self) -> Vocabulary:
        """The names that a chart of this kind may use; outcomes are read off the handlers' return types."""
        return Vocabulary(
            handlers={name: outcomes_of(handler) for name, handler in self.handlers.items()},
            events=frozenset(self.receivers) | {self.FATAL},
            times=frozenset(self.times),
        )


def _plain(value: Any) -> Any:
    """A value without numpy's scalars, and without a negative zero; arrays stay as they are."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return 0.0 if isinstance(value, float) and value == 0.0 else value


def outcomes_of(handler: Handler) -> frozenset[str]:
    """The outcomes that a handler can return: the Literal of its return type, none for a final state's."""
    declared = getattr(handler, "outcomes", None)
    if declared is not None:
        return frozenset(declared)
    hint = get_type_hints(handler).get("return")
    if hint is None or hint is type(None):
        return frozenset()
    if get_origin(hint) is not Literal:
        raise EngineError(f"handler {handler.__name__} must return a Literal of its outcomes, returns {hint}")
    return frozenset(get_args(hint))


def at(t_s: int) -> str:
    """An instant for a summary."""
    return iso(t_s)
