"""Whether there is a cluster to plan on, before anything runs."""

from __future__ import annotations

from dso.errors import InputError, MissingExtraError, Problem
from dso.scenario.devices import Parallel

WAIT_S = 10


def need_cluster(given: Parallel) -> None:
    """Reach the Dask scheduler that a scenario names, or the client that the program has.

    Raises
    ------
    InputError : there is none, or it does not answer.
    MissingExtraError : Dask is not installed.
    """
    if given.backend != "dask":
        return
    try:
        from distributed import Client, get_client
    except ImportError as error:
        raise MissingExtraError("parallel", "planning on a Dask cluster") from error
    if given.scheduler is not None:
        try:
            Client(given.scheduler, timeout=WAIT_S)  # becomes the default, which joblib asks for
        except (OSError, ValueError) as error:
            raise InputError(
                [Problem("", f"scheduler {given.scheduler} does not answer: {error}")]
            ) from error
        return
    try:
        get_client()
    except ValueError:
        what = "backend dask needs `scheduler: tcp://HOST:8786`, or a distributed.Client in the program"
        raise InputError([Problem("", what)]) from None
