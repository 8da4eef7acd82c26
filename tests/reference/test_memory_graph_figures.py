"""The figures that the lab states, on the reference data, with one set of defaults for all."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import igraph
import numpy as np
import pytest

from engine.labs.memory_graph.bench import bench
from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import BenchConfig, EvaluateConfig, Retrieval
from engine.labs.memory_graph.corpus import load_corpus
from engine.labs.memory_graph.explain import explain
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.metrics import MEASURES
from engine.labs.memory_graph.openie import load_triples
from engine.labs.memory_graph.questions import load_questions
from engine.labs.memory_graph.views.published import order
from tests.memory_corpora import edge_list, evaluate

pytestmark = pytest.mark.shared

TRAIN = "musique_train100"


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "memory_graph"


@cache
def run(folder: Path, name: str, *options: str) -> dict[str, Any]:
    corpus, questions = folder / f"{name}_corpus.jsonl.gz", folder / f"{name}_questions.jsonl.gz"
    return evaluate(["--corpus", str(corpus), "--questions", str(questions), *options])


def cached_triples(folder: Path) -> tuple[str, ...]:
    return ("--triples", str(folder / f"{TRAIN}_openie_gpt35.jsonl.gz"))


def stored_vectors(folder: Path) -> tuple[str, ...]:
    return ("--vectors", str(folder / f"{TRAIN}_minilm_embeddings.npz"))


def test_the_defaults_are_the_published_ones() -> None:
    defaults = EvaluateConfig()
    assert (defaults.threshold, defaults.damping) == (0.8, 0.5)


def test_pagerank_over_cached_triples_beats_bm25(folder: Path) -> None:
    ours = run(folder, TRAIN, "--method", "hipporag", *cached_triples(folder))
    peer = run(folder, TRAIN, "--method", "bm25")
    assert ours["recall@5"] >= 66
    assert ours["all_recall@5"] >= 40
    assert ours["recall@5"] - peer["recall@5"] >= 12
    # A strong peer: the pilot with another program measured 50.7.
    assert peer["recall@5"] >= 49
    assert 16_000 < ours["nodes"] < 16_500


def test_a_graph_without_a_language_model(folder: Path) -> None:
    assert run(folder, TRAIN, "--method", "hipporag")["recall@5"] >= 60


def test_stored_vectors_give_what_another_program_measured(folder: Path) -> None:
    dense = run(folder, TRAIN, "--method", "dense", *stored_vectors(folder))
    assert dense["recall@2"] == pytest.approx(47.2, abs=0.1)
    assert dense["recall@5"] == pytest.approx(62.2, abs=0.1)
    assert dense["recall@10"] == pytest.approx(70.3, abs=0.1)


def test_facts_and_names_together_find_most(folder: Path) -> None:
    given = (*cached_triples(folder), *stored_vectors(folder))
    both = run(folder, TRAIN, "--method", "hipporag2", *given)
    published = run(folder, TRAIN, "--method", "hipporag2", "--entity-weight", "0", *given)
    assert both["recall@5"] >= 72
    assert published["recall@5"] == pytest.approx(67.7, abs=2)
    assert both["recall@5"] > published["recall@5"]


def test_the_order_of_the_paper_s_ablations(folder: Path) -> None:
    """Table 5: everything, then no specificity or no synonyms, far below no spreading at all."""
    triples = cached_triples(folder)
    whole = run(folder, TRAIN, "--method", "hipporag", *triples)["recall@5"]
    for options in (("--no-specificity",), ("--synonyms", "none"), ("--spread", "seeds")):
        assert run(folder, TRAIN, "--method", "hipporag", *triples, *options)["recall@5"] < whole
    seeds = run(folder, TRAIN, "--method", "hipporag", *triples, "--spread", "seeds")
    assert seeds["recall@5"] < 52


def test_no_cell_of_the_tuning_grid_beats_the_published_one_beyond_noise(folder: Path) -> None:
    files = {
        "corpus": f"{TRAIN}_corpus.jsonl.gz",
        "questions": f"{TRAIN}_questions.jsonl.gz",
        "triples": f"{TRAIN}_openie_gpt35.jsonl.gz",
    }
    config = BenchConfig.build({name: str(folder / file) for name, file in files.items()})
    found = bench(config, lambda value, _: Path(value), lambda done, total, **cells: None)
    alone = run(folder, TRAIN, "--method", "hipporag", *cached_triples(folder))
    assert found.number("recall@5") == pytest.approx(alone["recall@5"])
    low = found.array("cell_gain_interval")[..., 0, MEASURES.index("recall@5")]
    assert low.shape == (3, 5) and (low <= 1e-9).all()
    assert found.number("best recall@5") - found.number("recall@5") < 1
    # Table 5 by recall@5, where it puts the seeds alone above seeds and neighbours: not so here.
    agreed = order(found, "recall@5")
    assert len(agreed.same) >= 8
    assert set(agreed.reversed_) <= {("seeds only", "neighbours")}


@pytest.mark.parametrize("name", ["musique_sample200", "hotpotqa_dev200", "hotpotqa_train100"])
def test_the_same_defaults_serve_other_corpora(folder: Path, name: str) -> None:
    """A graph and words together find more than words alone, with nothing tuned."""
    words = run(folder, name, "--method", "tfidf")["recall@5"]
    assert run(folder, name, "--method", "mix")["recall@5"] > words + 3
    assert run(folder, name, "--method", "hipporag2")["recall@5"] > words + 3


def test_conversations_are_searched_one_at_a_time(folder: Path) -> None:
    answer = evaluate(
        ["--corpus", str(folder / "locomo10_turns.jsonl.gz"), "--method", "bm25", "--keep-rest",
         "--questions", str(folder / "locomo10_qa.jsonl.gz")]
    )  # fmt: skip
    assert answer["passages"] == 5882
    assert answer["questions"] == 1982
    assert set(answer["by_group"]) == {
        "adversarial", "multi-hop", "open-domain", "single-hop", "temporal",
    }  # fmt: skip


def test_a_real_graph_agrees_with_igraph_and_explains_itself(folder: Path) -> None:
    corpus = load_corpus(folder / f"{TRAIN}_corpus.jsonl.gz")
    questions = load_questions(folder / f"{TRAIN}_questions.jsonl.gz", corpus).items[:8]
    cached = load_triples(folder / f"{TRAIN}_openie_gpt35.jsonl.gz", corpus)
    assert cached.malformed == 185
    found = build_retriever(Retrieval(), Materials(corpus, cached.triples))
    assert isinstance(found, HippoRag)
    edges = edge_list(found.walk.adjacency)
    peer = igraph.Graph(
        n=found.nodes, edges=list(edges), edge_attrs={"weight": list(edges.values())}
    )
    for question in questions:
        trace = found.trace(question)
        ranked = peer.personalized_pagerank(
            damping=0.5, reset=trace.reset, weights="weight", directed=False
        )
        assert np.abs(trace.mass - ranked).max() < 1e-8
        best = int(np.argmax(trace.scores))
        parts = explain(found.graph, trace, best)
        score = trace.scores[best]
        for total in (
            parts.by_seed.sum(),
            parts.by_node.sum(),
            parts.by_edge.sum() + parts.direct,
            parts.by_fact.sum() + parts.direct_facts,
        ):
            assert total == pytest.approx(score, abs=1e-9)
