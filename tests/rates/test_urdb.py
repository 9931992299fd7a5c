from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dso.errors import InputError
from dso.rates import EnergyTier, read_rate, read_rate_file, write_rate
from dso.rates.fields import BILLED, CARRIED
from tests.rates import random_rates as random
from tests.rates.examples import Json, always, flat

FULL: Json = {
    "label": "539f6a23ec4f024411ec8beb",
    "utility": "Example Electric Co",
    "name": "R-1",
    "uri": "https://apps.openei.org/USURDB/rate/view/539f6a23ec4f024411ec8beb",
    "approved": True,
    "is_default": False,
    "startdate": 1388534400,
    "enddate": None,
    "sector": "Residential",
    "servicetype": "Bundled",
    "description": "Ünïcode and \"quotes\"",
    "revisions": [1408697768, 1408698016],
    "energyattrs": [{"Fuel": "see rider"}],
    "energyratestructure": [
        [
            {"max": 10, "unit": "kWh daily", "rate": 0.1, "adj": -0.002, "sell": 0.03},
            {"rate": 0.2, "unit": "kWh daily"},
        ],
        [{"rate": 1}],
    ],
    "energyweekdayschedule": [[0] * 12 + [1] * 12 for _ in range(12)],
    "energyweekendschedule": always(),
    "fueladjustmentsmonthly": [0, 0.001] + [0.0] * 10,
    "flatdemandunit": "kW",
    "flatdemandstructure": [[{"max": 50.5, "rate": 2, "adj": 0.1}, {"rate": 3.25}], [{"rate": 4}]],
    "flatdemandmonths": [0] * 5 + [1] * 4 + [0] * 3,
    "demandrateunit": "kW daily",
    "demandratestructure": [[{"rate": 0}], [{"rate": 5, "unit": "kW"}]],
    "demandweekdayschedule": always(1),
    "demandweekendschedule": always(0),
    "demandwindow": 15,
    "demandratchetpercentage": [0.5] * 12,
    "demandreactivepowercharge": 0,
    "coincidentrateunit": "kW",
    "coincidentratestructure": [[{"rate": 0}], [{"rate": 9.5}]],
    "coincidentrateschedule": always(1),
    "dgrules": "Net Billing Hourly",
    "fixedchargefirstmeter": 0.25,
    "fixedchargeeaaddl": 0,
    "fixedchargeunits": "$/day",
    "mincharge": 120,
    "minchargeunits": "$/year",
    "peakkwcapacitymax": 20,
    "voltagecategory": None,
}  # fmt: skip


OLD = flat(usenetmetering=True, fixedmonthlycharge=5, minmonthlycharge=2.5, annualmincharge=0)
EIGHT = flat(lookbackPercent=0.5, lookbackRange=0, lookbackMonths=[1] * 6 + [0] * 6)


@pytest.mark.parametrize("given", [FULL, flat(), OLD, EIGHT], ids=["full", "flat", "version 4", "version 8"])
def test_what_is_read_is_written_exactly_in_its_order(given: Json) -> None:
    before = json.dumps(given, sort_keys=True)
    written = write_rate(read_rate(given))
    assert json.dumps(written, sort_keys=True) == before  # as text: 5 stays 5, and 5.0 stays 5.0
    assert list(written) == list(given)
    assert json.dumps(given, sort_keys=True) == before


@pytest.mark.parametrize("seed", range(20))
def test_random_rates_come_back_as_they_were(seed: int) -> None:
    r = np.random.default_rng(seed)
    rate = random.rate(r, periods=seed % 2 == 0, tiers=1 + seed % 4, typical_kwh=500)
    rate |= random.flat_demand(r, 10) | random.demand_by_period(r, 10)
    assert write_rate(read_rate(json.loads(json.dumps(rate)))) == rate


def test_every_field_is_known_once() -> None:
    assert set(BILLED) & CARRIED == set()
    assert len({attribute for attribute, _ in BILLED.values()}) == len(BILLED)


def test_an_answer_of_the_database_with_one_rate_is_that_rate() -> None:
    assert read_rate({"items": [FULL]}) == read_rate(FULL)
    with pytest.raises(InputError, match="items: must hold one rate, has 2"):
        read_rate({"items": [FULL, FULL]})
    with pytest.raises(InputError, match=r"^items\[0\]\.labl: is not known; did you mean label\?"):
        read_rate({"items": [flat(labl=1)]})


def test_a_rate_made_or_changed_in_python_is_written_as_it_is_now() -> None:
    rate = replace(read_rate(flat()), fixed=5.0, fixed_unit="$/month", energy=((EnergyTier(0.2),),))
    written = write_rate(rate)
    assert written["energyratestructure"] == [[{"rate": 0.2}]]
    assert (written["fixedchargefirstmeter"], written["fixedchargeunits"]) == (5.0, "$/month")
    assert read_rate(written).energy == rate.energy


def without(*keys: str, **more: Any) -> Json:
    return {key: value for key, value in (FULL | more).items() if key not in keys}


def tiers(*rows: Json) -> Json:
    return FULL | {"energyratestructure": [list(rows), [{"rate": 1}]]}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (FULL | {"energyweekdayschedule": always()[:11]},
         ["energyweekdayschedule: must be a list of 12 months of 24 hours, was 11 long"]),
        (FULL | {"energyweekendschedule": [*always()[:4], [0] * 23, *always()[5:]]},
         ["energyweekendschedule[4]: must be a list of 24 periods, one an hour, was 23 long"]),
        (FULL | {"demandweekdayschedule": [[0] * 23 + ["x"], *always()[1:]]},
         ['demandweekdayschedule[0][23]: must be the number of a period, 0 or more, was "x"']),
        (FULL | {"energyweekdayschedule": [[0] * 20 + [2] * 4, *always(2)[1:]]},
         ["energyweekdayschedule[0][20]: period 2 has no rate in energyratestructure: its last period is 1 "
          "(and 267 more places)"]),
        (FULL | {"flatdemandmonths": [0] * 11 + [2]},
         ["flatdemandmonths[11]: period 2 has no rate in flatdemandstructure: its last period is 1"]),
        (without("energyweekendschedule", "flatdemandmonths", "coincidentrateschedule"),
         ["energyweekendschedule: is missing", "flatdemandmonths: is missing",
          "coincidentrateschedule: is missing"]),
        (without("demandratestructure"), ["demandratestructure: is missing"]),
        (FULL | {"energyratestructure": [[], [{"rate": 1}]]},
         ["energyratestructure[0]: is a period without a rate"]),
        (tiers({"max": 10}, {"rate": 1}), ["energyratestructure[0][0]: is a tier without a rate"]),
        (tiers({"rate": 1, "max": 10}, {"rate": 1, "max": 10}, {"rate": 1}),
         ["energyratestructure[0][1].max: tiers must rise, but 10 does not lie above 10"]),
        (tiers({"rate": 1}, {"rate": 1}), ["energyratestructure[0][0].max: is missing: only the last tier"]),
        (tiers({"rate": 1, "max": 0}), ["energyratestructure[0][0].max: must lie above 0, was 0"]),
        (tiers({"rate": 1, "unit": "MWh"}),
         ['energyratestructure[0][0].unit: must be one of kWh, kWh daily, kWh/kW, kWh/kW daily; was "MWh"']),
        (tiers({"rate": 1, "price": 2}),
         ["energyratestructure[0][0].price: is not known; a tier has max, unit"]),
        (tiers({"rate": "1"}), ['energyratestructure[0][0].rate: must be a number, was "1"']),
        (tiers({"rate": 1, "max": None}), ["energyratestructure[0][0].max: must be a number, was null"]),
        (tiers({"rate": float("nan")}), ["energyratestructure[0][0].rate: must be a number"]),
        (FULL | {"flatdemandunit": "kVA", "coincidentrateunit": "hp"},
         ["flatdemandunit: must be kW or kW daily: meters here read kWh only; was kVA",
          "coincidentrateunit: must be kW: meters here read kWh only; was hp"]),
        (FULL | {"demandreactivepowercharge": 0.4},
         ["demandreactivepowercharge: 0.4 USD/kVAR cannot be billed"]),
        (FULL | {"demandwindow": 7}, ["demandwindow: must be whole minutes that divide a day, was 7"]),
        (FULL | {"demandratchetpercentage": [80] * 12},
         [f"demandratchetpercentage[{m}]: must be a fraction from 0 to 1" for m in range(12)]),
        (FULL | {"demandratchetpercentage": [0.5] * 4}, ["demandratchetpercentage: must be a list of 12"]),
        (FULL | {"lookbackpercent": 0.5}, ["demandratchetpercentage: says what lookbackpercent says, too"]),
        (flat(lookbackpercent=0.5, lookbackrange=3, lookbackmonths=[1] * 12),
         ["lookbackmonths: must all be 0 where lookbackrange is not"]),
        (flat(lookbackmonths=[2] + [0] * 11), ["lookbackmonths[0]: must be 1 or 0, true or false, was 2"]),
        (flat(lookbackpercent=0.5, lookbackPercent=0.5),
         ["lookbackPercent: says what lookbackpercent says, too"]),
        (FULL | {"dgrules": "Feed-in"}, ["dgrules: must be one of Net Metering, Net Billing Instantaneous"]),
        (FULL | {"usenetmetering": True}, ["usenetmetering: is true, but dgrules says Net Billing Hourly"]),
        (FULL | {"fixedmonthlycharge": 3}, ["fixedmonthlycharge: says what fixedchargefirstmeter says, too"]),
        (FULL | {"fixedchargeunits": "$/week"},
         ['fixedchargeunits: must be one of $/day, $/month, $/year; was "$/week"']),
        (without("minchargeunits"), ["minchargeunits: is missing: $/day, $/month or $/year"]),
        (FULL | {"energyratestucture": []},
         ["energyratestucture: is not known; did you mean energyratestructure?"]),
        (FULL | {"wombat": 1}, ["wombat: is not known: it is no field of URDB versions 3 to 8"]),
        ([], ["must be an object with the fields of a URDB rate, was []"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_path_in_the_file(given: Any, problems: list[str]) -> None:
    with pytest.raises(InputError) as told:
        read_rate(given)
    assert len(told.value.problems) == len(problems), told.value
    for problem, start in zip(told.value.problems, problems, strict=True):
        assert str(problem).startswith(start)


def test_all_problems_are_told_at_once() -> None:
    bad = FULL | {
        "wombat": 1,
        "demandwindow": -15,
        "mincharge": "x",
        "dgrules": 3,
        "approved": "anything goes",
    }
    with pytest.raises(InputError) as told:
        read_rate(bad)
    assert {p.where for p in told.value.problems} == {"wombat", "demandwindow", "mincharge", "dgrules"}


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: path.write_text('{"label": "a", "label": "b"}'), "label: stands twice"),
        (lambda path: path.write_text("{"), "is not JSON"),
        (lambda path: path.write_text("[" * 100_000), "is not JSON"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "not a text in UTF-8"),
        (lambda path: None, "cannot be read: No such file"),
        (lambda path: path.write_text('{"mincharge": NaN}'), "mincharge: must be a number"),
    ],
)
def test_a_file_that_is_no_rate_is_told_by_its_name(
    tmp_path: Path, write: Callable[[Path], Any], said: str
) -> None:
    path = tmp_path / "rate.json"
    write(path)
    with pytest.raises(InputError, match=said) as told:
        read_rate_file(path)
    assert str(told.value).startswith(str(path))
