"""Run a federation with one command, its broker included: python examples/helics/run.py stub

The file NAME.json beside this one is what `helics run` takes, with places for a free port and for the folder
of this run; so several can run on one machine at once. What each federate prints is in that folder.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from dso.federate.broker import free_port

HERE = Path(__file__).parent


def runner(name: str, out: Path) -> Path:
    """Write the file for `helics run`."""
    places = {
        "bin": Path(sys.executable).parent,
        "python": sys.executable,
        "port": free_port(),
        "scenarios": HERE.parent.resolve(),
        "out": out.resolve(),
    }
    text = (HERE / f"{name}.json").read_text(encoding="utf-8")
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", str(value))
    path = out / f"{name}.json"
    path.write_text(text, encoding="utf-8")
    return path


def main(name: str = "stub", folder: str | None = None) -> int:
    """Run it, and show what the DSO has to say."""
    out = Path(folder or Path("runs") / f"helics-{name}-{time.strftime('%H%M%S')}")
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    helics = Path(sys.executable).with_name("helics")
    subprocess.run([helics, "run", "--silent", "--path", runner(name, out)], check=False, capture_output=True)
    said = (out / "dso.log").read_text(encoding="utf-8")
    print(said)
    print(f"{time.monotonic() - began:.1f} s; what each federate said, and the run file, are in {out}")
    done = (out / f"{name}.dso").exists() and "Audit" in said
    if not done:
        for log in sorted(out.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(encoding='utf-8')}")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
