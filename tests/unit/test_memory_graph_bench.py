"""The bench: its cells are what single evaluations give, and its differences are paired."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from engine.core import BadInput, Cancelled, Result, get_lab
from engine.core.context import QuietContext
from engine.labs.memory_graph import bench, metrics, run
from engine.labs.memory_graph.build import Materials, Workshop
from engine.labs.memory_graph.config import BenchConfig, EvaluateConfig, Retrieval
from engine.labs.memory_graph.corpus import load_corpus
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.graph import GraphRules, build_graph
from engine.labs.memory_graph.sources import DIARY, sample_path

SMALL = {"thresholds": "0.7,0.9", "dampings": "0.1,0.9", "resamples": 200}


@cache
def result(**values: object) -> Result:
    return run.bench(BenchConfig.build({**SMALL, **values}), QuietContext())


def alone(**values: object) -> Result:
    return run.evaluate(EvaluateConfig.build({"resamples": 200, **values}), QuietContext())


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "hipporag"},
        {"method": "hipporag2"},
        {"method": "hipporag", "spread": "neighbours"},
        {"method": "hipporag", "synonyms": "add", "passage_score": "nodes"},
    ],
    ids=str,
)
def test_every_cell_is_what_one_evaluation_gives(settings: dict[str, str]) -> None:
    found = result(**settings)
    cells = found.array("cell")
    assert found.array("thresholds").tolist() == [0.7, 0.8, 0.9], "the compared cell is added"
    assert found.array("dampings").tolist() == [0.1, 0.5, 0.9]
    for row, threshold in enumerate((0.7, 0.8, 0.9)):
        for column, damping in enumerate((0.1, 0.5, 0.9)):
            one = alone(**settings, threshold=threshold, damping=damping)
            np.testing.assert_array_equal(
                cells[row, column][:, :3], one.array("recall").astype(np.float32)
            )
            np.testing.assert_array_equal(cells[row, column][:, 3], one.array("all_recall")[:, 1])
            np.testing.assert_allclose(
                found.array("cell_interval")[row, column][:, :3], one.array("interval")[0]
            )


def test_one_search_for_synonyms_serves_every_threshold_and_rule() -> None:
    triples = extract_all(load_corpus(sample_path(DIARY)).passages)
    loose = build_graph(triples, GraphRules(threshold=0.6, synonym_limit=2))
    fewer = []
    for rules in (
        GraphRules(threshold=0.8, synonym_limit=2),
        GraphRules(threshold=0.95, synonym_limit=2, synonyms="add"),
        GraphRules(threshold=0.7, synonym_limit=2, synonyms="none"),
    ):
        assert loose.holds(rules)
        derived, built = loose.under(rules), build_graph(triples, rules)
        for one, other in (
            (derived.synonyms, built.synonyms),
            (derived.adjacency, built.adjacency),
        ):
            np.testing.assert_array_equal(one.toarray(), other.toarray())
        fewer.append(derived.synonyms.nnz)
    assert loose.synonyms.nnz > fewer[0] > fewer[1] > fewer[2] == 0
    assert not loose.holds(GraphRules(threshold=0.5, synonym_limit=2))
    assert not loose.holds(GraphRules(threshold=0.8, synonym_limit=3))
    assert not loose.under(GraphRules(synonyms="none")).holds(GraphRules())


def test_a_workshop_builds_anew_where_the_kept_graph_holds_too_little() -> None:
    shop = Workshop(Materials(load_corpus(sample_path(DIARY))))
    strict = shop.graph(Retrieval(threshold=0.9))
    loose = shop.graph(Retrieval(threshold=0.6))
    assert loose.synonyms.nnz > strict.synonyms.nnz
    again = shop.graph(Retrieval(threshold=0.9))
    assert again.linker is loose.linker, "derived from the looser one, not built"
    np.testing.assert_array_equal(again.synonyms.toarray(), strict.synonyms.toarray())


@pytest.mark.parametrize("method", ["hipporag", "hipporag2"])
def test_ablations_and_methods_are_evaluations_too(method: str) -> None:
    found = result(method=method)
    names = found.notes["ablations"]
    assert names[0] == "whole" and len(names) >= 4
    for i, name in enumerate(names):
        one = alone(method=method, **bench.ABLATIONS[method][name])
        assert found.array("ablation_mean")[i, 1] == pytest.approx(one.number("recall@5"))
    for i, other in enumerate(found.notes["methods"]):
        one = alone(method=other)
        assert found.array("method_mean")[i, 1] == pytest.approx(one.number("recall@5"))
        if "recall_by_group" in one.fields:
            np.testing.assert_allclose(
                found.array("group")[i, :, :3], one.array("recall_by_group"), rtol=1e-6
            )
            assert found.notes["groups"] == one.notes["groups"]
            assert found.notes["group_sizes"] == one.notes["group_sizes"]
        np.testing.assert_allclose(found.array("hop")[i], one.array("recall_by_hop"), rtol=1e-6)


def test_differences_are_paired_and_those_of_the_compared_cell_are_nothing() -> None:
    found = result()
    row, column = found.notes["compared"]
    assert not found.array("cell_gain")[row, column].any()
    assert not found.array("cell_gain_interval")[row, column].any()
    cells = found.array("cell").astype(np.float64)
    gain = cells - cells[row, column]
    np.testing.assert_allclose(found.array("cell_gain"), gain.mean(axis=2), atol=1e-5)
    width = np.diff(found.array("cell_gain_interval"), axis=2)
    both = np.diff(found.array("cell_interval"), axis=2)
    assert width.mean() < 0.5 * both.mean(), "a question that is hard for both counts for neither"
    apart = (found.array("cell_gain_interval")[..., 0, 1] > 0) | (
        found.array("cell_gain_interval")[..., 1, 1] < 0
    )
    assert found.number("cells_apart") == apart.sum()
    assert found.number("best recall@5") == found.array("cell_mean")[..., 1].max()


def test_sizes_stand_beside_every_breakdown() -> None:
    found = result()
    assert found.number("questions") == len(found.notes["questions"]) == 52
    assert sum(found.notes["group_sizes"]) == 52
    assert found.notes["hop_sizes"] == sorted(found.notes["hop_sizes"], reverse=True)
    assert found.array("hop").shape[1] == len(found.notes["hop_sizes"])
    assert found.notes["absent"] == ["dense"]


def test_a_cell_is_reported_when_it_is_ready() -> None:
    told: list[tuple[float, float, dict[str, float]]] = []
    config = BenchConfig.build(SMALL)
    found = bench.bench(
        config,
        lambda value, _: b"",
        lambda done, total, **values: told.append((done, total, values)),
    )
    cells = [values for _, _, values in told if values]
    assert len(cells) == 9
    means = found.array("cell_mean")[..., metrics.MEASURES.index("recall@5")]
    assert [next(iter(one.values())) for one in cells] == pytest.approx(means.ravel().tolist())
    assert [next(iter(one)) for one in cells[::3]] == [
        f"recall@5 at threshold {value}" for value in ("0.7", "0.8", "0.9")
    ]
    assert told[-1][0] == told[-1][1]
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)


def test_a_run_can_be_stopped_between_two_questions() -> None:
    def stop(done: float, total: float, **values: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        bench.bench(BenchConfig(), lambda value, _: b"", stop)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("thresholds", "0.2,0.9"),
        ("thresholds", "0.8;0.9"),
        ("thresholds", ""),
        ("thresholds", "0.8,"),
        ("thresholds", "nan"),
        ("thresholds", "1.01"),
        ("dampings", "0.96"),
        ("dampings", "-0.1"),
        ("dampings", "1e-1"),
        ("dampings", ",".join(["0.1"] * 13)),
    ],
)
def test_a_bad_grid_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        BenchConfig.build({name: text})
    assert refused.value.field == name


def test_equal_grids_are_one_config() -> None:
    assert BenchConfig.build(dampings=" 0.1, 0.5") == BenchConfig.build(dampings="0.1,0.5")
    config = BenchConfig.build(thresholds="0.9,0.8,0.9", dampings="0.5", threshold=0.75)
    assert config.grid == ((0.75, 0.8, 0.9), (0.5,))


def test_a_memory_without_gold_is_refused_before_a_run_and_by_the_run() -> None:
    config = BenchConfig(corpus="python-topics")
    with pytest.raises(BadInput, match="questions"):
        config.fits(lambda address: b"")
    with pytest.raises(BadInput, match="questions"):
        run.bench(config, QuietContext())
    BenchConfig().fits(lambda address: b"")


def test_a_small_run_starts_by_itself_and_an_upload_does_not() -> None:
    cost = get_lab("memory_graph").experiment("bench").cost_seconds
    assert cost(BenchConfig()) <= 2 < cost(BenchConfig(corpus="input:0123456789abcdef"))
