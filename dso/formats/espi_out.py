"""Writes meter data as Green Button: an Atom feed of ESPI resources, one customer at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO
from uuid import NAMESPACE_DNS, UUID, uuid5
from xml.sax.saxutils import escape

import numpy as np

from dso.clock import from_epoch_s
from dso.formats import espi_words as words
from dso.formats.local_time import local_day, local_time_rules
from dso.formats.meters import UNKNOWN, Grid, Meter

NAMES = uuid5(NAMESPACE_DNS, "dso-engine")
ROOT = "/espi/1_1/resource"
DIRECTIONS = {"forward": words.FORWARD, "reverse": words.REVERSE}
NAMED_QUALITY = "<ReadingQuality><quality>{}</quality></ReadingQuality>"


@dataclass(frozen=True, slots=True)
class Study:
    """Where meter data come from: the name of the run, what tells it from others, its time zone."""

    name: str
    key: str  # the same run has the same key, and so the same ids
    zone: str


class Feed:
    """A Green Button feed of meters that share their intervals.

    Parameters
    ----------
    study : whose data they are.
    grid : the intervals, (n,).

    References
    ----------
    NAESB REQ.21 (ESPI) 3.3; RFC 4287 (Atom); ids are version 5 UUIDs of the run and the resource.
    """

    def __init__(self, study: Study, grid: Grid) -> None:
        self._study = study
        self._grid = grid
        self._updated = from_epoch_s(grid.end_s).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._days = list(_days(grid, study.zone))
        self._opening = [
            f"<timePeriod><duration>{d}</duration><start>{s}</start></timePeriod><value>"
            for s, d in zip(grid.starts_s.tolist(), grid.durations_s.tolist(), strict=True)
        ]

    def write(self, target: TextIO, meters: Iterable[Meter], title: str) -> int:
        """Write a whole feed; how many readings it holds."""
        target.write(self._head(title))
        written: set[str] = set()
        readings = 0
        for meter in meters:
            target.write(self._usage_point(meter))
            for direction, values in _channels(meter):
                if direction not in written:
                    target.write(self._reading_type(direction))
                    written.add(direction)
                target.write(self._meter_reading(meter.customer, direction))
                for block, count in self._blocks(meter, direction, values):
                    target.write(block)
                    readings += count
        target.write("</feed>\n")
        return readings

    def _id(self, path: str) -> UUID:
        return uuid5(NAMES, f"{self._study.key} {path}")

    def _head(self, title: str) -> str:
        first = from_epoch_s(int(self._grid.starts_s[0]))
        rules = local_time_rules(self._study.zone, first.year)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{words.ATOM}">\n'
            f"<id>urn:uuid:{self._id(title)}</id>\n<title>{_text(title)}</title>\n"
            f'<updated>{self._updated}</updated>\n<link rel="self" href="{ROOT}/Batch"/>\n'
        ) + self._entry(
            f"{ROOT}/LocalTimeParameters/1", f"{ROOT}/LocalTimeParameters", (), self._study.zone,
            f'<LocalTimeParameters xmlns="{words.ESPI}"><dstEndRule>{rules.dst_end_rule}</dstEndRule>'
            f"<dstOffset>{rules.dst_offset_s}</dstOffset><dstStartRule>{rules.dst_start_rule}</dstStartRule>"
            f"<tzOffset>{rules.tz_offset_s}</tzOffset></LocalTimeParameters>",
        )  # fmt: skip

    def _entry(self, path: str, up: str, related: Iterable[str], title: str, content: str) -> str:
        links = "".join(f'<link rel="related" href="{href}"/>' for href in related)
        return (
            f'<entry><id>urn:uuid:{self._id(path)}</id><link rel="self" href="{path}"/>'
            f'<link rel="up" href="{up}"/>{links}<title>{_text(title)}</title>'
            f'<content type="application/xml">{content}</content>'
            f"<published>{self._updated}</published><updated>{self._updated}</updated></entry>\n"
        )

    def _usage_point(self, meter: Meter) -> str:
        path = _usage_path(meter.customer)
        tariff = f"<tariffProfile>{_text(meter.tariff)}</tariffProfile>" if meter.tariff else ""
        return self._entry(
            path, f"{ROOT}/UsagePoint", (f"{path}/MeterReading", f"{ROOT}/LocalTimeParameters/1"),
            f"customer {meter.customer}",
            f'<UsagePoint xmlns="{words.ESPI}">'
            f"<ServiceCategory><kind>{words.ELECTRICITY_SERVICE}</kind></ServiceCategory><status>1</status>"
            f"<serviceDeliveryPoint><name>{meter.customer}</name>{tariff}</serviceDeliveryPoint></UsagePoint>",
        )  # fmt: skip

    def _reading_type(self, direction: str) -> str:
        lengths = np.unique(self._grid.durations_s)
        length = f"<intervalLength>{lengths[0]}</intervalLength>" if lengths.size == 1 else ""
        return self._entry(
            f"{ROOT}/ReadingType/{direction}", f"{ROOT}/ReadingType", (), f"energy, {direction}",
            f'<ReadingType xmlns="{words.ESPI}">'
            f"<accumulationBehaviour>{words.DELTA}</accumulationBehaviour><commodity>1</commodity>"
            f"<dataQualifier>{words.NORMAL}</dataQualifier><defaultQuality>{words.VALID}</defaultQuality>"
            f"<flowDirection>{DIRECTIONS[direction]}</flowDirection>{length}<kind>{words.ENERGY_KIND}</kind>"
            f"<powerOfTenMultiplier>{words.MILLI}</powerOfTenMultiplier><uom>{words.WATT_HOUR}</uom>"
            f"</ReadingType>",
        )  # fmt: skip

    def _meter_reading(self, customer: int, direction: str) -> str:
        path = f"{_usage_path(customer)}/MeterReading/{direction}"
        return self._entry(
            path, f"{_usage_path(customer)}/MeterReading",
            (f"{path}/IntervalBlock", f"{ROOT}/ReadingType/{direction}"), f"customer {customer}, {direction}",
            f'<MeterReading xmlns="{words.ESPI}"/>',
        )  # fmt: skip

    def _blocks(self, meter: Meter, direction: str, values: list[int]) -> Iterator[tuple[str, int]]:
        """One IntervalBlock a day at the place, with how many readings it has."""
        up = f"{_usage_path(meter.customer)}/MeterReading/{direction}/IntervalBlock"
        for day, begin, end in self._days:
            known = [place for place in range(begin, end) if values[place] != UNKNOWN]
            if not known:
                continue
            start = int(self._grid.starts_s[known[0]])
            stop = int(self._grid.starts_s[known[-1]] + self._grid.durations_s[known[-1]])
            content = (
                f'<IntervalBlock xmlns="{words.ESPI}">'
                f"<interval><duration>{stop - start}</duration><start>{start}</start></interval>\n"
                + "".join([self._reading(place, values[place], meter.quality) for place in known])
                + "</IntervalBlock>"
            )
            yield self._entry(f"{up}/{day}", up, (), day, content), len(known)

    def _reading(self, place: int, value: int, quality: dict[int, int]) -> str:
        named = NAMED_QUALITY.format(quality[place]) if place in quality else ""
        return f"<IntervalReading>{named}{self._opening[place]}{value}</value></IntervalReading>\n"


def _usage_path(customer: int) -> str:
    return f"{ROOT}/UsagePoint/{customer}"


def _channels(meter: Meter) -> Iterator[tuple[str, list[int]]]:
    """What was drawn, and what was injected if anything ever was: as a two-way meter counts them."""
    milliwh = meter.milliwh
    known = milliwh != UNKNOWN
    yield "forward", np.where(known, np.maximum(milliwh, 0), UNKNOWN).tolist()
    if (milliwh[known] < 0).any():
        yield "reverse", np.where(known, -np.minimum(milliwh, 0), UNKNOWN).tolist()


def _days(grid: Grid, zone: str) -> Iterator[tuple[str, int, int]]:
    """Each day at the place with its stretch of the grid."""
    names = [local_day(t_s, zone) for t_s in grid.starts_s.tolist()]
    begin = 0
    for place in range(1, len(names) + 1):
        if place == len(names) or names[place] != names[begin]:
            yield names[begin], begin, place
            begin = place


def _text(words: str) -> str:
    """Text that any program reads, whatever it takes the file's encoding for."""
    return escape(words).encode("ascii", "xmlcharrefreplace").decode("ascii")
