"""Many runs of one experiment: every combination of some fields' values, in one table."""

from __future__ import annotations

import itertools
import math
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.config import Config
from engine.core.errors import BadInput, EngramError, LimitExceeded
from engine.core.registry import Experiment, Lab, get_lab
from engine.runtime.runner import Runner, get_runner
from engine.runtime.script import Progress
from engine.store import Store, shipped_manifest

MOST = 10_000
LOOK_SECONDS = 0.1
# Visitors of a server that shares the list of runs are served first.
PRIORITY = -1


@dataclass
class Row:
    """One combination: what was varied, how its run went and what it measured.

    ``state`` is that of a run; ``found`` says that the result was there already. ``seconds`` are
    what the run took, wherever it did, and ``where`` the machine that had it, where that is known.
    """

    values: dict[str, Any]
    config: Config
    digest: str
    state: str = "queued"
    run: str = ""
    found: bool = False
    where: str = ""
    seconds: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def sweep(
    lab: str,
    experiment: str,
    vary: Mapping[str, Sequence[Any]],
    config: Mapping[str, Any] | None = None,
    /,
    *,
    runner: Runner | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> list[Row]:
    """A row for every combination of ``vary``, the last field fastest.

    The other fields are those of ``config`` and ``fields``. Runs go to ``runner``, by default that
    of this process (``ENGRAM_CLUSTER`` makes it a cluster's), as many at once as it lets one
    visitor have; results that are there already are not computed again. A run that fails is a row
    that says so. ``progress(done, total, {})`` is called as rows end. Runs that nobody else asked
    for are cancelled when this call is stopped. Raises BadInput for a value that no config takes,
    before anything runs, and LimitExceeded where the runner takes no run at all.

    >>> sweep("kv_cache", "evaluate", {"key_format": ["fp16", "mxfp4"]})  # doctest: +SKIP
    """
    chosen_lab = get_lab(lab)
    chosen = chosen_lab.experiment(experiment)
    place, kept = runner or get_runner(), store or Store.open()
    rows = _rows(chosen_lab, chosen, vary, {**(config or {}), **fields}, kept)
    _Sweep(chosen_lab, chosen, place, kept, progress).run(rows)
    return rows


def _rows(
    lab: Lab,
    experiment: Experiment,
    vary: Mapping[str, Sequence[Any]],
    base: Mapping[str, Any],
    store: Store,
) -> list[Row]:
    for name, values in vary.items():
        if name not in experiment.config.model_fields:
            known = ", ".join(experiment.config.model_fields)
            raise BadInput(name, f"there is no such field; there are: {known}")
        if not values:
            raise BadInput(name, "at least one value is required")
    count = math.prod(len(values) for values in vary.values())
    if count > MOST:
        raise BadInput("vary", f"at most {MOST:,} combinations are required (got {count:,})")
    rows = []
    for chosen in _combinations(vary):
        config = experiment.config.build(base, **chosen).grounded(store.inputs.put)
        rows.append(Row(chosen, config, experiment.digest(lab.name, config)))
    return rows


def _combinations(vary: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*vary.values()):
        yield dict(zip(vary, values, strict=True))


class _Sweep:
    """Submits rows while the runner takes them and fills in those that end."""

    def __init__(
        self,
        lab: Lab,
        experiment: Experiment,
        runner: Runner,
        store: Store,
        progress: Progress | None,
    ):
        self.lab, self.experiment = lab, experiment
        self.runner, self.store = runner, store
        self.progress = progress
        self.visitor = f"sweep-{secrets.token_hex(4)}"

    def run(self, rows: list[Row]) -> None:
        """Until every row has ended."""
        waiting = [row for row in rows if not self.find(row)]
        waiting.reverse()
        live: list[Row] = []
        try:
            while waiting or live:
                self.submit(waiting, live)
                live = [row for row in live if not self.ended(row)]
                self.tell(rows)
                if live:
                    time.sleep(LOOK_SECONDS)
        finally:
            for row in live:
                if self.store.runs.get(row.run).visitor == self.visitor:
                    self.runner.cancel(row.run)
        self.tell(rows)

    def submit(self, waiting: list[Row], live: list[Row]) -> None:
        """Hand over as many rows as the runner takes."""
        while waiting:
            row = waiting[-1]
            try:
                row.run = self.runner.submit(
                    self.lab.name,
                    self.experiment.name,
                    row.config,
                    visitor=self.visitor,
                    priority=PRIORITY,
                )
            except LimitExceeded:
                if not live:
                    raise
                return
            except EngramError as error:  # settings that do not fit what they name
                row.state, row.error = "failed", str(error)
            else:
                live.append(row)
            waiting.pop()

    def find(self, row: Row) -> bool:
        """Whether a row needs no run; fills it in."""
        manifest = shipped_manifest(self.lab.name, row.digest)
        manifest = manifest or self.store.results.manifest(row.digest)
        if manifest is None:
            return False
        row.found = True
        self.fill(row, manifest)
        return True

    def ended(self, row: Row) -> bool:
        """Whether a row's run has ended; fills it in."""
        run = self.store.runs.get(row.run)
        row.state = run.state
        if run.live:
            return False
        row.where, row.error = run.machine or "", run.error or ""
        if run.state == "done":
            manifest = self.store.results.manifest(row.digest)
            if manifest is None:
                row.state, row.error = "lost", "the result is no longer kept"
            else:
                self.fill(row, manifest)
        return True

    def fill(self, row: Row, manifest: Mapping[str, Any]) -> None:
        """What a result says of itself."""
        row.state = "done"
        row.seconds = manifest.get("seconds")
        row.metrics = dict(manifest["metrics"])

    def tell(self, rows: list[Row]) -> None:
        """How many rows have ended."""
        if self.progress is not None:
            self.progress(
                sum(row.state not in ("queued", "running") for row in rows), len(rows), {}
            )
