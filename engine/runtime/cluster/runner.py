"""The runner that hands runs to a cluster."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
from collections.abc import Sequence
from typing import Any

from engine.core.errors import BadInput
from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.store import Store
from engine.store.shelf import VARIABLE

ADDRESS = re.compile(r"(tcp|tls|ws|wss)://[^\s/]+:\d+")
# Without ENGRAM_JOBS the workers' threads are the limit.
MOST_JOBS = 10_000


class DaskRunner(LocalRunner):
    """Like LocalRunner, but its host process sends the jobs to the Dask scheduler at ``address``.

    The list of runs stays in ``store``; results go through its shelf, which the workers must see
    under the same URL. Raises BadInput for an address that is none, a store without a shelf, or
    where ``distributed`` is not installed.
    """

    def __init__(
        self,
        address: str,
        store: Store | None = None,
        *,
        labs: Sequence[str] = (),
        limits: Limits | None = None,
        at_once: int | None = None,
    ):
        if ADDRESS.fullmatch(address) is None:
            raise BadInput(
                "ENGRAM_CLUSTER", 'the address of a scheduler like "tcp://host:8786" is required'
            )
        if importlib.util.find_spec("distributed") is None:
            raise BadInput(
                "ENGRAM_CLUSTER", "a cluster needs the packages of requirements-cluster.txt"
            )
        super().__init__(store, labs=labs, limits=limits or _limits(), at_once=at_once)
        shelf = self.store.shelf
        if shelf is None or shelf.url.startswith("memory:"):
            raise BadInput(
                VARIABLE,
                'with a cluster it must name a place that the workers see, too, like "file:///..." '
                'or "s3://..."',
            )
        shelf.check()
        self.address = address

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "cluster": self.address}


def _limits() -> Limits:
    limits = Limits.from_environment()
    if os.environ.get("ENGRAM_JOBS", "").strip():
        return limits
    return dataclasses.replace(limits, jobs=MOST_JOBS)
