"""The other end of the process that GridLAB-D runs in."""

from __future__ import annotations

import contextlib
import importlib.util
import pickle
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dso.errors import InputError, MissingExtraError, NetworkUnavailableError, Problem

CHILD = Path(__file__).with_name("child.py")

Setting = tuple[str, str, str]  # object, property, value
Read = tuple[str, str, list[str]]  # class, property, objects


class GlmProcess:
    """A model loaded into a GridLAB-D of its own, which ends with this object.

    Parameters
    ----------
    text : the reduced GLM.
    reads : what is read after each solve.
    node_classes : classes whose voltages each solve starts from.
    source : the user's file, for messages.

    Raises
    ------
    MissingExtraError : GridLAB-D is not installed.
    InputError : it does not take the model.
    """

    def __init__(self, text: str, reads: list[Read], node_classes: list[str], source: Path) -> None:
        require_gridlabd()
        # -P: the folder of the child has a module of GridLAB-D's name
        self._child = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.close = weakref.finalize(self, _end, self._child)
        with tempfile.TemporaryDirectory(prefix="dso-glm-") as folder:
            path = Path(folder) / "reduced.glm"
            path.write_text(text, encoding="utf-8")
            refused = self._ask("load", str(path), reads, node_classes)
        if refused is not None:
            self.close()
            why = refused[0] if refused else "it does not solve without load"
            raise InputError([Problem(str(source), f"GridLAB-D does not take its powerflow objects: {why}")])

    def solve(self, settings: list[Setting], afresh: bool) -> NDArray[np.complex128]:
        """What is read after some properties are set.

        Parameters
        ----------
        settings : the properties.
        afresh : start from the voltages without load, not from those of the solve before.

        Raises
        ------
        NetworkUnavailableError : it does not converge, or the process has ended; then this object is closed.
        """
        values = self._ask("solve", settings, afresh)
        if values is None:
            self.close()  # what a failed step leaves behind is not worth keeping
            raise NetworkUnavailableError("the power flow of the GLM feeder does not converge")
        return cast("NDArray[np.complex128]", values)

    def _ask(self, *request: Any) -> Any:
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            pickle.dump(request, child.stdin)
            child.stdin.flush()
            return pickle.load(child.stdout)
        except (OSError, ValueError, EOFError, pickle.UnpicklingError) as error:
            self.close()
            raise NetworkUnavailableError("the process that runs GridLAB-D has ended") from error
        except BaseException:  # such as Ctrl-C: an answer is left in the pipe
            self.close()
            raise


def require_gridlabd() -> None:
    """Refuses to go on without GridLAB-D.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    if importlib.util.find_spec("gridlabd") is None:
        raise MissingExtraError("gridlabd", "a feeder from a GLM")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and waits for it, so that no zombie stays."""
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
