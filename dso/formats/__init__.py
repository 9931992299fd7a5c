"""Standard formats for data that go in and out: Green Button meter data, OpenADR 3 events."""

from dso.formats.espi_in import UsagePoint, read_green_button
from dso.formats.espi_out import Feed, Study
from dso.formats.meters import UNKNOWN, Grid, Meter, MeterColumns

__all__ = ["UNKNOWN", "Feed", "Grid", "Meter", "MeterColumns", "Study", "UsagePoint", "read_green_button"]
