"""The connection to a Dask scheduler: made when it can be, made again when it was lost."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from engine.runtime.cluster.message import TOPIC

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0
RETRY_SECONDS = 2.0
COUNT_SECONDS = 1.0
RELEASE_SECONDS = 2.0


class Link:
    """A client of the scheduler at ``address``; ``hear`` gets every message of the workers.

    Nothing here waits longer than a few seconds, and a cluster that cannot be reached is no error:
    there is no room on it.
    """

    def __init__(self, address: str, hear: Callable[[str], None]):
        self.address = address
        self._hear = hear
        self._client: Any = None
        self._next_try = 0.0
        self._counted = 0.0
        self._threads = 0
        self._told = False

    def threads(self) -> int:
        """Threads of all workers together, 0 while there is no scheduler."""
        client = self._connected()
        now = time.monotonic()
        if client is None:
            return 0
        if now - self._counted > COUNT_SECONDS:
            try:
                counts = client.nthreads(callback_timeout=TIMEOUT_SECONDS)
            except Exception as error:  # whatever the transport raises
                log.warning("the scheduler does not answer: %r", error)
                return 0
            self._threads, self._counted = sum(counts.values()), now
        return self._threads

    def reason(self) -> str:
        """Why there are no threads."""
        if self._client is None or self._client.status != "running":
            return "the cluster cannot be reached"
        return "the cluster has no worker"

    def submit(
        self, function: Callable[[str], str], text: str, key: str, priority: int, worker: str = ""
    ) -> Any:
        """A future of ``function(text)``, shared with everybody who uses ``key``; None: no link.

        The worker at the address ``worker`` gets it if it is there, else any.
        """
        client = self._connected()
        if client is None:
            return None
        # A released future goes in its own time; asking earlier would give its old answer.
        deadline = time.monotonic() + RELEASE_SECONDS
        while key in client.futures:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        try:
            return client.submit(
                function, text, key=key, priority=priority, pure=False, retries=0,
                workers=[worker] if worker else None, allow_other_workers=bool(worker),
            )  # fmt: skip
        except Exception as error:  # the link was lost a moment ago
            log.warning("the scheduler takes nothing: %r", error)
            return None

    def result(self, future: Any) -> str | None:
        """What a finished task returned, or None when that was lost with its worker."""
        try:
            return str(future.result(timeout=TIMEOUT_SECONDS))
        except Exception as error:
            log.warning("a result was lost: %r", error)
            return None

    def exception(self, future: Any) -> BaseException:
        """Why a task failed."""
        try:
            error: BaseException | None = future.exception(timeout=TIMEOUT_SECONDS)
        except Exception as other:
            error = other
        return error or RuntimeError("unknown")

    def call(self, function: Callable[[str], None], text: str, worker: str) -> None:
        """Call ``function(text)`` on one worker, now; a worker that is gone is no error."""
        client = self._client
        if client is not None:
            with contextlib.suppress(Exception):
                client.run(function, text, workers=[worker], on_error="ignore")

    def close(self) -> None:
        """Leave the scheduler, which forgets what only this client wanted."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close(timeout=TIMEOUT_SECONDS)

    def _connected(self) -> Any:
        if self._client is not None and self._client.status == "closed":
            log.warning("the scheduler at %s was lost", self.address)
            self._client = None
        if self._client is None and time.monotonic() >= self._next_try:
            self._client = self._connect()
            self._next_try = time.monotonic() + RETRY_SECONDS
            self._counted = 0.0
        client = self._client
        return client if client is not None and client.status == "running" else None

    def _connect(self) -> Any:
        import dask
        from distributed import Client

        dask.config.set({"distributed.comm.timeouts.connect": f"{TIMEOUT_SECONDS:g}s"})
        try:
            client = Client(
                self.address, timeout=TIMEOUT_SECONDS, set_as_default=False, name="engram"
            )
            client.subscribe_topic(TOPIC, lambda event: self._hear(str(event[1])))
        except Exception as error:  # OSError, TimeoutError, and what TLS raises
            if not self._told:
                log.warning("no scheduler at %s, runs wait for it: %r", self.address, error)
            self._told = True
            return None
        log.info("at the scheduler %s", self.address)
        self._told = False
        return client
