"""A stream cut into events: reading, cutting again, scoring, retrieving, and its figures."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import EventsConfig
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.living.border_rows import score_between, score_methods
from engine.labs.memory_graph.living.cohesion import partition_scores, score_reference, similarity
from engine.labs.memory_graph.living.events import boundaries, threshold_reference
from engine.labs.memory_graph.living.film import Budget, film, steps_to
from engine.labs.memory_graph.living.model_pass import model_pass, model_spans
from engine.labs.memory_graph.living.recut import cut, cut_between, fixed_borders, refined
from engine.labs.memory_graph.living.stream import build_stream, own_stream
from engine.labs.memory_graph.living.stream_reading import (
    read_by_words,
    sentence_rows,
    word_spans,
)
from engine.labs.memory_graph.living.surprise import model_keys, model_surprise
from engine.labs.memory_graph.living.words import TfIdf
from engine.labs.memory_graph.views import event_borders, event_cohesion, event_film, event_words
from engine.labs.memory_graph.views import events as viewing

LAB = get_lab("memory_graph")
QUICK = {"surprise_by": "ngram", "alike": "sentences"}
STORY = "The old ferry left at noon. Nobody waved, as “ünder” the bridge it was dark. " * 60


@cache
def quick(**values: object) -> Result:
    config = EventsConfig.build({**QUICK, **values})
    return run.events(config, QuietContext())


def test_one_pass_gives_the_surprise_and_the_keys_of_two():
    spans, ids = model_spans(STORY, 900)
    read = model_pass(ids)
    text = STORY[: spans[-1, 1]]
    apart = model_surprise([text])
    assert np.array_equal(apart.ids, ids)
    np.testing.assert_allclose(read.nats, apart.nats, atol=1e-4)
    np.testing.assert_allclose(read.keys, model_keys([text]), rtol=2e-3, atol=2e-2)
    assert read.queries.shape == read.keys.shape


def test_a_query_asks_its_keys_as_attention_does():
    import torch

    from engine.models.lm.load import load_model
    from engine.models.lm.probe import layer_calls

    _, ids = model_spans("A heron stood on the weir.", 8)
    read = model_pass(ids)
    loaded = load_model("engram-lm")
    calls = layer_calls(loaded.model, torch.tensor([[0, *ids.tolist()]]))[2:]
    expected = 0.0
    for call in calls:
        q = call.rotary.invert(call.q)[0]
        for head in range(q.shape[0]):
            key = call.k_pre[0, head * call.k.shape[1] // q.shape[0]]
            expected += float(q[head, 6] @ key[3])
    assert read.queries[5] @ read.keys[2].astype(np.float32) == pytest.approx(expected, rel=1e-2)


def test_dated_passages_are_read_by_date_and_others_as_given():
    dated = [Passage("b", "Later.", when="2024-05-02"), Passage("a", "First.", when="2024-05-01")]
    stream = build_stream(dated)
    assert [p.title for p in stream.pieces] == ["a", "b"] and stream.order == "by date"
    stream = build_stream([*dated, Passage("c", "No date.")])
    assert [p.title for p in stream.pieces] == ["b", "a", "c"] and stream.order == "as given"
    assert build_stream(dated, titles=True).text == "a\nFirst.\n\nb\nLater.\n\n"


def test_turns_of_one_session_are_one_segment():
    turns = [
        Passage("Ann", f"Turn {i}.", when=f"1:0{i // 3} pm on {i // 3 + 1} May, 2023", scope="x")
        for i in range(9)
    ]
    stream = build_stream(turns)
    assert stream.borders == "changes of date"
    assert [i for i, piece in enumerate(stream.pieces) if piece.opens] == [0, 3, 6]


def test_conversations_are_not_shuffled_into_each_other():
    turns = [
        Passage("A", f"{scope} {day}", when=f"2023-05-0{day}", scope=scope)
        for scope in ("two", "one")
        for day in (3, 1)
    ]
    assert [p.text for p in build_stream(turns).pieces] == ["two 1 ", "two 3 ", "one 1 ", "one 3 "]


def test_paragraphs_of_an_own_text_are_its_segments():
    stream = own_stream("One here.\n\n \nTwo\nlines.\n\n")
    assert [piece.text for piece in stream.pieces] == ["One here. ", "Two\nlines. "]
    found = quick(own="One here.\n\nTwo lines more.\n\nThree.")
    assert found.array("border").tolist() == [3, 7]
    assert found.notes["borders"] == "blank lines"


def test_tokens_and_known_borders_lie_where_passages_begin():
    found = quick()
    spans, text = found.array("span"), found.notes["text"]
    assert [text[a:b] for a, b in spans[:4].tolist()] == ["First", "page", "of", "a"]
    first = found.array("border")[0]
    assert found.notes["pieces"][int(found.array("piece")[first])][0] == "Tuesday at the back table"
    assert text[spans[first, 0] :].startswith("Our weekly meeting was at the Blue Kettle")


def test_the_cap_cuts_the_stream_off_and_is_told():
    found = quick(tokens=256)
    assert len(found.array("surprise")) == 256 and found.number("left_unread") > 50_000
    assert np.array_equal(found.array("span"), quick().array("span")[:256])
    assert found.notes["text"] == quick().notes["text"][: len(found.notes["text"])]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"own": " \n "}, None), ({"own": "!"}, None), ({"tokens": 100}, "tokens")],
)
def test_odd_streams_are_read_or_refused_in_one_sentence(values: dict, field: str | None):
    if field is None:
        assert len(quick(**values).array("surprise")) >= 1
    else:
        with pytest.raises(BadInput) as caught:
            EventsConfig.build({**QUICK, **values})
        assert caught.value.field == field
    with pytest.raises(BadInput):
        build_stream([Passage("only a title", " ")])
    with pytest.raises(BadInput):
        read_by_words(" \n ", 100, 3, "")


def test_sentence_vectors_keep_the_cosine_of_few_sentences():
    text = "Herons on the weir. The weir is wet. Coffee at nine. Herons drink no coffee."
    spans = word_spans(text, 100)
    rows, row_of, asked = sentence_rows(text, spans, "Where are herons?")
    assert len(rows) == 4 and row_of[0] == row_of[3] == 0 and row_of[-1] == 3
    parts = [f"{part}." for part in text[:-1].split(". ")]
    exact = TfIdf(parts).vectors(parts)
    full = rows.astype(np.float32)
    np.testing.assert_allclose(full @ full.T, exact @ exact.T, atol=5e-3)
    assert asked is not None and (full @ asked.astype(np.float32)).argmax() == 0


def test_cutting_again_is_the_threshold_of_the_engine():
    s = quick().array("surprise")
    for statistics in ("code", "paper"):
        again = cut(s, 1.3, statistics)
        np.testing.assert_allclose(again.level, again.mean + 1.3 * again.std)
        slow = threshold_reference(s[:1500], 1.3, statistics=statistics)
        np.testing.assert_allclose(again.level[:1024], slow[:1024])
        assert np.array_equal(again.opening, boundaries(s, again.level))
        assert again.above == (s > again.level).sum()
    assert cut(s, 0.0).above > cut(s, 1.0).above > cut(s, 1.5).above


@pytest.mark.parametrize("reading", ["paper", "code", "textbook"])
def test_scores_of_a_partition_are_those_of_plain_loops(reading):
    a = similarity(np.random.default_rng(3).standard_normal((18, 4)))
    opening = np.array([5, 11])
    sides = [range(5), range(5, 11), range(11, 18)]
    modularity, conductance = partition_scores(a, opening, reading)
    assert modularity == pytest.approx(score_reference(a, sides, "modularity", reading))
    each = []
    for side in sides:
        rest = [i for i in range(18) if i not in side]
        # One side at a time: the reference takes the lower of the two it is given.
        ours = score_reference(a, [side, rest], "conductance", reading)
        other = score_reference(a, [rest, side], "conductance", reading)
        assert ours == other
        inner = a[np.ix_(side, side)].sum()
        cut_weight = a[np.ix_(side, rest)].sum()
        low = {
            "paper": min(inner, a[np.ix_(rest, rest)].sum()),
            "code": min(inner, a.sum() - inner),
            "textbook": min(inner + cut_weight, a.sum() - inner - cut_weight),
        }[reading]
        each.append(cut_weight / low)
        assert ours <= each[-1] + 1e-12
    assert conductance == pytest.approx(np.mean(each))


def test_partitions_of_nothing_and_bad_ones():
    assert partition_scores(np.zeros((0, 0)), np.array([], int), "code") == (0.0, 0.0)
    assert partition_scores(np.zeros((4, 4)), np.array([2]), "code") == (0.0, 0.0)
    for opening in ([4], [2, 2], [0]):
        with pytest.raises(BadInput):
            partition_scores(np.ones((4, 4)), np.array(opening), "code")


def test_perfect_borders_beat_chance_and_random_ones_do_not():
    known = fixed_borders(2000, 19)
    assert len(known) == 19 and set(np.diff(known)) == {100}
    lost = known + 50
    rows = score_methods({"perfect": known, "lost": lost}, known, 2000, 2)
    assert rows[0].f1 == 1 and rows[0].window_diff == 0
    assert rows[0].verdict == "better than chance"
    assert rows[1].f1 == 0 and rows[1].verdict != "better than chance"
    assert rows[0].chance_f1 == rows[1].chance_f1
    low, mean, high = rows[0].chance_f1
    assert 0 <= low <= mean <= high < 0.5


def test_passages_that_open_with_surprise_begin_segments():
    piece = np.repeat(np.arange(40), 10)
    s = np.ones(400) + np.random.default_rng(0).random(400) * 0.1
    known = np.array([100, 200, 300])
    for start in known:
        s[start : start + 8] = 6
    found = cut_between(s, piece, 1.0)
    assert found.tolist() == known.tolist()
    row = score_between(found, known, piece, 0)
    assert row.f1 == 1 and row.verdict == "better than chance"
    assert cut_between(s, np.zeros(400, int), 1.0).tolist() == []


def test_the_film_brings_nothing_from_the_future_and_keeps_to_its_budget():
    found = quick()
    opening = cut(found.array("surprise"), 1.0).opening
    keys = event_cohesion.token_rows(found)
    budget = Budget(n_mem=300, contiguity=0.3, n_local=128)
    made = film(keys, opening, steps_to(4000, found.array("queries"), 64, 8), budget)
    assert len(made.frames) == 8 and made.frames[-1].now == 4000 // 64 * 64
    assert made.similar_budget == 210 and made.contiguous_budget == 90
    for frame in made.frames:
        ends = [made.events[i][1] for i in (*frame.context.similar, *frame.context.contiguous)]
        assert ends and max(ends) <= frame.now - 128
        assert not set(frame.context.similar) & set(frame.context.contiguous)
        assert made.tokens(frame.context.contiguous) <= 90
        best = np.nanargmax(frame.score)
        assert best in frame.context.similar
    first = made.frames[0].context
    beside = {i + d for i in first.similar for d in (1, -1)}
    assert set(first.contiguous) <= beside


def test_every_figure_says_its_axes_and_finding():
    found = quick()
    known = found.array("border").astype(int)
    one = cut(found.array("surprise"), 1.0)
    other = cut(found.array("surprise"), 1.0, "paper")
    after = refined(one.opening, event_cohesion.token_rows(found), clip=True)
    part = viewing.part_of(700, len(one.level), 256)
    assert part == (512, 768)
    rows = score_methods({"surprise": one.opening}, known, len(one.level), 3)
    keys = event_cohesion.token_rows(found)
    made = film(keys, one.opening, steps_to(4000, found.array("queries"), 64, 3), Budget())
    for palette in (Palette.light(), Palette.dark()):
        figures = [
            viewing.draw_overview(found, one, palette, token=700, part=part),
            viewing.draw_trace(found, one, one.opening, palette, token=700, part=part, by="x"),
            event_cohesion.draw_similarity(
                found, one.opening, after, palette, part=part, measure="modularity"
            ),
            event_borders.draw_border_scores(rows, palette, known=len(known), tolerance=3),
            event_borders.draw_border_scores(rows, palette, known=9, tolerance=3, diff=True),
            event_film.draw_film(found, made, palette, question=False),
            event_film.draw_budget(made, palette, question=False),
        ]
        for figure in figures:
            assert not check_axes(figure)
    words = viewing.describe_cut(found, one, other)
    assert f"{one.above:,} above" in words and f"{other.above:,} above" in words
    number, start, end = event_words.event_at(one.opening, 700, len(one.level))
    assert start <= 700 < end and (number == 0 or one.opening[number - 1] == start)
    said = event_words.describe_event(found, one, start, moved=False)
    assert f"token {start}" in said


def test_the_heatmap_of_a_large_part_says_its_blocks():
    found = quick()
    opening = cut(found.array("surprise"), 1.0).opening
    after = {"modularity": opening, "conductance": opening}
    figure = event_cohesion.draw_similarity(
        found, opening, after, Palette.light(), part=(1024, 2048), measure="conductance"
    )
    assert figure.data[0].z.shape == (256, 256)
    assert "mean of 4 x 4 tokens" in figure.layout.title.subtitle.text
    assert "moves 0 of" in figure.layout.meta["alt"]


@pytest.mark.parametrize("own", ["One.", "a b", "Only one sentence without any border at all"])
def test_a_tiny_stream_can_be_drawn(own: str):
    found = quick(own=own)
    one = cut(found.array("surprise"), 1.0)
    after = refined(one.opening, event_cohesion.token_rows(found), clip=True)
    part = viewing.part_of(0, len(one.level))
    palette = Palette.light()
    viewing.draw_overview(found, one, palette, token=0, part=part)
    viewing.draw_trace(found, one, one.opening, palette, token=0, part=part, by="x")
    event_cohesion.draw_similarity(
        found, one.opening, after, palette, part=part, measure="modularity"
    )
    rows = event_cohesion.cohesion_table(found, one.opening, after, part=part, reading="code")
    assert event_cohesion.describe_cohesion(rows)
    keys = event_cohesion.token_rows(found)
    made = film(keys, one.opening, steps_to(0, found.array("queries"), 64, 8), Budget())
    assert event_film.film_table(found, made) == []
    event_film.draw_film(found, made, palette, question=False)
    event_film.draw_budget(made, palette, question=False)


def test_a_page_cuts_again_without_torch():
    script = """
import sys
from engine.core import get_lab
from engine.store.lookup import load_shipped
from pages.panels.memory_graph import events
from engine.labs.memory_graph.living.recut import cut, refined
from engine.labs.memory_graph.views.event_cohesion import token_rows
lab = get_lab("memory_graph")
experiment = lab.experiment("events")
result = load_shipped(lab.name, experiment.digest(lab.name, experiment.config()))
opening = cut(result.array("surprise"), 1.0).opening
assert len(refined(opening, token_rows(result), clip=False)["modularity"]) == len(opening) > 100
assert not {"torch", "transformers"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("alike", ["keys", "sentences"])
def test_a_question_asks_once_for_the_whole_stream(alike):
    own = "\n\n".join(
        ["Herons stood on the weir all morning.", *["Nothing was said at dinner again."] * 30]
    )
    question = "Where did the herons stand?"
    config = EventsConfig(own=own, alike=alike, surprise_by="ngram", ask=question)
    found = run.events(config, QuietContext())
    assert found["question"].axes == ("channel",)
    opening = cut(found.array("surprise"), 1.0).opening
    keys = event_cohesion.token_rows(found)
    budget = Budget(n_mem=32, n_initial=0, n_local=64)
    made = film(keys, opening, [(len(keys), found.array("question"))], budget)
    rows = event_film.film_table(found, made)
    assert rows and {row["Buffer"] for row in rows} <= {"similarity", "contiguity"}
    if alike == "sentences":
        assert "Herons" in str(rows[0]["Text"])
    for palette in (Palette.light(), Palette.dark()):
        assert not check_axes(event_film.draw_film(found, made, palette, question=True))
