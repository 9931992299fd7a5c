from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dso.cli.clear import clear_command

FILE = Path(__file__).parents[1] / "data" / "cases" / "retail_clearing.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
KEYS = {
    "name",
    "price_usd_per_kwh",
    "price_interval",
    "quantity_kw",
    "import_kw",
    "rent_usd_per_h",
    "outcome",
    "awards_kw",
    "curtailed_kw",
}


def run(book: Any, *options: str) -> Result:
    text = book if isinstance(book, str) else json.dumps(book)
    return CliRunner().invoke(clear_command, ["-", *options], input=text)


def cleared(book: Any) -> Any:
    result = run(book, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def told(book: Any) -> str:
    result = run(book, "--json")
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_shared_case_gets_its_exact_answer(case: dict[str, Any]) -> None:
    row, exact = cleared(case), case["exact"]
    assert set(row) == KEYS
    assert row["name"] == case["name"]
    assert row["price_usd_per_kwh"] == pytest.approx(exact["price"], rel=1e-12)
    assert exact["q_min"] - 1e-9 <= row["quantity_kw"] <= exact["q_max"] + 1e-9
    assert row["curtailed_kw"] == pytest.approx(exact.get("curtailed_kw", 0.0))
    assert sum(row["awards_kw"]) == pytest.approx(row["quantity_kw"])
    assert row["outcome"] == ("scarcity" if "curtailed_kw" in exact else "cleared")


def test_the_whole_file_gives_a_list_in_its_order() -> None:
    result = CliRunner().invoke(clear_command, [str(FILE), "--json"])
    assert [row["name"] for row in json.loads(result.stdout)] == [c["name"] for c in CASES]


def test_a_list_gives_a_list_and_bare_inputs_one_object() -> None:
    inputs = {"bids_QP": [[[10, 0.2]]], "retail_supply_price": 0.1}
    assert cleared(inputs)["name"] == "case 1"
    assert [row["name"] for row in cleared([inputs, {"name": "b", "inputs": inputs}])] == ["case 1", "b"]
    assert cleared([]) == []


def test_offers_beside_the_import_get_awards_of_their_own() -> None:
    row = cleared(
        {
            "bids_QP": [[[100, 0.3]]],
            "offers_QP": [[[0, 0.05], [30, 0.05]], [[0, 0.2], [30, 0.2]]],
            "retail_supply_price": 0.1,
            "import_limit_kw": 50,
        }
    )
    assert row["offer_awards_kw"] == pytest.approx([30, 20])
    assert (row["price_usd_per_kwh"], row["import_kw"]) == pytest.approx((0.2, 50))
    assert row["rent_usd_per_h"] == pytest.approx(5.0)


def test_offers_instead_of_the_import_and_theta_choose_within_the_dual_interval() -> None:
    book = {
        "bids_QP": [[[0, 0.3], [10, 0.3]], [[0, 0.1], [10, 0.1]]],
        "offers_QP": [[[0, 0.05], [10, 0.05]], [[0, 0.2], [10, 0.2]]],
        "theta": 0.25,
    }
    row = cleared(book)
    assert row["price_interval"] == [0.1, 0.2]
    assert row["price_usd_per_kwh"] == pytest.approx(0.125)
    assert row["import_kw"] == 0


def test_an_open_end_of_the_interval_is_null() -> None:
    row = cleared({"bids_QP": [[[0, 0.2], [10, 0.1]]]})
    assert row["price_interval"] == [0.2, None]
    assert row["outcome"] == "no_crossing"


def test_a_quadratic_supply_can_be_given_in_full() -> None:
    book = {
        "bids_QP": [[[100, 0.3]]],
        "supply_quadratic": {"a": 1e-6, "b": 1e-4, "c": 0.01},
        "scaling": 2.0,
        "distribution_usd_per_kwh": 0.05,
        "import_limit_kw": 500,
    }
    # 2·(1e-6·100² + 1e-4·100 + 0.01) + 0.05
    assert cleared(book)["price_usd_per_kwh"] == pytest.approx(0.11)


def test_bad_bids_are_rejected_with_their_reasons_and_the_rest_clears() -> None:
    book = (
        '{"bids_QP": [[[10, 0.2]], [[NaN, 0.2]], [[1, 1e999]], [[0, 0.3], [5, 0.2], [4, 0.1]], '
        "[], [[1]], "
        '[["a", 1]], [[null, 1]], 7, [[1, true]]], '
        '"retail_supply_price": 0.1, "offers_QP": [[[5, 0.1], [4, 0.3]]]}'
    )
    row = cleared(book)
    assert row["awards_kw"] == [10.0] + [0.0] * 9
    assert [r["bid"] for r in row["rejections"] if "bid" in r] == list(range(1, 10))
    assert [r["offer"] for r in row["rejections"] if "offer" in r] == [0]
    assert all(isinstance(r["reason"], str) and r["reason"] for r in row["rejections"])
    assert row["quantity_kw"] == 10


def test_every_problem_of_a_book_is_told_at_once() -> None:
    text = told(
        [
            {"bid_QP": [], "theta": 7, "price_cap": "high", "Q_max_kW": -1},
            {"bids_QP": {}, "retail_supply_price": [], "mode": "other", "export_limit_kw": None},
            3,
        ]
    )
    for word in (
        "cases[0].bids_QP: must be a list",
        "did you mean 'bids_QP'?",
        "cases[0].theta: must lie between 0 and 1, was 7",
        'cases[0].price_cap: must be a number, was "high"',
        "cases[0].Q_max_kW: must not be negative, was -1",
        "cases[1].bids_QP: must be a list",
        "cases[1].retail_supply_price: must be a number",
        "cases[1].mode",
        "cases[2]: must be an object",
    ):
        assert word in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("book", "said"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("3", "must be an object"),
        ('{"cases": 3}', "must be a list of cases"),
        ('{"inputs": []}', "inputs: must be an object"),
        ('{"name": 3, "inputs": {"bids_QP": []}}', "name: must be a text"),
        ('{"bids_QP": [], "theta": NaN}', "theta"),
        ('{"bids_QP": [], "price_cap": Infinity}', "price_cap"),
        ('{"bids_QP": [], "theta": true}', "theta"),
        ('{"bids_QP": [], "Q_max_kW": 5, "import_limit_kw": 6}', "give one of them"),
        ('{"bids_QP": [], "mode": "chain"}', "import_limit_kw"),
        ('{"bids_QP": [], "Q_max_kW": 5, "supply_quadratic": {"a": -1}}', "must not fall"),
        ('{"bids_QP": [], "Q_max_kW": 5, "supply_quadratic": {"d": 1}}', "is not known"),
        ('{"bids_QP": [], "Q_max_kW": 5, "supply_quadratic": 4}', "must be an object"),
        ('{"bids_QP": [], "theta": 0.5, "theta": 0.6}', "twice"),
        ('{"bids_QP": [], "retail_supply_price": 1' + "0" * 400 + "}", "retail_supply_price"),
    ],
)
def test_a_book_that_is_none_is_told_in_a_sentence(book: str, said: str) -> None:
    text = told(book)
    assert said in text
    assert "Traceback" not in text


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(clear_command, [str(tmp_path / "none.json")])
    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert CliRunner().invoke(clear_command, [str(path)]).exit_code == 2


def test_the_table_gives_every_award_a_reason() -> None:
    book = {
        "bids_QP": [
            [[10, 0.2]],
            [[0, 0.3], [10, 0.3]],
            [[0, 0.2], [10, 0.2]],
            [[0, 0.1], [10, 0.1]],
            [[0, 0.3], [10, 0.1]],
            [["x"]],
        ],
        "offers_QP": [[[0, 0.1], [30, 0.1]]],
    }
    result = run(book)
    assert result.exit_code == 0
    for words in (
        "inflexible",
        "accepted in full",
        "at the margin",
        "not accepted",
        "on its curve",
        "rejected:",
    ):
        assert words in result.stdout
    assert "offer 0" in result.stdout
    scarce = run({"bids_QP": [[[10, 0.2]]], "retail_supply_price": 0.1, "Q_max_kW": 4, "price_cap": 1})
    assert "curtailed: 40.0%" in scarce.stdout
