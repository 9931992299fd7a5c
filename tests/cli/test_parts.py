"""dso charts and dso schema."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.scenario.examples import WHOLESALES, everything, small

ROOT = Path(__file__).parents[2]


def as_json(value: Any) -> Any:
    """A scenario's data as JSON has them: times as text."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


@pytest.fixture
def schema(dso) -> dict[str, Any]:
    found = json.loads(dso("schema", "scenario").out)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def test_every_chart_is_listed(dso):
    names = [row["chart"] for row in json.loads(dso("charts", "--json").out)]
    assert {"market", "dso", "billing", "retail/estimate", "retail/auction"} <= set(names)
    listed = dso("charts").out
    assert all(name in listed for name in names)


@pytest.mark.parametrize("file", ["examples/demo.yaml", "dso/scenario/template.yaml"])
def test_the_schema_takes_what_we_ship(schema, file):
    jsonschema.validate(as_json(yaml.safe_load((ROOT / file).read_text())), schema)


@pytest.mark.parametrize("wholesale", WHOLESALES)
def test_the_schema_takes_everything_that_a_scenario_may_say(schema, wholesale):
    jsonschema.validate(everything(wholesale), schema)


@pytest.mark.parametrize(
    "changes",
    [
        {"sed": 1},
        {"seed": -1},
        {"seed": "1"},
        {"tariffs": []},
        {"network": {"loss_frac": 1}},
        {"customers": 5},
    ],
)
def test_the_schema_refuses_what_check_refuses(schema, changes):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(small(**changes), schema)


def test_durations_are_text_with_a_unit_in_the_schema(schema):
    data = small()
    for wrong in ("5 MW", "30", 30):
        data["series"][0]["market_lead"] = wrong
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, schema)


def test_every_field_says_what_it_is(schema):
    parts = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    for part in parts:
        for name, field in part["properties"].items():
            assert field.get("description") or name == "kind", name


def test_the_chart_schema_is_json_and_the_run_files_a_page(dso):
    jsonschema.Draft202012Validator.check_schema(json.loads(dso("schema", "chart").out))
    page = dso("schema", "run").out
    assert page.startswith("# The run file\n")
    assert "## journal" in page
    assert "| `time_s` | INTEGER |" in page
