"""Forgetting curves, the days on which pieces and summaries go, and MemoryBank around them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.memory_graph.living.forgetting import (
    FORMULAS,
    Chance,
    Fading,
    Piece,
    Recall,
    Threshold,
    retention,
    timeline,
)
from engine.labs.memory_graph.living.memorybank import Chunk, MemoryBank, reachable

MAY = date(2023, 5, 1)


def day(number: int) -> date:
    return MAY + timedelta(days=number)


PIECES = [Piece("a", day(0)), Piece("b", day(0)), Piece("c", day(2))]


@pytest.mark.parametrize(
    ("formula", "strength", "days", "expected"),
    [
        ("code", 1, 5, 0.37),
        ("code", 3, 5, 0.05),
        ("paper", 1, 1, 0.37),
        ("paper", 3, 3, 0.37),
        ("paper", 3, 5, 0.19),
        ("corrected", 1, 5, 0.37),
        ("corrected", 3, 5, 0.72),
    ],
)
def test_values_worked_out_by_hand(formula, strength, days, expected):
    assert round(float(retention(formula, np.array(days), np.array(strength))), 2) == expected


def test_only_the_code_fades_stronger_memories_faster():
    strengths = np.arange(1, 6)
    for formula in FORMULAS:
        steps = np.diff(retention(formula, np.array(5), strengths))
        assert (steps < 0).all() if formula == "code" else (steps > 0).all()


def test_a_threshold_sets_the_day_exactly():
    # exp(-t) < 0.3 from t = 2 days on; exp(-t/2) after one recall from t = 3 on.
    found = timeline(PIECES, [Recall(day(1), "b")], day(6), "paper", Threshold(0.3))
    assert found.gone(day(1)) == []
    assert found.gone(day(2)) == ["a"]
    assert found.gone(day(3)) == ["a"]
    assert found.gone(day(4)) == ["a", "b", "c"]
    b = found.retention[1]
    np.testing.assert_allclose(b[:5], np.exp([0, -1, -0.5, -1, -1.5]))
    assert np.isnan(b[5:]).all() and np.isnan(found.retention[2, :2]).all()
    np.testing.assert_array_equal(found.strength[1], [1, 2, 2, 2, 2, 2, 2])


def test_a_day_loses_its_summary_with_its_last_piece():
    found = timeline(PIECES, [Recall(day(1), "b")], day(6), "paper", Threshold(0.3))
    assert found.summary_lost() == {("", "2023-05-01"): day(4), ("", "2023-05-03"): day(4)}
    first = found.summaries[found.summary_names.index(("", "2023-05-01"))]
    np.testing.assert_array_equal(first, [True] * 4 + [False] * 3)


def test_days_of_two_groups_do_not_share_a_summary():
    pieces = [Piece("a", MAY, "Ada"), Piece("b", MAY, "Bo")]
    found = timeline(pieces, [Recall(day(1), "a")], day(2), "paper", Threshold(0.3))
    assert found.summary_lost() == {("Bo", "2023-05-01"): day(2)}


def test_what_is_gone_cannot_be_recalled():
    state = Fading(PIECES, "paper", Threshold(0.3))
    assert state.load(day(2)) == ["a", "b"]
    assert state.recall(["a", "c"], day(2)) == ["c"]
    assert state.recall(["c"], day(1)) == [], "nor what has not happened yet"
    assert list(state.strength) == [1, 1, 2] and state.load(day(2)) == []
    with pytest.raises(BadInput, match="already loaded"):
        state.load(day(1))
    with pytest.raises(BadInput, match="no piece"):
        state.recall(["z"], day(3))


def test_one_draw_follows_the_curve_and_a_draw_each_load_the_product():
    pieces = [Piece(str(i), MAY) for i in range(4000)]
    once = timeline(pieces, (), day(3), "corrected", Chance(1, each_load=False))
    again = timeline(pieces, (), day(3), "corrected", Chance(1))
    curve = np.exp(-np.arange(4) / 5)
    spread = 4 * np.sqrt(0.25 / len(pieces))
    np.testing.assert_allclose(once.alive.mean(0), curve, atol=spread)
    np.testing.assert_allclose(again.alive.mean(0), np.cumprod(curve), atol=spread)


def test_the_same_seed_forgets_the_same():
    pieces = [Piece(str(i), MAY) for i in range(200)]
    for each in (True, False):
        runs = [timeline(pieces, (), day(4), "paper", Chance(s, each)).alive for s in (1, 1, 2)]
        np.testing.assert_array_equal(runs[0], runs[1])
        assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize(
    "call",
    [
        lambda: retention("half", np.ones(1), np.ones(1)),
        lambda: retention("paper", -np.ones(1), np.ones(1)),
        lambda: retention("paper", np.ones(1), np.zeros(1)),
        lambda: Threshold(1.5),
        lambda: Threshold(float("nan")),
        lambda: timeline([]),
        lambda: timeline(PIECES, (), MAY - timedelta(days=1)),
        lambda: timeline(PIECES, (), date(2223, 1, 1)),
        lambda: timeline([*PIECES, PIECES[0]]),
        lambda: timeline(PIECES, (), day(3), "half"),
        lambda: timeline(PIECES, (), day(3)).gone(day(9)),
    ],
)
def test_bad_input_is_one_sentence(call):
    with pytest.raises(BadInput):
        call()


def bank(**settings) -> MemoryBank:
    chunks = [
        Chunk("a1", "aaaa", day(0), "a"),
        Chunk("a2", "bbbb", day(0), "a"),
        Chunk("a3", "cccc", day(0), "a"),
        Chunk("b1", "dddd", day(0), "b"),
        Chunk("c1", "eeee", day(3), "c"),
    ]
    return MemoryBank(chunks, np.eye(5), **settings)


def test_neighbours_of_the_same_source_are_read_along_while_they_fit():
    asked = np.array([0, 1, 0, 0, 0.0])
    assert bank(k=1).ask(asked, MAY)[0].ids == ("a1", "a2", "a3")
    assert bank(k=1, chunk_characters=8).ask(asked, MAY)[0].ids == ("a2", "a3")
    alone = bank(k=1, chunk_characters=7).ask(asked, MAY)[0]
    assert (alone.ids, alone.text, alone.score) == (("a2",), "bbbb", 1.0)
    passages = bank(k=2).ask(np.array([0, 0, 0.5, 1, 0]), MAY)
    assert [passage.ids for passage in passages] == [("b1",), ("a1", "a2", "a3")]


def test_a_retrieval_strengthens_what_it_found_and_nothing_else():
    found = bank(k=1)
    found.ask(np.array([0, 1, 0, 0, 0.0]), day(1))
    assert list(found.fading.strength) == [1, 2, 1, 1, 1]
    found.ask(np.array([0, 1, 0, 0, 0.0]), day(1), remember=False)
    assert list(found.fading.strength) == [1, 2, 1, 1, 1]
    assert found.load(day(2)) == ["a1", "a3", "b1"]
    assert [name for name, _ in found.rank(np.ones(5), day(2))] == ["a2"], "c1 is still to come"


def test_an_answer_becomes_unreachable():
    asked = np.array([0, 0, 0, 1.0, 0])
    found = bank(k=1)
    assert found.ask(asked, MAY, remember=False)[0].ids == ("b1",)
    found.load(day(4))
    assert all("b1" not in passage.ids for passage in found.ask(asked, day(4)))
    found.load(day(30))
    assert found.ask(asked, day(30)) == []


def test_each_question_has_the_days_on_which_it_could_be_answered():
    days, found = reachable(bank(), np.eye(5)[[3, 4]], [{"b1"}, {"c1", "a1"}], day(6))
    assert days == [day(n) for n in range(7)]
    # b1 lives on days 0 and 1; a1 stands in for c1 before that is born on day 3.
    assert found.astype(int).tolist() == [[1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 1, 1, 0, 0]]
    with pytest.raises(BadInput, match="entries"):
        reachable(bank(), np.eye(5), [], MAY)
    with pytest.raises(BadInput, match="until"):
        reachable(bank(), np.eye(5)[:1], [{"a1"}], MAY - timedelta(days=1))


def test_a_bank_refuses_what_does_not_fit():
    with pytest.raises(BadInput, match="rows for"):
        MemoryBank([Chunk("a", "a", MAY, "a")], np.eye(2))
    with pytest.raises(BadInput, match="columns"):
        bank().ask(np.ones(4), MAY)
