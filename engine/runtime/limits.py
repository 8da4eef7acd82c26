"""What jobs may use: read from the environment when a runner is built, handed to its processes."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

from engine.core.settings import number


@dataclass(frozen=True)
class Limits:
    """Limits of one runner.

    ``threads`` per job, ``jobs`` at once, wall ``seconds`` per job, ``output_mb`` of arrays per
    result, and how many runs may wait: ``visitor_jobs`` (waiting or running) and ``queue``.
    ``memory_mb`` caps what an experiment asks for; 0 does not.
    """

    threads: int
    jobs: int
    seconds: float
    output_mb: float
    visitor_jobs: int
    queue: int
    cancel_grace_seconds: float = 5.0
    memory_mb: int = 0

    @staticmethod
    def from_environment() -> Limits:
        """The limits this process was started with; raises BadInput for a malformed one."""
        cores = available_cores()
        threads = int(number("ENGRAM_JOB_THREADS", min(2, cores)))
        return Limits(
            threads=threads,
            jobs=int(number("ENGRAM_JOBS", max(1, cores // threads))),
            seconds=number("ENGRAM_JOB_SECONDS", 1800),
            output_mb=number("ENGRAM_OUTPUT_MB", 512),
            visitor_jobs=int(number("ENGRAM_VISITOR_JOBS", 4)),
            queue=int(number("ENGRAM_QUEUE", 16)),
            memory_mb=int(number("ENGRAM_JOB_MB", 0)),
        )

    def widened(self, at_once: int | None) -> Limits:
        """The same with room for ``at_once`` waiting runs of one visitor; None changes nothing."""
        if at_once is None:
            return self
        return dataclasses.replace(self, visitor_jobs=at_once, queue=max(self.queue, at_once))

    def memory_of(self, wanted_mb: int) -> int:
        """What a job that asks for ``wanted_mb`` may use."""
        return min(wanted_mb, self.memory_mb) if self.memory_mb else wanted_mb


def available_cores() -> int:
    """Cores this process may run on (a container may allow fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
