"""Run the scripts of docs/transcripts and fill docs/stepping.md with what they print (a test compares)."""

from __future__ import annotations

import asyncio
import io
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from dso.cli.main import cli
from dso.clock import parse_time
from dso.debugger.cycle import cycle_of
from dso.debugger.prompt import Prompt, run_script
from dso.debugger.sequence_svg import to_svg
from dso.debugger.session import StepSession
from dso.run_file import RunReader
from dso.study import run

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "transcripts"
PAGE = ROOT / "docs" / "stepping.md"
WIDTH = 100
PICTURE = ROOT / "docs" / "pictures" / "price-spike.svg"
SCREEN = ROOT / "docs" / "pictures" / "tui.svg"  # looks otherwise with another textual: no test compares
SPIKE, SPIKE_SETTLED, SPIKE_LOCAL = "rt-2016-08-11T22:15Z", "2016-08-11T22:25Z", "2016-08-11T17:15"


def transcript(script: Path) -> str:
    """What a script prints; its first line says what it steps."""
    source = script.read_text(encoding="utf-8").split()[3]
    session = StepSession.open(ROOT / source)
    out = io.StringIO()
    prompt = Prompt(session, out, WIDTH)
    try:
        run_script(prompt, script)
    finally:
        prompt.session.close()
    return out.getvalue()


def transcripts() -> dict[Path, str]:
    """Every transcript as it should be."""
    return {script.with_suffix(".txt"): transcript(script) for script in sorted(FOLDER.glob("*.step"))}


def run_to_spike(folder: str) -> Path:
    """A run of the demo until the cycle that the tutorial looks at is settled."""
    target = Path(folder) / "demo.dso"
    run(ROOT / "examples" / "demo.yaml", target, until_s=parse_time(SPIKE_SETTLED))
    return target


def picture() -> str:
    """The cycle that the tutorial looks at, as a sequence diagram from a real run of the demo."""
    with TemporaryDirectory() as folder:
        return drawn(run_to_spike(folder))


def drawn(run_file: Path) -> str:
    """The same of a run that there is."""
    with RunReader(run_file) as reader:
        return to_svg(cycle_of(reader, SPIKE))


def network(run_file: Path) -> str:
    """What `dso network` says of that cycle, but for its drawing."""
    options = ["network", str(run_file), "--at", SPIKE_LOCAL]
    told = CliRunner().invoke(cli, options, catch_exceptions=False).output
    return f"$ dso network runs/demo.dso --at {SPIKE_LOCAL}\n{told.partition('Voltage [p.u.]')[0].rstrip()}"


async def screen() -> str:
    """The screen of `dso step --tui` where the tutorial begins."""
    from dso.debugger.tui import StepScreen

    session = StepSession.open(ROOT / "examples" / "demo.yaml")
    session.break_at("when", "price > 0.10 and series == 'rt'")
    session.until_time(parse_time("2016-08-13T05:00Z"))
    with ThreadPoolExecutor(1) as steps:
        app = StepScreen(session, steps)
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.pause()
            svg = app.export_screenshot()
    session.close()
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # they would be fetched from elsewhere


def page(tutorial: str) -> str:
    """The tutorial's page with the numbered parts of its transcript filled in."""
    text = PAGE.read_text(encoding="utf-8")
    for number, part in parts(tutorial):
        text = filled(text, f"part {number}", part)
    return text


def filled(text: str, name: str, part: str) -> str:
    """The text with what stands between a pair of markers replaced."""
    pattern = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}```text\n{part}\n```\n{match[2]}", text)


def parts(tutorial: str) -> Iterator[tuple[str, str]]:
    """The numbered parts of a transcript, each without its heading."""
    for part in re.split(r"^# (?=\d+\. )", tutorial, flags=re.MULTILINE)[1:]:
        number, _, rest = part.partition(".")
        yield number, rest.partition("\n")[2].strip("\n")


if __name__ == "__main__":
    os.chdir(ROOT)
    made = transcripts()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    with TemporaryDirectory() as folder:
        demo = run_to_spike(folder)
        PICTURE.write_text(drawn(demo), encoding="utf-8")
        points = network(demo)
    if find_spec("textual"):
        SCREEN.write_text(asyncio.run(screen()), encoding="utf-8")
    shown = filled(page(made[FOLDER / "price-spike.txt"]), "network", points)
    PAGE.write_text(shown, encoding="utf-8")
