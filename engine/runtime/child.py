"""The job process: limits itself, computes one run, saves the result, writes how it ended."""

from __future__ import annotations

import importlib
import logging
import os
import random
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.config import Config
from engine.core.errors import Cancelled, EngramError
from engine.core.registry import Experiment
from engine.core.settings import MB
from engine.runtime.execute import execute, failure_sentence
from engine.runtime.limits import Limits
from engine.runtime.logs import log_to
from engine.runtime.watch import WatchedContext
from engine.store import Store

log = logging.getLogger(__name__)

# glibc reserves (not: uses) an arena of up to 128 MB of addresses for each thread.
ARENA_MB = 128
# After the wall limit the parent kills; a job whose parent died ends itself a little later.
ORPHAN_GRACE_SECONDS = 15


@dataclass(frozen=True)
class Job:
    """Everything a job process is told; plain values only."""

    home: str
    run_id: str
    attempt: int
    lab: str
    experiment: str
    version: int
    digest: str
    config: str
    config_class: str
    run: str
    memory_mb: int
    limits: Limits
    allowed: tuple[str, ...]


def main(job: Job) -> None:
    """Entry point of the job process; never returns."""
    if hasattr(os, "setsid"):
        os.setsid()  # one signal then reaches the job and whatever it started
    _detach(Path(job.home))
    os.environ["ENGRAM_HOME"] = job.home
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)
    if hasattr(signal, "alarm"):
        signal.alarm(int(job.limits.seconds) + ORPHAN_GRACE_SECONDS)
    store = Store.open(job.home)
    log_to(store.log_file)
    code = 1
    try:
        code = _work(job, store)
    except BaseException:
        log.exception("run %s: the job process failed", job.run_id)
    finally:
        logging.shutdown()
        os._exit(code)  # whatever the parent process had registered for its exit is not ours


def _work(job: Job, store: Store) -> int:
    context = WatchedContext(store, job.run_id, job.attempt, job.digest, job.limits.output_mb)
    context.start()
    try:
        experiment, config = _resolve(job)
        _limit_memory(experiment, job.limits)
        result, manifest = execute(
            job.lab,
            experiment,
            config,
            context,
            threads=job.limits.threads,
            output_mb=job.limits.output_mb,
        )
        context.look()
        _release_memory()
        store.results.save(job.digest, result, manifest)
        context.stop()
        store.runs.end(job.run_id, job.attempt, "done", event="done")
    except Cancelled:
        context.stop()
        store.runs.end(job.run_id, job.attempt, "cancelled", event="cancelled")
    except Exception as error:
        _release_memory()
        context.stop()
        sentence = failure_sentence(error, job.memory_mb)
        if sentence is None:
            identity = secrets.token_hex(4)
            log.exception("run %s: internal error %s", job.run_id, identity)
            sentence = f"internal error, id {identity}"
        elif not isinstance(error, EngramError):
            log.exception("run %s: %s", job.run_id, sentence)
        store.runs.end(job.run_id, job.attempt, "failed", sentence)
    context.forget_checkpoint()
    return 0


def _resolve(job: Job) -> tuple[Experiment, Config]:
    config_class = _named(job.config_class, job.allowed)
    if not (isinstance(config_class, type) and issubclass(config_class, Config)):
        raise TypeError(f"{job.config_class} is not a Config")
    check_allowed(job.run, job.allowed)
    experiment = Experiment(
        name=job.experiment,
        title=job.experiment,
        config=config_class,
        run=job.run,
        version=job.version,
        memory_mb=job.memory_mb,
    )
    experiment.load_run()  # imported before memory is limited: libraries are not the run's memory
    return experiment, config_class.from_json(job.config)


def check_allowed(reference: str, allowed: Sequence[str]) -> None:
    """Raise PermissionError unless "module:name" lies in a module that jobs may import."""
    module = reference.partition(":")[0]
    if not any(module == name or module.startswith(f"{name}.") for name in allowed):
        raise PermissionError(f"jobs may not import {module}")


def _named(reference: str, allowed: Sequence[str]) -> object:
    check_allowed(reference, allowed)
    module, _, name = reference.partition(":")
    found: object = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _limit_memory(experiment: Experiment, limits: Limits) -> None:
    """Allow ``memory_mb`` beyond what the process holds once its libraries are loaded.

    RLIMIT_AS counts reserved addresses, of which torch alone takes some 500 MB and each thread's
    allocator 128 MB, so the present size is measured instead of guessed.
    """
    try:
        import resource

        import psutil
    except ImportError:  # no such limit on this system
        return
    reserved = psutil.Process().memory_info().vms
    limit = reserved + (experiment.memory_mb + ARENA_MB * (limits.threads + 2)) * MB
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _release_memory() -> None:
    """Lift the soft limit again: saving and reporting must not fail for what the run used."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _detach(home: Path) -> None:
    """Standard input from nowhere, standard output and error into the log."""
    (home / "logs").mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    output = os.open(home / "logs" / "jobs.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nowhere, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nowhere)
    os.close(output)
    random.seed()  # a forked process must not repeat its parent's random names
