"""The experiments behind the views, on the diary and on graphs small enough to count by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import run
from engine.labs.memory_graph.build import Workshop
from engine.labs.memory_graph.choosing import MADE, chosen_question
from engine.labs.memory_graph.config import (
    WavefrontConfig,
    WhyConfig,
)
from engine.labs.memory_graph.layout import layout
from engine.labs.memory_graph.loading import load
from engine.labs.memory_graph.views import duel as duelling
from engine.labs.memory_graph.views import wavefront as spreading
from engine.labs.memory_graph.views import why as explaining
from pages.panels.memory_graph.views import VIEWS

LAB = get_lab("memory_graph")


@cache
def result(name: str, **values: object) -> Result:
    config = LAB.experiment(name).config.build(dict(values))
    return getattr(run, name)(config, QuietContext())


def ring(size: int) -> sparse.csr_array:
    at = np.arange(size)
    one_way = sparse.csr_array((np.ones(size), (at, (at + 1) % size)), (size, size))
    return sparse.csr_array(one_way + one_way.T)


def test_a_layout_is_the_same_every_time_and_keeps_neighbours_near() -> None:
    adjacency = ring(60)
    first = layout(adjacency)
    assert np.array_equal(first, layout(adjacency))
    assert np.abs(first).max() <= 1
    apart = np.linalg.norm(first[:, None] - first[None], axis=2)
    assert apart[np.arange(60), (np.arange(60) + 1) % 60].mean() < 0.35 * apart.mean()


def test_nodes_beyond_the_core_lie_near_their_neighbours_and_lost_ones_outside() -> None:
    linked = sparse.block_diag([ring(40), sparse.csr_array((3, 3))]).tocsr()
    xy = layout(sparse.csr_array(linked), core=20)
    assert np.isfinite(xy).all() and np.abs(xy).max() <= 1
    assert len(np.unique(xy.round(9), axis=0)) == 43
    assert layout(sparse.csr_array((0, 0))).shape == (0, 2)


def test_mass_is_kept_and_each_step_carries_the_damped_mass() -> None:
    found = result("wavefront", damping=0.7)
    phrases = int(found.number("phrases"))
    mass = found.array("mass")[:, :phrases].astype(np.float64)
    assert mass.sum(axis=1) == pytest.approx(np.ones(len(mass)), abs=1e-5)
    assert found.array("seed")[:phrases].sum() == pytest.approx(1, abs=1e-6)
    flow = found.array("flow").sum(axis=1)
    assert flow[0] == 0
    assert flow[1:] == pytest.approx(np.full(len(flow) - 1, 0.7), abs=1e-4)


def test_the_default_question_is_answered_by_the_walk_and_not_by_its_words() -> None:
    ranks = result("wavefront").array("gold_rank")
    assert ranks[0].max() > 50 and ranks[-1].max() <= 5
    alone = result("wavefront", spread="seeds").array("gold_rank")
    assert alone[-1].max() > 50


@pytest.mark.parametrize("method", ["hipporag", "hipporag2"])
def test_ranks_of_the_last_step_are_those_of_the_retriever(method: str) -> None:
    found = result("wavefront", method=method, steps=20)
    sides = result("duel")
    m = sides.notes["methods"].index(method)
    first = sides.array("top")[m, 8]
    assert found.array("top")[-1].tolist() == first.tolist()


def test_a_question_of_ones_own_has_no_gold_but_a_walk() -> None:
    found = result("wavefront", ask="What did Joana Brites say about Deep Thistle?")
    assert "gold_rank" not in found.fields
    assert {node for _, node, _ in found.notes["links"]} >= {"joana brites", "deep thistle"}
    assert spreading.describe_ranks(found) == "This question came without gold passages."


def test_without_a_choice_the_passage_found_first_is_explained() -> None:
    found = result("why")
    assert found.number("rank") == 1
    first = int(found.array("scores").argmax())
    assert result("why", passage=first).number("mass") == found.number("mass")


def test_the_parts_of_a_score_add_up_and_drops_are_felt() -> None:
    found = result("why", passage=91)
    mass = found.number("mass")
    for part in ("seed", "node", "edge", "fact"):
        assert found.number(f"sum_by_{part}") == pytest.approx(mass, abs=1e-9)
    best = int(found.array("seed")[0])
    without = result("why", passage=91, without_seeds=str(best))
    assert without.array("scores_without")[91] < 0.6 * found.array("scores")[91]
    assert without.number("rank") == found.number("rank")
    pairs = ",".join(f"{a}-{b}" for a, b in found.array("edge")[:2].tolist())
    cut = result("why", passage=91, without_edges=pairs)
    assert cut.array("scores_without")[91] < cut.array("scores")[91]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (WavefrontConfig(question=99_999), "question"),
        (WavefrontConfig(ask="why is that so?"), "ask"),
        (WhyConfig(passage=99_999), "passage"),
        (WhyConfig(without_seeds="77"), "seeds"),
        (WhyConfig(without_edges="0-0"), "edges"),
    ],
)
def test_what_is_not_there_is_refused_by_name(config, field: str) -> None:
    start = run.why if isinstance(config, WhyConfig) else run.wavefront
    with pytest.raises(BadInput) as refused:
        start(config, QuietContext())
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["1,", "a", "1;2", "-1", "1" * 20])
def test_seeds_to_drop_are_numbers(text: str) -> None:
    with pytest.raises(BadInput, match="without_seeds"):
        WhyConfig.build(without_seeds=text)
    with pytest.raises(BadInput, match="without_edges"):
        WhyConfig.build(without_edges=text)


def test_the_duel_agrees_with_the_evaluation_and_its_filters_part_the_questions() -> None:
    sides = result("duel")
    for method in ("bm25", "hipporag"):
        alone = result("evaluate", method=method)
        assert sides.number(f"{method} recall@5") == pytest.approx(alone.number("recall@5"))
    wins, losses = duelling.filtered(sides, "graph wins"), duelling.filtered(sides, "graph loses")
    assert 8 in wins and losses and not set(wins) & set(losses)
    assert set(duelling.filtered(sides, "all fail")) <= set(duelling.filtered(sides, "all"))
    table = duelling.place_table(sides, 8)
    assert sum(title.startswith("★") for title in table["HippoRAG"]) == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "values",
    [
        {"ask": "Where does Joana Brites work?"},
        {"corpus": "python-topics"},
        {"corpus": "python-topics", "ask": "What is a decorator?"},
    ],
    ids=str,
)
def test_a_question_without_gold_follows_what_each_retriever_found(values: dict[str, str]) -> None:
    found = result("duel", **values)
    assert "recall" not in found.fields
    assert not [name for name in found.metrics if "recall" in name]
    assert found.notes["gold"] is False
    firsts = found.array("top")[:, 0, :3]
    followed = found.array("followed")[0].tolist()
    assert sorted(followed) == sorted(set(firsts.ravel().tolist()))
    for m, own in enumerate(firsts.tolist()):
        ranks = found.array("rank")[m, 0]
        assert [ranks[followed.index(passage)] for passage in own] == [1, 2, 3]
    figure = duelling.draw_rank_flow(found, Palette.of("light"), question=0)
    assert len(figure.data) == len(followed)
    assert "without gold" in figure.layout.meta["alt"]
    assert duelling.filtered(found, "graph loses") == [0]
    assert not any("★" in title for row in duelling.place_table(found, 0).values() for title in row)


def test_every_view_makes_the_same_question_of_a_memory_without_any() -> None:
    config = WavefrontConfig(corpus="python-topics")
    loaded = load(config, lambda value, _: b"")
    chosen = chosen_question(config, loaded, Workshop(loaded.materials).graph(config))
    asked = result("duel", corpus="python-topics").notes["questions"]
    assert [(one["text"], one["made"]) for one in asked] == [(chosen.text, MADE)]
    for view in ("wavefront", "why", "buckets"):
        assert result(view, corpus="python-topics").notes["question"] == chosen.text, view
    assert result("hiagent", corpus="python-topics").notes["asked"] == [[chosen.text, ""]]
    # A search tree looks for words besides the name that it starts from.
    start = result("coat", corpus="python-topics").notes["start"]
    assert chosen.text == f"What is known about {start.title()}?"
    assert chosen_question(config, loaded) == chosen


FIGURES = {
    "ranks": lambda p: spreading.draw_gold_ranks(result("wavefront"), p, step=2),
    "flow": lambda p: duelling.draw_rank_flow(result("duel"), p, question=8),
    "flow without gold": lambda p: duelling.draw_rank_flow(
        result("duel", ask="Where does Joana Brites work?"), p, question=0
    ),
    "recall": lambda p: duelling.draw_recall(result("duel"), p),
    **{
        part: (lambda p, part=part: explaining.draw_parts(result("why"), p, part=part))
        for part in explaining.PARTS
    },
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_has_titles_units_and_a_finding(name: str, theme: str) -> None:
    figure = FIGURES[name](Palette.of(theme))
    assert check_axes(figure) == []
    assert figure.layout.meta["alt"]


def test_presets_are_configs_of_their_experiments() -> None:
    assert 4 <= sum(preset.featured for preset in LAB.presets) <= 8
    for preset in LAB.presets:
        assert LAB.experiment(preset.experiment).config.build(preset.config)
        assert preset.story and preset.page["view"] in VIEWS
    assert Path(LAB.folder, "presets.toml").is_file()
