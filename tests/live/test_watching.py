"""What a watched run shows, and that watching changes nothing."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dso.clock import parse_time
from dso.live import LivePage
from dso.study import run
from tests.cli.conftest import write
from tests.run_file.small import differing
from tests.scenario.examples import small


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four hours of ten customers, behind a limit that binds."""
    data = small(network={"import_limit_kw": 30, "loss_frac": 0.03})
    return write(tmp_path_factory.mktemp("study") / "small.yaml", data)


@pytest.fixture(scope="module")
def unwatched(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("run") / "unwatched.dso"
    run(scenario, target)
    return target


class Reader(threading.Thread):
    """Asks for the state as fast as it can."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address, self.samples = address, []
        self.start()

    def run(self) -> None:
        try:
            while not self.samples or not self.samples[-1]["over"]:
                with urllib.request.urlopen(f"{self.address}state.json", timeout=5) as answer:
                    self.samples.append(json.loads(answer.read()))
        except (urllib.error.URLError, ConnectionError):
            return


def watched(scenario, target, **options):
    """Run under the eyes of a reader; what it saw."""
    readers = []
    with LivePage("small", "America/Chicago", lambda a: readers.append(Reader(a))) as page:
        run(scenario, target, watch=page.heard, opened=page.opened, **options)
        page.end("the run is over")
    readers[0].join(5)
    return readers[0].samples


def test_a_watched_run_writes_the_same_file(scenario, unwatched, tmp_path):
    samples = watched(scenario, tmp_path / "watched.dso")
    assert len(samples) > 2
    assert differing(unwatched, tmp_path / "watched.dso") == []


def test_nobody_needs_to_look(scenario, unwatched, tmp_path):
    began = []
    with LivePage("small", "UTC", began.append) as page:
        run(scenario, tmp_path / "alone.dso", watch=page.heard, opened=page.opened)
        before = time.monotonic()
        page.end("the run is over")
        assert time.monotonic() - before < 0.5
    assert differing(unwatched, tmp_path / "alone.dso") == []
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(began[0], timeout=2)


def test_samples_follow_the_run_to_its_end(scenario, tmp_path):
    samples = watched(scenario, tmp_path / "watched.dso")
    numbers, steps, shares = ([s[key] for s in samples] for key in ("number", "steps", "share"))
    assert numbers == sorted(numbers)
    assert steps == sorted(steps)
    assert shares == sorted(shares)
    last = samples[-1]
    assert (last["over"], last["share"]) == ("the run is over", 1.0)
    assert last["series"]["rt"]["state"] == "expired"
    assert last["series"]["rt"]["passed"]["expired"] == 16
    assert last["series"]["da"]["passed"]["delivery.holding"] == 1
    assert last["journal"][-1][6] == str(last["steps"])


def test_the_last_clearing_meets_where_the_schedule_says(scenario, tmp_path):
    """The limit of 30 kW binds in this study: point, limit and price are those of the run's last clearing."""
    last = watched(scenario, tmp_path / "watched.dso")[-1]["series"]["rt"]["clearing"]
    assert last["market"] == "rt-2016-08-10T20:45Z"
    assert last["kind"] == "at the wholesale result · Aug 10 15:45:00–16:00:00"
    assert last["limit"] == last["point"][0]
    assert last["told"].startswith("30.00 kW at ")
    assert "limit 30.00 kW · it binds" in last["told"]


def test_a_run_that_is_taken_up_again_can_be_watched(scenario, unwatched, tmp_path):
    target = tmp_path / "stages.dso"
    run(scenario, target, until_s=parse_time("2016-08-10T19:07Z"))
    samples = watched(scenario, target, resume=True)
    assert samples[-1]["series"]["rt"]["state"] == "expired"
    assert differing(unwatched, target) == []


def test_a_page_says_that_its_run_broke_off(scenario, tmp_path):
    readers = []

    def interrupting(step):
        page.heard(step)
        if step.sequence > 300 and readers[0].samples:
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        LivePage("small", "UTC", lambda a: readers.append(Reader(a))) as page,
    ):
        run(scenario, tmp_path / "broken.dso", watch=interrupting, opened=page.opened)
    readers[0].join(5)
    assert readers[0].samples[-1]["over"] == "interrupted"
