"""Where a market is in its chart, what it waits for, and why an event was not taken."""

from __future__ import annotations

from collections.abc import Iterator

from dso.clock import iso
from dso.debugger.session import StepSession
from dso.debugger.show import clock, wrong
from dso.engine.events import Happening
from dso.engine.work import Machine
from dso.statechart import Row
from dso.statechart.form import suggest

LOOKED_AT = 2000
_COMES_FROM = {
    "timer": "the clock",
    "outcome": "its own answer",
    "message": "a message on its way",
    "external": "from outside",
}


def machine_in_focus(session: StepSession, name: str = "") -> Machine:
    """A machine by name, or the market in focus; raises InputError where there is none."""
    wanted = name or session.market or ""
    machine = session.engine.machines.get(wanted)
    if machine is None:
        raise wrong(f"there is no machine '{wanted}' now; {suggest(wanted, session.engine.machines)}")
    return machine


def graph(session: StepSession, name: str = "") -> Iterator[str]:
    """The chart as a tree with the current state lit, and what it may do from there."""
    machine = machine_in_focus(session, name)
    chart = machine.chart
    lit = set(chart.lineage(machine.state))
    yield f"{machine.name} ({chart.name})"
    for path, state in chart.states.items():
        if state.parent and state.parent not in lit and path not in lit:
            continue  # inside of what is not lit is folded
        mark = "▶" if path in lit else " "
        owner = f"  [{state.owner}]" if state.owner and path in lit else ""
        more = " …" if state.children and path not in lit else ""
        yield f"{mark} {'  ' * (state.depth - 1)}{state.name}{more}{owner}"
    yield from _ways(machine)


def _ways(machine: Machine) -> Iterator[str]:
    rows = machine.chart.rows_in(machine.state)
    if rows:
        yield "from here:"
    for row in rows.values():
        sign = {"outcome": "→", "external": "✉", "timer": "⏱"}[row.kind]
        yield f"  {sign} {row.name}{_lead(row)}"


def _lead(row: Row) -> str:
    leads = f" → {row.to}" if row.to else " (taken, no change)"
    return f"{leads}  ! {row.degraded}" if row.degraded else leads


def why(session: StepSession, event: str = "", name: str = "") -> Iterator[str]:
    """Why an event was not taken, or without one: who the machine waits for, and until when."""
    machine = machine_in_focus(session, name)
    yield f"{machine.name} is in {machine.state} (owner {machine.chart.states[machine.state].owner or '-'})"
    if event:
        yield from _why_event(session, machine, event)
    yield from _waits(session, machine)


def _why_event(session: StepSession, machine: Machine, event: str) -> Iterator[str]:
    chart = machine.chart
    rows = {row.name: row for row in chart.rows_in(machine.state).values()}
    wanted = event.removeprefix("@")
    takers = [path for path in chart.leaves if wanted in {row.name for row in chart.rows_in(path).values()}]
    if not takers:
        every = {row.name for path in chart.leaves for row in chart.rows_in(path).values()}
        raise wrong(f"{chart.name} knows no event '{wanted}'; {suggest(wanted, sorted(every))}")
    if wanted in rows:
        yield f"{wanted} is taken here{_lead(rows[wanted])}; it has not come"
    else:
        shown = ", ".join(takers[:8]) + (f" and {len(takers) - 8} more" if len(takers) > 8 else "")
        yield f"{wanted} is not taken in {machine.state}; it is in {shown}"
    for entry in session.entries(LOOKED_AT):
        step = entry.step
        if step is not None and step.machine == machine.name and step.event.removeprefix("@") == wanted:
            what = f"refused: {step.rejected}" if step.rejected else f"taken: led to {step.destination}"
            yield f"last at step {step.sequence}, {clock(step.time_s)}, in {step.source}: {what}"
            return
    yield f"it has not come in the last {LOOKED_AT} steps"


def _waits(session: StepSession, machine: Machine) -> Iterator[str]:
    """What is on its way to a machine, and whom it waits for."""
    events = {row.event for row in machine.chart.rows_in(machine.state).values()}
    for who in _waited_for(session, machine, events):
        yield f"waits for {who}"
    due = [
        d for d in session.engine.queue if isinstance(d.item, Happening) and d.item.machine == machine.name
    ]
    for each in due[:10]:
        item = each.item
        assert isinstance(item, Happening)  # selected above
        kind = _COMES_FROM[item.kind]
        row = machine.chart.rows_in(machine.state).get(item.event)
        leads = _lead(row) if row is not None else " (not taken in this state)"
        yield f"  {iso(each.due_s)}  {item.event.removeprefix('@')} ({kind}){leads}"
    if not due:
        yield "  nothing is on its way to it"


def _waited_for(session: StepSession, machine: Machine, events: set[str]) -> Iterator[str]:
    world, subject = session.engine.world, machine.subject
    market = subject.times.market if hasattr(subject, "times") else ""
    if "all_ready" in events:
        for tariff in sorted(set(world.retailers) - subject.ready):
            retail = session.engine.machines.get(f"{market}/{tariff}")
            yield f"the curve of {tariff}" + (f", which is in {retail.state}" if retail is not None else "")
    if "bids_complete" in events:
        operator = world.operators[subject.tariff]
        record = operator.records.get(market)
        for sender in sorted(operator.senders - (record.heard if record is not None else frozenset())):
            yield f"bids of {sender}"
    if "wholesale_result" in events and getattr(subject, "bid", None) is not None and subject.result is None:
        yield "the wholesale market's result"
    if "all_readings" in events:
        readings = world.distribution.records[market].readings
        missing = [
            iso(i.start_s) for i, r in zip(subject.times.intervals, readings, strict=True) if r is None
        ]
        yield f"readings of {', '.join(missing) or 'some meters'}"
    if "period_settled" in events:
        yield f"{len(world.open_markets)} open markets to settle"
