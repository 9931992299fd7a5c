"""A small chart with everything in it, and the charts that the package ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from dso.statechart import Chart, Vocabulary, load_chart

HERE = Path(__file__).parent
SHOP = HERE / "charts" / "shop.yaml"

SHOP_WORDS = Vocabulary(
    handlers={
        "ask": frozenset({"asked", "nobody_home"}),
        "add": frozenset({"added", "start_over"}),
        "round": frozenset({"rounded", "odd"}),
        "archive": frozenset(),
    },
    events=frozenset({"fatal", "cancel", "restart", "panic", "noise", "offer", "again", "odd"}),
    times=frozenset({"opening", "closing", "patience"}),
)


@pytest.fixture(scope="session")
def shop_words() -> Vocabulary:
    return SHOP_WORDS


@pytest.fixture(scope="session")
def shop_file() -> Path:
    return SHOP


@pytest.fixture(scope="session")
def shop() -> Chart:
    return load_chart(SHOP, SHOP_WORDS)


@pytest.fixture(scope="session")
def market_file() -> Path:
    return HERE.parents[1] / "statecharts" / "market.yaml"
