"""SORT on a memory: what each way of remembering can know."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import BadInput, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import OrderConfig
from engine.labs.memory_graph.living.order_memories import (
    Contiguity,
    EventIndex,
    SimilarityOnly,
    TimeStamps,
    cued,
    shares,
)
from engine.labs.memory_graph.living.sort_probe import answers, build_pairs
from engine.labs.memory_graph.views.order import bin_names, describe_order, draw_order

LAB = get_lab("memory_graph")
EVENTS = [f"On day {i} the town saw word{i} and nothing else at all." for i in range(60)]


def found(cue: str) -> tuple[int, float]:
    return EventIndex(EVENTS).find(cue)


def test_an_event_is_found_by_its_words():
    assert found("the town saw word17")[0] == 17
    assert EventIndex(EVENTS).find("word3 and")[1] > 0.5


def test_time_stamps_know_all_and_contiguity_what_it_can_reach():
    index = EventIndex(EVENTS)
    near, far = ("word20 and", "word24 and"), ("word5 and", "word50 and")
    for memory, knows_far in ((TimeStamps(index.find), True), (Contiguity(index.find, 8), False)):
        assert [memory.first(*near), memory.first(*near[::-1])] == [0, 1]
        assert (memory.first(*far) == 0) and (memory.first(*far[::-1]) == 1) == knows_far
    assert SimilarityOnly(index.find).first("word3 and", "word3 and") == 0
    with pytest.raises(BadInput):
        Contiguity(index.find, 0)


def test_reach_is_what_contiguity_gains_by():
    words = " ".join(EVENTS).split()
    pairs = build_pairs(words, 20, per_bin=40)
    index = EventIndex(EVENTS)
    by_reach = [
        shares(answers(Contiguity(index.find, reach), pairs)).mean() for reach in (1, 10, 60)
    ]
    assert 50 <= by_reach[0] < by_reach[1] < by_reach[2]
    assert by_reach[2] == pytest.approx(shares(answers(TimeStamps(index.find), pairs)).mean())
    assert cued(" a b  c", 2) == "a b"


def test_the_diary_is_put_in_order_by_stamps_and_not_by_similarity():
    result = run.order(OrderConfig(), QuietContext())
    accuracy, low, high = (result.array(name) for name in ("accuracy", "low", "high"))
    stamps, contiguity, similarity, first = range(4)
    assert accuracy[stamps].min() > 95
    assert low[contiguity, 0] > 50 and accuracy[contiguity, -1] == 50
    assert (low[similarity] <= 50).all() and (high[similarity] >= 50).all()
    assert (accuracy[first] == 50).all()
    right = result.array("right")
    assert set(np.unique(right)) <= {0, 50, 100}
    place = result.array("bin")
    for i, b in enumerate(result.notes["bins"]):
        np.testing.assert_allclose(accuracy[:, i], right[:, place == b].mean(axis=1), rtol=1e-5)
    for palette in (Palette.light(), Palette.dark()):
        assert not check_axes(draw_order(result, palette))
    assert bin_names(result)[0] == "20 to 1,000"
    assert "similarity only" in describe_order(result)


def test_a_short_cue_is_harder():
    short = run.order(OrderConfig(cue_words=2), QuietContext())
    assert short.number("found") < run.order(OrderConfig(), QuietContext()).number("found")
    assert short.array("accuracy")[0].mean() < 95


@pytest.mark.parametrize("own", ["Too short.", "no sentence ends here " * 40])
def test_a_text_without_pairs_gets_one_sentence(own: str):
    with pytest.raises(BadInput) as caught:
        run.order(OrderConfig(own=own), QuietContext())
    assert caught.value.field == "own"
