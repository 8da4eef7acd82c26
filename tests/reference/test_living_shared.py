"""The living memories on data that nobody here wrote: LoCoMo, MemoryBank's dialogues, MuSiQue.

``pytest tests/reference/test_living_shared.py -s`` prints the figures that the tests compare.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.labs.memory_graph.living.amem import PAPER, AMem, Quirks
from engine.labs.memory_graph.living.analyst import RuleAnalyst
from engine.labs.memory_graph.living.border_scores import (
    boundary_f1,
    random_borders,
    random_control,
)
from engine.labs.memory_graph.living.buckets import CrossPolytope, bucket_recall
from engine.labs.memory_graph.living.cohesion import similarity
from engine.labs.memory_graph.living.events import boundaries, threshold
from engine.labs.memory_graph.living.evidence import by_category, through
from engine.labs.memory_graph.living.forgetting import (
    FORMULAS,
    Chance,
    Piece,
    Recall,
    Threshold,
    timeline,
)
from engine.labs.memory_graph.living.memorybank import Chunk, MemoryBank
from engine.labs.memory_graph.living.refine import refine
from engine.labs.memory_graph.living.sort_probe import RetrievalOrder, build_pairs, probe
from engine.labs.memory_graph.living.surprise import (
    Surprise,
    model_surprise,
    ngram_surprise,
    per_text,
)
from engine.labs.memory_graph.living.words import TfIdf, words

pytestmark = pytest.mark.shared
SIXTH = date(2023, 5, 6)


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@dataclass(frozen=True)
class Conversation:
    """Turns as texts, their names, sessions and times, and the vectors of the texts."""

    texts: list[str]
    names: list[str]
    sessions: list[int]
    times: list[datetime]
    speakers: set[str]
    tfidf: TfIdf
    rows: np.ndarray

    @property
    def borders(self) -> np.ndarray:
        """Turns that open a session, the first left out."""
        return np.flatnonzero(np.diff(self.sessions)) + 1


@lru_cache(maxsize=1)
def locomo(folder: Path) -> tuple[dict[str, Conversation], list[dict[str, Any]]]:
    turns = defaultdict(list)
    for turn in read(folder, "locomo10_turns"):
        turns[turn["conv"]].append(turn)
    found = {}
    for name, rows in turns.items():
        texts = [
            f"{t['speaker']}: {t['text']}" + (f" [{c}]" if (c := t["image_caption"]) else "")
            for t in rows
        ]
        tfidf = TfIdf(texts)
        found[name] = Conversation(
            texts,
            [t["dia_id"] for t in rows],
            [t["session"] for t in rows],
            [datetime.strptime(t["datetime"], "%I:%M %p on %d %B, %Y") for t in rows],
            {t["speaker"] for t in rows},
            tfidf,
            tfidf.vectors(texts),
        )
    return found, read(folder, "locomo10_qa")


@pytest.fixture
def talks(shared_data):
    return locomo(shared_data / "memory_graph")


def say(what: str, **figures: Any) -> None:
    print(f"\n{what}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))


def say_recall(what: str, found) -> None:
    say(
        f"{what}, recall@5 / @10 in percent",
        **{row.name: " / ".join(f"{100 * v:.1f}" for v in row.recall.values()) for row in found},
    )


def percent(found) -> dict[int, dict[int, float]]:
    return {row.category: {k: 100 * v for k, v in row.recall.items()} for row in found}


def amem(talk: Conversation, quirks: Quirks = PAPER, evolve: bool = True) -> AMem:
    analyst = RuleAnalyst(talk.tfidf, talk.speakers)
    memory = AMem(talk.tfidf.vectors, analyst, quirks=quirks, evolve=evolve)
    for text, name, when in zip(talk.texts, talk.names, talk.times, strict=True):
        memory.add(text, when.strftime("%Y%m%d%H%M"), name)
    return memory


def ask_all(talks, memories):
    return by_category(
        talks[1],
        lambda q: [hit.id for hit in memories[q["conv"]].ask(q["question"], 10, linked=False)],
        (5, 10),
    )


def test_notes_of_every_turn_find_the_evidence_before_and_after_evolution(talks):
    before = {name: amem(talk, evolve=False) for name, talk in talks[0].items()}
    after = {name: amem(talk) for name, talk in talks[0].items()}
    assert sum(len(memory) for memory in after.values()) == 5882
    plain, evolved = ask_all(talks, before), ask_all(talks, after)
    say_recall("LoCoMo turns as notes, before evolution", plain)
    say_recall("LoCoMo turns as notes, after evolution", evolved)
    assert [(row.category, row.questions) for row in plain[:-1]] == [
        (1, 282),
        (2, 321),
        (3, 92),
        (4, 841),
        (5, 446),
    ]
    for found in (percent(plain), percent(evolved)):
        assert found[0][10] > 50 and found[2][10] > 60 and found[1][10] < 35
    # By rule, with word vectors, evolution neither helps nor hurts what is found.
    assert percent(evolved)[0][10] == pytest.approx(percent(plain)[0][10], abs=1.5)
    for memory in after.values():
        assert not memory.dangling_links()
        assert all(change.when == memory.store[change.cause].timestamp
                   for change in memory.store.ledger)  # fmt: skip
    assert sum(len(memory.store.ledger) for memory in after.values()) > 800


def test_notes_indexed_without_their_content_find_far_less(talks):
    quirk = Quirks(index_without_content=True)
    whole = {name: amem(talk, evolve=False) for name, talk in talks[0].items()}
    bare = {name: amem(talk, quirk, evolve=False) for name, talk in talks[0].items()}
    full, rest = ask_all(talks, whole), ask_all(talks, bare)
    say_recall("LoCoMo turns, indexed without content", rest)
    lost = percent(full)[0][10] - percent(rest)[0][10]
    assert lost > 8


def test_ready_made_notes_lead_to_the_turns_that_they_come_from(talks, shared_data):
    by_talk = defaultdict(list)
    for row in read(shared_data / "memory_graph", "locomo10_observations"):
        by_talk[row["conv"]].append(row)
    memories, sources = {}, {}
    for name, rows in by_talk.items():
        texts = [row["text"] for row in rows]
        tfidf = TfIdf(texts)
        memories[name] = AMem(tfidf.vectors, RuleAnalyst(tfidf), evolve=False)
        for i, text in enumerate(texts):
            memories[name].add(text, "202301010000", str(i))
        sources[name] = {str(i): row["evidence"] for i, row in enumerate(rows)}
    found = by_category(
        talks[1],
        lambda q: through(
            [hit.id for hit in memories[q["conv"]].ask(q["question"], 20)], sources[q["conv"]]
        ),
    )
    say_recall("LoCoMo observations as notes", found)
    assert percent(found)[0][10] > 45


def at_session_borders(surprise: Surprise, talk: Conversation, pooling) -> tuple[float, float]:
    """F1 within one turn of borders by surprise, and the mean of as many random borders."""
    per = per_text(surprise, pooling)
    level = threshold(per, 1.0, window=64, chunk=16, statistics="paper")
    opening = boundaries(per, level, min_event=4, max_event=64)
    control = random_control(talk.borders, len(per), len(opening), 1, draws=100)
    return boundary_f1(opening, talk.borders, 1).f1, float(control.mean())


@pytest.mark.slow
def test_the_language_model_is_surprised_as_sessions_begin(talks):
    found = []
    for place, talk in enumerate(talks[0].values()):
        surprise = model_surprise([text + "\n" for text in talk.texts])
        found.append(at_session_borders(surprise, talk, "opening"))
        if place > 1:
            continue
        # Between tokens, at EM-LLM's own settings, events are far more than sessions and hit
        # their borders no better than chance: they are no detector of sessions.
        opening = boundaries(surprise.nats, threshold(surprise.nats))
        given = surprise.starts[talk.borders]
        assert len(opening) > 20 * len(given)
        chance = random_control(given, len(surprise.nats), len(opening), 20, draws=20).mean()
        assert boundary_f1(opening, given, 20).f1 == pytest.approx(chance, abs=0.01)
    # A small model is a weak detector, and how weak depends on its weights: the sums of an n-gram
    # tell sessions better.
    f1, chance = np.mean(found, axis=0)
    say("session borders by the language model", F1=f"{f1:.3f}", chance=f"{chance:.3f}")
    assert sum(own > random for own, random in found) >= 7
    assert f1 > 1.25 * chance


def test_the_ngram_tells_sessions_by_the_sum_and_not_by_the_mean(talks):
    sums, means = [], []
    for talk in talks[0].values():
        surprise = ngram_surprise([words(text) for text in talk.texts])
        sums.append(at_session_borders(surprise, talk, "sum"))
        means.append(at_session_borders(surprise, talk, "mean"))
    f1, chance = np.mean(sums, axis=0)
    say("session borders by the n-gram's sums", F1=f"{f1:.3f}", chance=f"{chance:.3f}")
    assert f1 > 1.7 * chance
    # Greetings open each session alike, so an n-gram that learned the first is not surprised.
    f1, chance = np.mean(means, axis=0)
    say("session borders by the n-gram's means", F1=f"{f1:.3f}", chance=f"{chance:.3f}")
    assert f1 < chance


def test_refinement_pulls_random_borders_towards_sessions(talks):
    before, after = [], []
    for talk in talks[0].values():
        a = similarity(talk.rows)
        for draw in range(10):
            start = random_borders(len(a), len(talk.borders), 0, draw)
            moved = refine(start, a, "modularity", min_event=2)
            before.append(boundary_f1(start, talk.borders, 1).f1)
            after.append(boundary_f1(moved, talk.borders, 1).f1)
    say(
        "random borders, F1 to sessions",
        before=f"{np.mean(before):.3f}",
        refined=f"{np.mean(after):.3f}",
    )
    assert np.mean(after) > 1.3 * np.mean(before)


def dialogue_pieces(folder: Path) -> list[Piece]:
    return [
        Piece(f"{r['user']}_{r['date']}_{r['turn']}", date.fromisoformat(r["date"]), r["user"])
        for r in read(folder / "memory_graph", "memorybank_en_dialogs")
    ]


def test_ten_days_of_dialogues_fade_by_the_calendar(shared_data):
    pieces = dialogue_pieces(shared_data)
    assert len(pieces) == 566 and len({piece.group for piece in pieces}) == 15
    by_day = Counter(piece.day for piece in pieces)
    until = SIXTH + timedelta(days=10)
    # 0.3 is reached after 1.2 days on the paper's curve and after 6.02 on both others.
    for formula, lives in (("paper", 1), ("code", 6), ("corrected", 6)):
        found = timeline(pieces, (), until, formula, Threshold(0.3))
        for i, day in enumerate(found.days):
            living = sum(n for born, n in by_day.items() if 0 <= (day - born).days <= lives)
            assert found.alive[:, i].sum() == living
        lost = found.summary_lost()
        assert len(lost) == len({(piece.group, piece.day) for piece in pieces}) == 149
        assert all((gone - date.fromisoformat(day)).days == lives + 1
                   for (_, day), gone in lost.items())  # fmt: skip


def test_recalls_save_pieces_except_from_the_code(shared_data):
    pieces = dialogue_pieces(shared_data)
    chosen = np.arange(len(pieces)) % 5 == 0
    recalls = [Recall(SIXTH, piece.id) for piece in pieces[::5] for _ in range(2)]
    until = SIXTH + timedelta(days=10)
    alive = {
        formula: timeline(pieces, recalls, until, formula, Threshold(0.3)).alive
        for formula in FORMULAS
    }
    np.testing.assert_array_equal(alive["code"][~chosen], alive["corrected"][~chosen])
    sixth = (SIXTH - min(piece.day for piece in pieces)).days
    np.testing.assert_array_equal(alive["code"][:, : sixth + 1], alive["corrected"][:, : sixth + 1])
    there = alive["corrected"][chosen][:, sixth].sum()
    assert alive["corrected"][chosen][:, -1].sum() == there == 73
    # exp(-3 t / 5) is under 0.3 from the third day on: what was recalled goes before the rest.
    assert alive["code"][chosen][:, sixth + 2].sum() == there
    assert (
        alive["code"][chosen][:, sixth + 3].sum() == 0 < alive["code"][~chosen][:, sixth + 3].sum()
    )


def test_after_months_of_talk_little_evidence_is_left(talks):
    recall, alive = {}, {}
    for formula, mode in (
        ("none", None),
        ("paper", Threshold(0.3)),
        ("code", Threshold(0.3)),
        ("corrected", Threshold(0.3)),
        ("seeded", Chance(0)),
    ):
        banks, days = {}, {}
        for name, talk in talks[0].items():
            chunks = [
                Chunk(turn, text, when.date(), f"S{session}")
                for turn, text, when, session in zip(
                    talk.names, talk.texts, talk.times, talk.sessions, strict=True
                )
            ]
            known = formula if formula in FORMULAS else "corrected"
            banks[name] = MemoryBank(chunks, talk.rows, formula=known, mode=mode)
            days[name] = max(chunk.day for chunk in chunks)
            for day in sorted({chunk.day for chunk in chunks}) if mode else ():
                banks[name].load(day)

        def rank(q, banks=banks, days=days):
            row = talks[0][q["conv"]].tfidf.vectors([q["question"]])[0]
            return [name for name, _ in banks[q["conv"]].rank(row, days[q["conv"]])[:10]]

        recall[formula] = percent(by_category(talks[1], rank))[0][10]
        alive[formula] = np.mean([bank.fading.alive.mean() for bank in banks.values()])
    say("LoCoMo recall@10 after forgetting", **{k: f"{v:.1f}" for k, v in recall.items()})
    say("LoCoMo share of turns left", **{k: f"{v:.3f}" for k, v in alive.items()})
    assert recall["none"] > 50 and alive["none"] == 1
    assert recall["code"] == recall["corrected"], "they differ by recalls only"
    assert recall["paper"] < recall["seeded"] < recall["corrected"] < 12
    assert alive["paper"] < alive["seeded"] < alive["corrected"] < 0.12


@pytest.mark.parametrize("buckets", [8, 16, 32, 64])
def test_a_bucket_holds_more_of_the_nearest_than_of_all(shared_data, buckets):
    with np.load(shared_data / "memory_graph" / "musique_train100_minilm_embeddings.npz") as arrays:
        passages, questions = arrays["passages"], arrays["questions"]
    hashing = CrossPolytope(384, buckets, seed=0)
    found = bucket_recall(hashing, passages, questions, k=10, probes=8)
    say(
        f"{buckets} buckets, 1 and 4 probes",
        recall=found.recall[[0, 3]].round(3),
        scanned=found.scanned[[0, 3]].round(3),
    )
    assert (found.recall >= found.scanned).all() and (np.diff(found.recall) > 0).all()
    assert found.recall[0] > 1.8 * found.scanned[0]
    assert found.recall[0] < 0.5, "one bucket misses most of what a full scan finds"
    occupied = np.bincount(hashing.bucket(passages), minlength=buckets)
    assert occupied.sum() == 1890 and occupied.max() > 2 * occupied.min()


def test_a_store_that_knows_only_sessions_loses_the_near_order(talks):
    near, far = [], []
    for talk in list(talks[0].values())[:3]:
        starts = np.cumsum([0, *(len(text.split()) for text in talk.texts)])[:-1]
        spoken = [word for text in talk.texts for word in text.split()][:10_000]
        pairs = build_pairs(spoken, 20, starts=[int(s) for s in starts if s < 10_000])

        def embed(text, talk=talk):
            return talk.tfidf.vectors([text])[0]

        turn = probe(RetrievalOrder(talk.rows, np.arange(len(talk.rows)), embed), pairs)
        session = probe(RetrievalOrder(talk.rows, np.array(talk.sessions), embed), pairs)
        say(
            "SORT, nearest bin and all",
            turns=f"{turn[1].accuracy:.3f} {turn[0].accuracy:.3f}",
            sessions=f"{session[1].accuracy:.3f} {session[0].accuracy:.3f}",
        )
        assert turn[0].accuracy > 0.97
        near.append(turn[1].accuracy - session[1].accuracy)
        far.append(turn[4].accuracy - session[4].accuracy)
    assert min(near) > 0.04 and max(far) == 0
