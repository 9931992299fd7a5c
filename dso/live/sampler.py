"""What the page shows, taken from the engine between two steps, and only when somebody asks.

The run's thread calls `heard` after each step; it notes a few references and goes on. The page's threads
ask for a sample and wait a moment: the run's thread makes it after its next step, so that nobody reads what
is just being written. When the run is busy with a long step, they get the last sample.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import Any

import numpy as np

from dso.engine.loop import Engine
from dso.engine.market_work import MarketSubject, Schedule
from dso.engine.step import SPAWN, Step
from dso.live.clearing import Cleared, cleared_now, cross_of
from dso.live.local import Local
from dso.live.plot import Plot

JOURNAL_ROWS = 18
APART_S = 0.1  # samples are at least so far apart, however many ask
PATIENCE_S = 0.2  # how long a page waits for a fresh one


class Sampler:
    """Follows a run and hands out samples of it."""

    def __init__(self, engine: Engine, zone: str, end_s: int) -> None:
        self._engine, self._local = engine, Local(zone)
        self._begin_s, self._end_s = engine.now_s, end_s
        self._series: dict[str, str] = {  # of each living market
            name: m.subject.times.spec.name for name, m in engine.markets.items()
        }
        self._tail: deque[Step] = deque(maxlen=JOURNAL_ROWS)
        self._active: dict[str, Step] = {}  # by series: the last step of a market
        self._passed: dict[str, Counter[str]] = {name: Counter() for name in engine.series}
        self._seen: dict[str, Schedule] = {}  # by market
        self._factor: dict[str, Any] = {}  # by series: power at the head per power at the meters
        self._cleared: dict[str, Cleared] = {}
        self._plots = {name: Plot.empty() for name in engine.series}
        self._drawn: dict[str, tuple[Cleared, dict[str, Any]]] = {}
        self._asked, self._not_before = False, 0.0
        self._fresh = threading.Condition()
        self._number, self._over = 0, ""
        self._sample = self._take()

    # --- in the run's thread ------------------------------------------------------------------------------

    def heard(self, step: Step) -> None:
        """Note a step, and make a sample if one is wanted."""
        self._tail.append(step)
        if step.event == SPAWN:
            self._series[step.machine] = self._engine.machines[step.machine].subject.times.spec.name
        series = self._series.get(step.machine)
        if series is not None:
            self._note(step, series)
        if self._asked and time.monotonic() >= self._not_before:
            self._publish()

    def end(self, how: str) -> None:
        """Say that no more steps come, and why; make the last sample."""
        self._over = how
        self._publish()

    def _note(self, step: Step, series: str) -> None:
        self._active[series] = step
        self._passed[series].update(step.entered)
        machine = self._engine.machines.get(step.machine)
        if machine is None:
            self._series.pop(step.machine, None)
            self._seen.pop(step.machine, None)
            return
        subject: MarketSubject = machine.subject
        schedule = subject.schedule
        if schedule is None or self._seen.get(step.machine) is schedule:
            return
        self._seen[step.machine] = schedule
        if "head_kw" in step.summary:  # the DO has looked at it
            load, head = schedule.total_kw(), np.asarray(step.summary["head_kw"])
            self._factor[series] = np.where(np.abs(load) > 1e-6, head / np.where(load, load, 1.0), 1.0)
        factor = self._factor.get(series, np.ones(len(subject.times.intervals)))
        found = cleared_now(self._engine, step.machine, subject, schedule, factor)
        if found is not None:
            self._cleared[series] = found

    def _publish(self) -> None:
        sample = self._take()
        with self._fresh:
            self._asked, self._not_before = False, time.monotonic() + APART_S
            self._number += 1
            self._sample = sample | {"number": self._number}
            self._fresh.notify_all()

    def _take(self) -> dict[str, Any]:
        now_s = self._engine.now_s
        span = max(1, self._end_s - self._begin_s)
        return {
            "number": self._number,
            "over": self._over,
            "time": self._local.full(now_s),
            "share": round(min(1.0, max(0.0, (now_s - self._begin_s) / span)), 4),
            "steps": self._engine.steps,
            "series": {name: self._of_series(name) for name in self._engine.series},
            "journal": [self._line(step) for step in self._tail],
        }

    def _of_series(self, name: str) -> dict[str, Any]:
        here = Counter(m.state for key, m in self._engine.markets.items() if self._series.get(key) == name)
        step = self._active.get(name)
        return {
            "market": "" if step is None else step.machine,
            "state": "" if step is None else step.destination,
            "here": here,
            "passed": dict(self._passed[name]),
            "clearing": self._clearing(name),
        }

    def _clearing(self, series: str) -> dict[str, Any] | None:
        cleared = self._cleared.get(series)
        if cleared is None:
            return None
        if series not in self._drawn or self._drawn[series][0] is not cleared:
            try:
                drawn = self._draw(series, cleared)
            except Exception as error:  # noqa: BLE001  a tariff of the user's own may fail; the run goes on
                drawn = {"market": cleared.market, "kind": f"cannot be drawn: {error}"}
            self._drawn[series] = (cleared, drawn)
        return self._drawn[series][1]

    def _draw(self, series: str, cleared: Cleared) -> dict[str, Any]:
        cross = cross_of(self._engine, cleared)
        kind = "at the wholesale result" if cleared.final else f"round {cleared.round}, at the expected price"
        span = f"{self._local.short(cross.interval.start_s)}–{self._local.clock(cross.interval.end_s)}"
        many = " · the interval with most load" if len(cleared.intervals) > 1 else ""
        plot = self._plots[series].of(cross)
        return {"market": cleared.market, "kind": f"{kind} · {span}{many}"} | plot

    def _line(self, step: Step) -> list[str]:
        note = step.error or step.rejected or step.degraded or ""
        kind = "bad" if step.error or step.rejected else "degraded" if step.degraded else ""
        return [
            self._local.short(step.time_s), step.machine, step.event, step.destination, note, kind,
            str(step.sequence),
        ]  # fmt: skip

    # --- in the page's threads ----------------------------------------------------------------------------

    def sample(self) -> dict[str, Any]:
        """A fresh sample, or the last one if the run is busy."""
        with self._fresh:
            if not self._over:
                before = self._number
                self._asked = True
                self._fresh.wait_for(lambda: self._number > before, PATIENCE_S)
            return self._sample
