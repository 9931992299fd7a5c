"""Names and codes of ESPI (NAESB REQ.21), as its schema `usage.xsd` lists them."""

from __future__ import annotations

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"

ELECTRICITY_SERVICE = 0  # ServiceKind
ELECTRICITY = (0, 1, 2)  # CommodityKind: not said, secondary and primary metered
DELTA, NOT_APPLICABLE, BULK, CUMULATIVE, INDICATING, SUMMATION, INSTANT = 4, 0, 1, 3, 6, 9, 12
FORWARD, NET, REVERSE, TOTAL = 1, 4, 19, 20  # FlowDirectionKind
ENERGY_KIND, POWER_KIND = 12, 37  # MeasurementKind
WATT, WATT_HOUR = 38, 72  # UnitSymbolKind
NORMAL = 12  # DataQualifierKind
AVERAGE = 2
MILLI = -3  # UnitMultiplierKind
MULTIPLIERS = (-12, -9, -6, -3, -2, -1, 0, 1, 2, 3, 6, 9, 12)
LARGEST_VALUE = 2**47  # Int48

VALID, LIKE_OTHERS, OTHER_ESTIMATE, PROJECTED = 0, 8, 16, 12  # QualityOfReading
QUALITY_OF_RULE = {"similar": LIKE_OTHERS, "before": OTHER_ESTIMATE, "schedule": PROJECTED}
