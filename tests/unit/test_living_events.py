"""Events of a stream: cutting, refining, buffers, and scores of borders."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.memory_graph.living.border_scores import (
    boundary_f1,
    random_borders,
    random_control,
    window_diff,
)
from engine.labs.memory_graph.living.cohesion import Cuts, similarity
from engine.labs.memory_graph.living.event_buffers import (
    ContiguityBuffer,
    EventMemory,
    event_scores,
    fill,
    representatives,
)
from engine.labs.memory_graph.living.events import blocks, boundaries, threshold, tidy
from engine.labs.memory_graph.living.refine import refine
from engine.labs.memory_graph.living.surprise import model_keys, model_surprise, windows


def test_a_spike_opens_an_event():
    s = np.ones(200)
    s[[40, 90]] = 9
    opening = boundaries(s, threshold(s, 1.0, chunk=200))
    assert list(opening) == [40, 90]
    assert blocks(opening, 200) == [(0, 40), (40, 90), (90, 200)]


def test_the_first_chunk_judges_itself_and_later_ones_the_past():
    s = np.concatenate((np.tile([1.0, 3.0], 8), np.full(16, 50.0)))
    level = threshold(s, 1.0, window=32, chunk=16)
    own = 2 + np.std([1.0, 3.0] * 8, ddof=1)
    np.testing.assert_allclose(level, own)  # the second chunk does not see its own 50
    # The window ends with the chunk: of 16 tokens none would be left, so one is kept.
    np.testing.assert_allclose(threshold(s, 1.0, window=16, chunk=16)[16:], 3.0)


def test_short_events_join_the_next_and_long_ones_are_split():
    assert list(tidy(np.array([3, 20, 24, 60]), 70)) == [20, 60]
    assert list(tidy(np.array([20, 60]), 66)) == [20], "the last has only the one before"
    assert list(tidy(np.array([]), 300)) == [128, 256]
    assert list(tidy(np.array([]), 260)) == [128, 252], "no rest of four"
    assert list(tidy(np.array([]), 5)) == [] and blocks(np.array([]), 0) == []


def test_borders_move_to_the_change_of_topic():
    rows = np.repeat(np.eye(3), 20, axis=0)
    a = similarity(rows)
    late = np.array([24, 46])
    for measure in ("modularity", "conductance"):
        for reading in ("paper", "code", "textbook"):
            assert list(refine(late, a, measure, reading)) == [20, 40]
            assert list(refine(np.array([20, 40]), a, measure, reading)) == [20, 40]
            lost = refine(np.array([20, 40]), a, measure, reading, keep_own=False)
            assert lost[0] < 20, "the code cannot leave a border where it is"


def test_borders_too_close_to_move_stay():
    a = similarity(np.random.default_rng(0).standard_normal((40, 3)))
    assert list(refine(np.array([8, 14, 30]), a, min_event=8))[:1] == [8]
    assert list(refine(np.array([], dtype=int), a)) == []


def test_no_similarity_at_all_is_no_reason_to_move():
    assert list(Cuts(np.zeros((9, 9))).scores(np.array([4]), 0, 9, "modularity", "code")) == [0]
    assert list(Cuts(np.zeros((9, 9))).scores(np.array([4]), 0, 9, "conductance", "paper")) == [0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: threshold(np.array([1.0, np.nan])),
        lambda: threshold(np.ones((2, 2))),
        lambda: threshold(["a"]),
        lambda: threshold(np.ones(4), float("inf")),
        lambda: threshold(np.ones(4), window=1),
        lambda: threshold(np.ones(4), statistics="median"),
        lambda: boundaries(np.ones(4), np.ones(3)),
        lambda: tidy(np.array([]), 9, min_event=8, max_event=15),
        lambda: Cuts(np.ones((2, 3))),
        lambda: Cuts(np.array([[0, 1], [0, 0]])),
        lambda: Cuts(np.full((2, 2), np.nan)),
        lambda: Cuts(np.ones((4, 4))).scores(np.array([5]), 0, 4, "modularity", "code"),
        lambda: Cuts(np.ones((4, 4))).scores(np.array([1]), 0, 4, "beauty", "code"),
        lambda: Cuts(np.ones((4, 4))).scores(np.array([1]), 0, 4, "modularity", "mine"),
        lambda: refine(np.array([3, 2]), np.ones((4, 4))),
        lambda: refine(np.array([4]), np.ones((4, 4))),
        lambda: boundary_f1(np.array([0.5]), np.array([1])),
        lambda: boundary_f1(np.array([1]), np.array([1]), -1),
        lambda: window_diff(np.array([9]), np.array([1]), 9),
        lambda: window_diff(np.array([1]), np.array([1]), 9, 9),
        lambda: random_borders(9, 9, 0),
        lambda: model_surprise([" "]),
        lambda: model_surprise(["a"], window=4096),
        lambda: model_keys(["a"], from_layer=4),
        lambda: EventMemory(np.ones((4, 2)), [(0, 5)]),
        lambda: EventMemory(np.ones((4, 2)), [], contiguity=2),
    ],
)
def test_bad_input_is_one_sentence(call):
    with pytest.raises(BadInput):
        call()


def test_f1_pairs_each_border_once():
    score = boundary_f1(np.array([10, 11, 30]), np.array([10, 20, 31]), tolerance=1)
    assert (score.matched, score.precision, score.recall) == (2, 2 / 3, 2 / 3)
    assert boundary_f1(np.array([9, 10]), np.array([10, 11]), tolerance=1).matched == 2
    assert boundary_f1(np.array([], int), np.array([], int)).f1 == 1
    assert boundary_f1(np.array([], int), np.array([4])).f1 == 0


def test_random_borders_have_the_count_asked_for():
    borders = random_borders(50, 12, seed=1)
    assert len(set(borders)) == 12 and borders.min() >= 1 and borders.max() < 50
    np.testing.assert_array_equal(borders, random_borders(50, 12, seed=1))
    control = random_control(np.array([10, 20, 30]), 40, 3, 0, draws=500)
    # Each of 3 borders hits one of 3 of 39 places with a chance of 3/39.
    assert control.mean() == pytest.approx(3 / 39, abs=0.03)


def test_the_budget_keeps_the_last_event_if_that_ends_nearer():
    scores = np.array([3.0, 2.0, 1.0])
    assert fill(scores, np.array([6, 4, 4]), 10) == [0, 1]
    assert fill(scores, np.array([6, 7, 4]), 10) == [0, 1], "13 is nearer to 10 than 6"
    assert fill(scores, np.array([6, 9, 4]), 10) == [0], "15 is not, and nothing after it counts"
    assert fill(scores, np.array([6, 8, 4]), 10) == [0], "both are as near"
    assert fill(scores, np.array([6, 4, 4]), 0) == []


def test_neighbours_in_time_queue_up_and_the_oldest_leave():
    buffer = ContiguityBuffer(np.full(10, 4), budget=12)
    assert buffer.push([5]) == [6, 4]
    assert buffer.push([0]) == [6, 4, 1]
    assert buffer.push([9]) == [4, 1, 8]
    assert buffer.push([5], leave_out=[6]) == [1, 8, 4], "entering again makes it the newest"
    assert buffer.tokens == 12


def test_representatives_by_attention_or_by_the_mean():
    keys = np.eye(6)[[0, 0, 1, 2, 3, 3]]
    events = [(0, 3), (3, 6)]
    received = np.array([0, 5, 9, 1, 0, 2.0])
    assert [list(r) for r in representatives(keys, events, received, 2)] == [[1, 2], [3, 5]]
    standing = representatives(keys, events, count=2)
    assert [list(r) for r in standing] == [[0, 1], [4, 5]]
    np.testing.assert_allclose(event_scores(keys[:1], keys, standing), [1, 0])


def test_what_is_read_already_is_not_retrieved():
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((400, 8))
    events = [(i, i + 20) for i in range(0, 400, 20)]
    memory = EventMemory(keys, events, n_mem=100, n_initial=30, n_local=100)
    context = memory.retrieve(keys[:20], 380)
    assert context.initial == (0, 30) and context.local == (280, 380)
    chosen = context.similar + context.contiguous
    assert len(set(chosen)) == len(chosen)
    assert all(2 <= event <= 13 for event in chosen)
    assert len(context.similar) * 20 <= 80 and len(context.contiguous) * 20 <= 30
    none = EventMemory(keys, events, n_mem=100, contiguity=0.0).retrieve(keys[:20], 400)
    assert none.contiguous == () and none.similar == ()
    assert memory.retrieve(keys[:20], 0).similar == ()


def test_windows_score_each_token_once_with_enough_before_it():
    for length in (0, 1, 511, 512, 513, 2000):
        found = windows(length, 512, 200)
        scored = [t for _, begin, end in found for t in range(begin, end)]
        assert scored == list(range(length))
        assert all(end - first <= 512 for first, _, end in found)
        assert all(begin - first >= 312 for first, begin, _ in found[1:])


def test_the_language_model_is_surprised_where_it_should_be():
    story = "Once upon a time there was a little girl. She liked to play with her dog."
    odd = story.replace("dog", "quark")
    plain, strange = model_surprise([story]), model_surprise([odd])
    assert plain.source == "engram-lm" and len(plain.nats) == len(plain.ids)
    assert (plain.nats >= 0).all() and strange.nats.max() > plain.nats[-4:].max()
    # Windows with enough context change little, and the first one not at all.
    text = " ".join([story] * 6)
    whole, cut = model_surprise([text], window=512), model_surprise([text], window=64, stride=16)
    np.testing.assert_allclose(whole.nats[:60], cut.nats[:60], atol=1e-4)
    told = []
    model_surprise([text], window=64, stride=16, progress=lambda *done: told.append(done))
    assert told[-1] == (len(whole.ids), len(whole.ids)) and len(told) > 3
    parts = model_surprise([story, " " + odd])
    assert list(parts.starts) == [0, len(plain.ids)]


def test_keys_of_the_model_come_token_by_token():
    text = "Once upon a time there was a little girl."
    keys = model_keys([text])
    assert keys.shape == (len(model_surprise([text]).ids), 2 * 2 * 64)
    assert model_keys([text], from_layer=0).shape[1] == 4 * 2 * 64
    assert np.isfinite(keys).all()


def test_no_file_of_the_living_memories_loads_torch_by_itself():
    script = """
import importlib, pkgutil, sys
import engine.labs.memory_graph.living as living
names = [found.name for found in pkgutil.iter_modules(living.__path__)]
assert len(names) > 15
for name in names:
    importlib.import_module(f"{living.__name__}.{name}")
assert not {"torch", "transformers", "streamlit"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
