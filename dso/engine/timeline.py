"""When each market enters each state if all goes well: the chart walked along its lead times, nothing run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dso.engine.series import MarketTimes, SeriesSpec
from dso.statechart import Chart, nominal


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One market enters one state."""

    series: str
    market: str
    state: str
    at_s: int


@dataclass(slots=True)
class NominalMarket:
    """What the walk along a chart asks of one market: its instants, with rounds and intervals counted."""

    times: MarketTimes
    round: int = 0
    interval: int = -1

    def time(self, name: str) -> int | None:
        """The instant of a name under the present counts."""
        return self.times.instant(name, max(1, self.round), self.interval)

    def expected(self, event: str, now_s: int) -> int | None:
        """When a message is expected: tariffs are ready at once, the wholesale result in time."""
        if event == "all_ready":
            return self.times.round_open_s(self.round)
        if event == "wholesale_result":
            return self.times.clearing_s - self.times.spec.wholesale_result_lead_s
        return None

    def entered(self, state: str) -> None:
        """Count rounds as they open and intervals as they are dispatched."""
        if state == "negotiation.collecting":
            self.round += 1
        elif state == "delivery.dispatching":
            self.interval += 1

    def outcome(self, handler: str) -> str | None:
        """Where the first answer is not the usual one: rounds before the last, markets without delivery."""
        spec = self.times.spec
        if handler == "assess":
            last = spec.rounds if spec.protocol == "fixed" else spec.most_rounds()
            return "binding" if self.round >= last else "informational"
        if handler in ("dispatch", "collect_readings") and not spec.physical:
            return "position_only"
        return None


def market_timeline(chart: Chart, times: MarketTimes) -> Iterator[TimelineRow]:
    """The rows of one market, from spawning to its end."""
    for entry in nominal(chart, NominalMarket(times), times.activation_s):
        yield TimelineRow(times.spec.name, times.market, entry.state, entry.at_s)


def study_timeline(
    chart: Chart,
    series: Mapping[str, SeriesSpec],
    start_s: int,
    end_s: int,
    from_s: int | None,
    to_s: int | None,
) -> list[TimelineRow]:
    """The rows of every market of a study in order of time, within a window if one is given.

    Parameters
    ----------
    chart : the market chart.
    series : the series by name.
    start_s, end_s : the study [s].
    from_s, to_s : the window, inclusive [s].
    """
    rows: list[TimelineRow] = []
    for spec in series.values():
        for delivery_s in range(start_s, end_s, spec.clearing_interval_s):
            times = MarketTimes(spec, delivery_s)
            if to_s is not None and times.activation_s > to_s:
                break
            if from_s is not None and times.close_s < from_s:
                continue
            rows += market_timeline(chart, times)
    inside = [r for r in rows if (from_s is None or r.at_s >= from_s) and (to_s is None or r.at_s <= to_s)]
    return sorted(inside, key=lambda row: row.at_s)
