"""What the tests of pages share."""

from __future__ import annotations

import pytest

import engine.runtime.runner
from engine.core import Config, EngramError, get_lab
from engine.core.context import QuietContext
from engine.runtime.execute import execute
from engine.store import Store
from engine.store.runs import Request


@pytest.fixture
def runner_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages as they are where nothing can be computed: what is shipped is there."""
    monkeypatch.setenv("ENGRAM_RUNNER", "off")
    monkeypatch.setattr(engine.runtime.runner, "_runner", None)


class AtOnce:
    """A runner that computes in this process before ``submit`` returns."""

    def start(self) -> None:
        pass

    def submit(
        self,
        lab_name: str,
        experiment_name: str,
        config: Config,
        *,
        visitor: str = "local",
        priority: int = 0,
    ) -> str:
        experiment = get_lab(lab_name).experiment(experiment_name)
        digest = experiment.digest(lab_name, config)
        store = Store.open()
        run_id = store.runs.submit(
            Request(lab_name, experiment_name, 1, digest, config.canonical_json()),
            has_result=store.results.has,
            visitor_limit=9,
            queue_limit=9,
        )
        taken = store.runs.take(at_most=1)
        assert taken is not None
        try:
            context = QuietContext(store.inputs.get)
            result, manifest = execute(
                lab_name, experiment, config, context, threads=1, output_mb=512
            )
            store.results.save(digest, result, manifest)
            store.runs.end(run_id, taken.attempts, "done")
        except EngramError as error:
            store.runs.end(run_id, taken.attempts, "failed", str(error))
        return run_id

    def cancel(self, run_id: str) -> None:
        pass

    def stop(self) -> None:
        pass


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages where what is asked for is there at once, errors of a run included."""
    monkeypatch.setattr(engine.runtime.runner, "_runner", AtOnce())
