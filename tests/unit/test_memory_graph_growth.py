"""The synthetic corpus, the measured table that ships, and what is read off it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks import growth as benchmark
from engine.core import BadInput, EngramError
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import link
from engine.labs.memory_graph.extract import extract_all, spans
from engine.labs.memory_graph.graph import build_graph
from engine.labs.memory_graph.growth import MEASURED, Growth, load_growth
from engine.labs.memory_graph.link import Spelling
from engine.labs.memory_graph.synthetic import NAMES, SPELLINGS, name, passages, word
from engine.labs.memory_graph.views import growth as view


def test_a_corpus_is_the_beginning_of_every_larger_one() -> None:
    large = passages(2100)
    assert passages(900) == large[:900]
    assert passages(2100, seed=1)[0] != large[0]
    assert passages(0) == []
    with pytest.raises(BadInput, match="count"):
        passages(-1)


def test_ranks_are_spelt_apart() -> None:
    names = [name(rank) for rank in range(3000)]
    assert len(set(names)) == 3000
    assert len({word(rank) for rank in range(3000)}) == 3000
    assert name(SPELLINGS) == name(0)
    rng = np.random.default_rng(0)
    ranks = NAMES.draw(rng, (100_000,))
    assert ranks.min() >= 0 and ranks.max() < SPELLINGS
    # P(rank >= r) = (1 + r / b)^(1 - s), within four standard errors.
    for r in (1, 12, 1000):
        expected = (1 + r / NAMES.shift) ** (1 - NAMES.exponent)
        assert (ranks >= r).mean() == pytest.approx(expected, abs=4 * 0.5 / 100_000**0.5)


def test_names_are_as_uneven_as_in_encyclopaedia_passages() -> None:
    """The figures of MuSiQue's and HotpotQA's samples: see the shared test."""
    corpus = passages(2000)
    mentions = [span for p in corpus for sentence in spans(p.text) for span in sentence]
    counts = Counter(mentions)
    assert 12 <= len(mentions) / 2000 <= 15
    assert 0.7 < np.mean(np.array(list(counts.values())) == 1) < 0.9
    graph = build_graph(extract_all(corpus))
    degrees = np.diff(graph.adjacency.indptr)
    assert 6 < len(graph.phrases) / 2000 < 8
    assert degrees.max() > 100 * np.median(degrees)
    assert graph.synonyms.nnz > 0


def test_blocks_and_slices_do_not_change_the_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    phrases = sorted({name(rank, variant) for rank in range(150) for variant in (False, True)})
    whole = Spelling(phrases).pairs(0.8, 100)
    assert whole.nnz > 200
    monkeypatch.setattr(link, "PRODUCTS", 40)
    monkeypatch.setattr(link, "PAIRS", 7)
    for rest in (0.5, 0.75, 1.0):
        monkeypatch.setattr(link, "REST", rest)
        np.testing.assert_array_equal(Spelling(phrases).pairs(0.8, 100).toarray(), whole.toarray())


@pytest.fixture(scope="module")
def small() -> dict:
    return benchmark.table([benchmark.measure(size) for size in (100, 300)])


def test_the_benchmark_writes_what_ships(small: dict) -> None:
    shipped = json.loads(MEASURED.read_text())
    assert shipped.keys() == small.keys()
    assert shipped["figures"].keys() == small["figures"].keys() == shipped["exponents"].keys()
    assert shipped["setup"].keys() == small["setup"].keys()
    assert all(len(row) == len(shipped["passages"]) for row in shipped["figures"].values())
    assert shipped["passages"][0] == 1000 and shipped["passages"][-1] >= 50_000
    # Nothing of when and on which machine.
    assert not re.search(r"20\d\d-\d\d|:\d\d:|node|host", json.dumps(shipped["setup"]))


def test_what_does_not_depend_on_the_machine_is_what_was_measured() -> None:
    growth = load_growth()
    graph = build_graph(extract_all(passages(1000)))
    assert growth.figures["nodes"][0] == len(graph.phrases)
    assert growth.figures["edges"][0] == graph.edges
    assert growth.figures["facts"][0] == len(graph.facts)
    assert growth.figures["synonym_pairs"][0] == graph.synonyms.nnz / 2


def test_counts_grow_with_passages_and_figures_are_positive(small: dict) -> None:
    figures = small["figures"]
    for key in ("nodes", "edges", "facts", "file_mb", "graph_mb"):
        assert figures[key][1] > 1.5 * figures[key][0], key
    assert all(value > 0 for row in figures.values() for value in row)


def test_exponents_that_ship_are_those_of_the_figures() -> None:
    shipped, growth = json.loads(MEASURED.read_text()), load_growth()
    for key, slope in shipped["exponents"].items():
        assert growth.exponent(key) == pytest.approx(slope, abs=1e-3)


def test_slopes_and_limits_of_a_power() -> None:
    sizes = np.array([10.0, 100.0, 1000.0])
    growth = Growth(sizes, {"cost": 2 * sizes**1.5, "flat": np.full(3, 7.0)}, {})
    assert growth.exponent("cost") == pytest.approx(1.5)
    assert growth.last_exponent("cost") == pytest.approx(1.5)
    assert growth.reach("cost", 2 * 500**1.5) == pytest.approx(500)
    assert growth.reach("cost", 2 * 1e4**1.5) == pytest.approx(1e4)
    assert growth.exponent("flat") == pytest.approx(0)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"passages": [1], "figures": {}, "setup": {}}',
             '{"passages": [1, 2], "figures": {"a": [1]}, "setup": {}}']
)  # fmt: skip
def test_a_damaged_table_is_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "growth.json"
    path.write_text(text)
    with pytest.raises(EngramError, match="growth"):
        load_growth(path)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("draw", [view.draw_indexing, view.draw_asking, view.draw_taking])
def test_every_figure_has_titles_units_and_a_finding(draw, theme: str) -> None:
    figure = draw(load_growth(), Palette.of(theme))
    assert check_axes(figure) == []
    assert "grows fastest" in figure.layout.meta["alt"]


def test_every_part_says_where_it_ends_and_where_it_goes() -> None:
    growth = load_growth()
    table, told = view.beyond_table(growth), view.moves(growth)
    assert [row["Part"] for row in table] == [line[2:].split("**")[0] for line in told]
    there = [row["Passages there"] for row in table]
    assert there == sorted(there)
    for row in table:
        assert (row[""] == "measured") == (row["Passages there"] <= growth.passages[-1] * 1.05)
    assert f"{there[0]:,}" in view.first_limit(growth)
    for engine in ("HNSW", "FAISS", "GraphX", "cuGraph", "Lucene", "PostgreSQL"):
        assert any(engine in line for line in told)
