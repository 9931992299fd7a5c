"""The prompt: transcripts are as the documentation shows them, mistakes cost one line."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest

from dso.debugger.commands import HELP
from dso.debugger.prompt import Prompt, run_script
from dso.debugger.session import StepSession

ROOT = Path(__file__).parents[3]


def _maker():
    spec = importlib.util.spec_from_file_location("make_transcripts", ROOT / "docs" / "make_transcripts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "script", sorted((ROOT / "docs" / "transcripts").glob("*.step")), ids=lambda p: p.stem
)
def test_transcripts_are_fresh(script: Path, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    kept = script.with_suffix(".txt").read_text(encoding="utf-8")
    assert _maker().transcript(script) == kept, "run: python docs/make_transcripts.py"


def test_the_tutorial_shows_its_transcript() -> None:
    tutorial = (ROOT / "docs" / "transcripts" / "price-spike.txt").read_text(encoding="utf-8")
    shown = (ROOT / "docs" / "stepping.md").read_text(encoding="utf-8")
    assert _maker().page(tutorial) == shown, "run: python docs/make_transcripts.py"
    assert "break when price > 0.10" in shown


def test_the_tutorial_s_picture_is_what_the_demo_comes_to() -> None:
    made = _maker()
    assert made.picture() == made.PICTURE.read_text(encoding="utf-8"), "run: python docs/make_transcripts.py"


@pytest.fixture
def told():
    out = io.StringIO()
    prompt = Prompt(StepSession.open(ROOT / "examples" / "small.yaml"), out, 100)

    def tell(line: str) -> str:
        out.seek(0)
        out.truncate()
        prompt.onecmd(line)
        return out.getvalue()

    tell.prompt = prompt
    yield tell
    prompt.session.close()


def test_every_command_has_help_and_every_help_a_command() -> None:
    commands = {name[3:] for name in dir(Prompt) if name.startswith("do_")} - {"EOF"}
    assert commands == set(HELP)


ODD = ["", "0", "-1", "x", "1e999", "9" * 20, "'", "a b c", "☃", "../..", "k=v", "NaN", "a@b"]


@pytest.mark.parametrize("name", sorted(HELP))
@pytest.mark.parametrize("argument", ODD)
def test_nothing_that_is_typed_ends_in_a_traceback(
    told, name: str, argument: str, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told("next 20")
    told(f"{name} {argument}".strip())


WRONG = {
    "nxt": "? there is no command 'nxt'; did you mean 'next'?",
    "frobnicate": "? there is no command 'frobnicate'; help lists them",
    "next many": "? needs a number from 1, was 'many'",
    "until pubishing": "? there is no state 'pubishing'; did you mean 'publishing'?",
    "until 25:00": "? must be a date or time",
    "until 2016-01-01": "already; goto leads back",
    "until rt-2016-08-10T05:01Z": "there is no market 'rt-2016-08-10T05:01Z'; nearest: rt-2016-08-10T05:00Z",
    "break stat x": "? there is no breakpoint 'stat'; did you mean 'state'?",
    "break when price >": "is no condition",
    "clear 3": "? there is no breakpoint 3; there are 0",
    "market da-2016-08-11T05:00Z": "is alive; did you mean 'da-2016-08-10T05:00Z'?",
    "bids transactiv": "? there is no tariff 'transactiv' here; did you mean 'transactive'?",
    "why wholesale_resul": "? market knows no event 'wholesale_resul'; did you mean 'wholesale_result'?",
    "graph ds": "? there is no machine 'ds' now; did you mean 'dso'?",
    "post outge to=dso": "? no state of dso takes 'outge'; did you mean 'outage'?",
    "post outage to=dsso": "? there is no machine 'dsso'; did you mean 'dso'?",
    "post outage to=dso at=2016-08-01": "a message cannot arrive at",
    "post outage dso": "? 'dso' must be name=value",
    "bid 17": "? such as: bid 17 2.5@0.10 0@0.20",
    "bid 17 2": "? '2' must be KW@PRICE, such as 2.5@0.10",
    "fault derate": "? derate needs a power, such as: fault derate kw=5000",
    "fault wholsale_silent": "? there is no fault 'wholsale_silent'; did you mean 'wholesale_silent'?",
    "help nxt": "? there is no command 'nxt'; did you mean 'next'?",
    "load x.json": "? cannot read x.json: No such file or directory",
    "save no/such/folder/x.json": "? cannot write no/such/folder/x.json: No such file or directory",
    "curve": "have offered no curves yet",
}


@pytest.mark.parametrize("line", WRONG)
def test_mistakes_are_told_with_what_would_be_right(told, line: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    told("next 5")
    answer = told(line)
    assert WRONG[line] in answer
    assert answer.count("\n") == 1
    assert told.prompt.session.engine.steps == 5


def test_a_script_that_cannot_be_run_is_told(tmp_path: Path, told) -> None:
    script = tmp_path / "a.step"
    script.write_text("# a word\nnext\nfrob\nquit\nnext\n", encoding="utf-8")
    assert not run_script(told.prompt, script)
    assert told.prompt.session.engine.steps == 1


def test_an_interrupt_stops_between_two_steps(told) -> None:
    session = told.prompt.session
    stop = session.go(lambda entry: setattr(session, "interrupted", session.engine.steps >= 30))
    assert (stop.reason, session.engine.steps) == ("interrupted", 30)
