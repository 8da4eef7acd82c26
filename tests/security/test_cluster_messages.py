"""What a worker takes from the network: names of its own labs and configs that hold."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from engine.core import BadInput, EngramError, NotFound, get_lab
from engine.runtime import get_runner, runner
from engine.runtime.cluster import DaskRunner
from engine.runtime.cluster.message import Asked, News, Outcome
from engine.runtime.cluster.worker import admitted
from engine.store import Store
from tests.conformance.runner_lab import LAB, Steps
from tests.security.test_faults import LIMITS


def asked(**changes: Any) -> Asked:
    config = Steps(steps=3)
    usual = Asked(
        lab="runner_lab",
        experiment="count",
        version=1,
        digest=LAB.experiments[0].digest("runner_lab", config),
        config=config.canonical_json(),
        limits=dataclasses.asdict(LIMITS),
    )
    return dataclasses.replace(usual, **changes)


@pytest.fixture
def own_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_WORKER_LABS", "tests.conformance.runner_lab:LAB")


def test_a_request_is_validated_by_the_worker_s_own_registry(own_labs: None) -> None:
    assert admitted(asked()) == Steps(steps=3)


def test_a_lab_that_the_worker_was_not_given_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENGRAM_WORKER_LABS", raising=False)
    with pytest.raises(NotFound, match="no lab 'runner_lab'"):
        admitted(asked())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lab": "os"}, "no lab 'os'"),
        ({"lab": "tests.conformance.runner_lab:LAB"}, "no lab"),
        ({"experiment": "system"}, "it has: count"),
        ({"config": '{"steps":-1}'}, "steps"),
        ({"config": '{"steps":3,"run":"os:system"}'}, "there is no such field"),
        ({"config": "steps"}, "config: "),
        ({"config": Steps(steps=4).canonical_json()}, "must be the same Engram Lab"),
        ({"digest": "0" * 16, "version": 2}, "the server version 2"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_anything_else_is_refused_with_a_sentence(
    own_labs: None, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(EngramError, match=words):
        admitted(asked(**changes))


def test_paths_of_the_worker_s_machine_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = get_lab("kv_cache").experiment("evaluate")
    config = experiment.config.build({"model": "/etc"})
    request = asked(
        lab="kv_cache",
        experiment="evaluate",
        version=experiment.version,
        digest=experiment.digest("kv_cache", config),
        config=config.canonical_json(),
    )
    monkeypatch.delenv("ENGRAM_LOCAL", raising=False)
    with pytest.raises(BadInput):
        admitted(request)
    monkeypatch.setenv("ENGRAM_LOCAL", "1")
    assert admitted(request) == config


def test_messages_are_json_and_come_back(own_labs: None) -> None:
    news = News("0" * 16, "token", "tcp://a:1", 1.0, 2.0, [("loss", 1.0, None)])
    assert News.from_json(news.to_json()) == dataclasses.replace(news, points=[["loss", 1.0, None]])
    request = asked()
    assert set(json.loads(request.to_json())) == {
        "lab", "experiment", "version", "digest", "config", "limits",
    }  # fmt: skip
    assert Asked.from_json(request.to_json()) == request
    for kind, text in ((News, "{"), (News, "[]"), (Outcome, '{"state":"done","code":"x"}')):
        with pytest.raises((ValueError, TypeError)):
            kind.from_json(text)


@pytest.mark.parametrize(
    ("cluster", "url", "name"),
    [
        ("10.0.0.1", "file:///tmp/shelf", "ENGRAM_CLUSTER"),
        ("http://host:8786", "file:///tmp/shelf", "ENGRAM_CLUSTER"),
        ("tcp://host:8786", "", "ENGRAM_STORE_URL"),
        ("tcp://host:8786", "memory://shelf", "ENGRAM_STORE_URL"),
        ("tcp://host:8786", "nowhere://shelf", "ENGRAM_STORE_URL"),
    ],
)
def test_a_cluster_that_cannot_be_set_up_is_named(
    monkeypatch: pytest.MonkeyPatch, cluster: str, url: str, name: str
) -> None:
    monkeypatch.setattr(runner, "_runner", None)
    monkeypatch.setenv("ENGRAM_CLUSTER", cluster)
    monkeypatch.setenv("ENGRAM_STORE_URL", url)
    with pytest.raises(BadInput, match=name):
        get_runner()


def test_the_environment_chooses_the_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "_runner", None)
    monkeypatch.delenv("ENGRAM_JOBS", raising=False)
    monkeypatch.setenv("ENGRAM_CLUSTER", "tls://scheduler:8786")
    monkeypatch.setenv("ENGRAM_STORE_URL", f"file://{tmp_path}")
    chosen = get_runner()
    assert isinstance(chosen, DaskRunner) and chosen.limits.jobs > 1000
    monkeypatch.setenv("ENGRAM_JOBS", "3")
    assert DaskRunner("tcp://scheduler:8786", Store.open()).limits.jobs == 3
