"""Runs GridLAB-D in a process of its own: its state is global, it prints, and it may abort.

Started by path, not imported: requests and answers are pickles on its standard input and output.
"""

from __future__ import annotations

import cmath
import os
import pickle
import re
import sys
import tempfile
from datetime import datetime, timedelta
from typing import Any

import numpy as np

POLAR = re.compile(r"([+-]?[\d.]+(?:e[+-]?\d+)?)([+-][\d.]+(?:e[+-]?\d+)?)([dr])")
VOLTAGES = {"triplex": ("voltage_1", "voltage_2", "voltage_N"), "": ("voltage_A", "voltage_B", "voltage_C")}
SECOND = timedelta(seconds=1)


def number(text: str) -> complex:
    """A property's text as a complex number, its unit left out."""
    head = text.split(" ")[0]
    match = POLAR.fullmatch(head)
    if match is None:
        return complex(head.replace("i", "j"))
    turn = float(match[2])
    return cmath.rect(float(match[1]), turn if match[3] == "r" else np.deg2rad(turn))


class Solver:
    """One loaded model, its clock, and the voltages that each solve starts from."""

    def load(self, path: str, reads: list[tuple[str, str, list[str]]], node_classes: list[str]) -> bool:
        """Whether GridLAB-D takes the model and solves it without load."""
        import gridlabd

        self.gld = gld = gridlabd.DirectGridLabD()
        gld.enable_message_capture(True)
        gld.setup_before_load()
        for key, value in {"double_format": "%.17g", "complex_format": "%.17g%+.17g%c", "warn": "0"}.items():
            gld.set_global(key, value)
        if int(gld.load_glm([path]).value) or int(gld.setup_after_load().value):
            return False
        self.reads, self.now = reads, datetime(2000, 1, 1)
        if not self.step() or not np.isfinite(self.read()).all():
            return False
        self.start = [
            (name, key, value)
            for cls in node_classes
            for key in VOLTAGES["triplex" if cls.startswith("triplex") else ""]
            for name, value in gld.get_properties_by_class(cls, key).items()
        ]
        return True

    def step(self) -> bool:
        """Whether the clock moved on: it stands still where nothing converges."""
        self.now += SECOND
        code, at = self.gld.step_to(self.now.isoformat())
        return not code.value and at.startswith(self.now.isoformat(" "))

    def read(self) -> np.ndarray:
        """All that is read after each solve, one after the other."""
        values: list[complex] = []
        for cls, key, names in self.reads:
            found = self.gld.get_properties_by_class(cls, key)
            values.extend(number(found[name]) for name in names)
        return np.array(values, np.complex128)

    def solve(self, settings: list[tuple[str, str, str]], afresh: bool) -> np.ndarray | None:
        """What is read after some properties are set; None where it does not converge."""
        for name, key, value in (*self.start, *settings) if afresh else settings:
            if self.gld.set_property(name, key, value).value:
                return None
        if not self.step():
            return None
        values = self.read()
        return values if np.isfinite(values).all() else None


def errors(log: Any) -> list[str]:
    """What it complained of, the loader's own complaint first; without time stamps and its file."""
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    loader = [line.split("): ", 1)[1] for line in lines if re.search(r"\.glm\(\d+\): ", line)]
    others = [line.split("] : ", 1)[-1] for line in lines if line.startswith("ERROR")]
    stray = re.compile(r"global(_init| variable)|load '|load model")
    return [line[:200] for line in (*loader, *others) if not stray.search(line)]


def main() -> None:
    """Answers one request after another until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    os.dup2(log.fileno(), 2)
    solver = Solver()
    while True:
        try:
            what, *rest = pickle.load(sys.stdin.buffer)
        except EOFError:
            os._exit(0)  # GridLAB-D would run on to its stop time
        answer: Any
        match what:
            case "load":
                answer = None if solver.load(*rest) else errors(log)
            case _:
                answer = solver.solve(*rest)
        log.truncate(0)
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
