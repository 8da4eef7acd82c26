"""A season of forgetting: days worked out by hand, the same lives as one by one, honest chance."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core import BadInput, Result
from engine.labs.memory_graph import fade
from engine.labs.memory_graph import timeline as season
from engine.labs.memory_graph.config import ForgettingConfig
from engine.labs.memory_graph.living.forgetting import FORMULAS, Piece, Recall, Threshold, timeline
from engine.labs.memory_graph.living.memorybank import Chunk, MemoryBank, reachable

PAPER, CODE, CORRECTED = range(3)
NOTES = [
    {"id": "a", "when": "2024-05-01", "text": "Anna plants a red maple in the yard."},
    {"id": "b", "when": "2 May, 2024", "text": "The red maple of Anna has new leaves."},
    {"id": "c", "when": "2024-05-04", "text": "Berta mends the boiler in the cellar."},
    {"id": "d", "when": "no day", "text": "A recipe for soup, undated."},
]
ASKED = [
    {"question": "Who mends the boiler?", "gold": ["c"], "answer": "Berta"},
    {"question": "Which maple does Anna plant?", "gold": ["a"], "answer": "a red one"},
    {"question": "What is in the soup?", "gold": ["d"]},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def reader(notes: list[dict[str, Any]], asked: list[dict[str, Any]]) -> Callable[..., bytes]:
    files = {"input:notes": lines(notes), "input:asked": lines(asked)}
    return lambda value, _: files[value]


def play(
    notes: list[dict[str, Any]] = NOTES, asked: list[dict[str, Any]] = ASKED, **settings: Any
) -> Result:
    settings = {"corpus": "input:notes", "questions": "input:asked" if asked else "", **settings}
    return season.forgetting(ForgettingConfig.build(settings), reader(notes, asked))


@cache
def diary(**settings: Any) -> Result:
    return season.forgetting(ForgettingConfig.build(settings), lambda value, _: b"")


def test_days_worked_out_by_hand_where_nothing_is_recalled() -> None:
    found = play(recalled_by="nothing", days_after=10)
    assert found.notes["first"] == "2024-05-01" and found.number("days") == 14
    assert found.array("born").tolist() == [0, 1, 3]
    # exp(-2) is the first below 0.3 by the paper, exp(-7/5) with the 5 of the code.
    assert found.array("gone").tolist() == [[2, 3, 5], [7, 8, 10], [7, 8, 10]]
    assert found.array("alive")[PAPER, 0].tolist() == [1, 2, 1, 1, 1] + 9 * [0]
    assert found.array("retention")[CODE, 5, 0] == pytest.approx(np.exp(-1), abs=1e-3)
    assert found.array("retention")[CODE, 7, 0] == 0


def test_an_entry_recalls_what_is_like_it_and_only_what_was_written_before() -> None:
    found = play(asked=[], recalled_by="entries", found_k=1)
    events = {tuple(event) for event in found.array("recall").tolist()}
    # b recalls a on day 1; c shares "the" with both, if at all, and a stop word is no likeness.
    assert {(formula, 0, 1) for formula in range(3)} <= events
    assert all(day > found.array("born")[memory] for _, memory, day in events)
    assert found.array("gone")[CODE, 0] < found.array("gone")[CORRECTED, 0]


def test_an_undated_passage_is_left_out_and_said() -> None:
    found = play()
    assert found.number("memories") == 3 and found.notes["undated"] == 1
    assert any("1 passages have no date" in said for said in found.notes["notices"])
    assert [probe["question"] for probe in found.notes["probes"]] == [
        "Who mends the boiler?",
        "Which maple does Anna plant?",
    ]


def test_a_memory_without_dates_gets_one_sentence() -> None:
    with pytest.raises(BadInput, match=r"corpus: none of its 1 passages has a date"):
        play(notes=NOTES[3:], asked=[])


def test_a_time_that_is_too_long_names_what_can_be_played() -> None:
    notes = [{"id": "a", "when": "0001-01-01", "text": "x"}, {**NOTES[0], "id": "z"}]
    with pytest.raises(BadInput, match=r"corpus: .* at most 36,525 days"):
        play(notes=notes, asked=[])


@pytest.mark.parametrize("by", ["entries", "questions"])
def test_the_season_is_that_of_each_formula_alone(by: str) -> None:
    """The lockstep of all states against the plain timeline, fed with the recalls of one."""
    found = diary(recalled_by=by, asked_per_day=2)
    first = date.fromisoformat(found.notes["first"])
    days = [first + timedelta(days=int(born)) for born in found.array("born")]
    pieces = [Piece(str(i), day) for i, day in enumerate(days)]
    events, counts = found.array("recall"), found.array("recall_count")
    for index, formula in enumerate(FORMULAS):
        recalls = [
            Recall(first + timedelta(days=int(day)), str(memory))
            for (kind, memory, day), count in zip(events.tolist(), counts, strict=True)
            if kind == index
            for _ in range(int(count))
        ]
        last = first + timedelta(days=int(found.number("days")) - 1)
        alone = timeline(pieces, recalls, last, formula, Threshold(0.3))
        assert found.array("alive")[index, 0].tolist() == alone.alive.sum(axis=0).tolist()
        kept = np.where(alone.alive, alone.retention, 0).T
        assert found.array("retention")[index] == pytest.approx(kept, abs=1e-3)


def test_without_recalls_code_and_corrected_are_the_same_and_the_paper_is_shorter() -> None:
    alive = diary(recalled_by="nothing").array("alive")
    assert np.array_equal(alive[CODE], alive[CORRECTED])
    assert alive[PAPER].sum() < alive[CODE].sum()


def test_probes_are_found_as_memorybank_finds_them() -> None:
    generator = np.random.default_rng(5)
    notes = [{"id": i, "when": f"2024-05-{1 + i // 2:02}", "text": f"note {i}"} for i in range(30)]
    asked = [{"question": f"question {i}", "gold": [3 * i, 3 * i + 1]} for i in range(10)]
    rows, questions = (generator.normal(size=(n, 8)).astype(np.float32) for n in (30, 10))
    packed = _npz(passages=rows, questions=questions)
    files = {"input:n": lines(notes), "input:q": lines(asked), "input:v": packed}
    config = ForgettingConfig.build(
        corpus="input:n", questions="input:q", vectors="input:v", recalled_by="nothing", found_k=4
    )
    found = season.forgetting(config, lambda value, _: files[value])
    assert found.notes["closeness"] == "sentence vectors"
    days = [date(2024, 5, 1 + i // 2) for i in range(30)]
    for index, formula in enumerate(FORMULAS):
        chunks = [Chunk(str(i), f"note {i}", day, "") for i, day in enumerate(days)]
        bank = MemoryBank(chunks, rows, formula=formula, mode=Threshold(0.3), k=4)
        wanted = [{str(3 * i), str(3 * i + 1)} for i in range(10)]
        last = days[0] + timedelta(days=int(found.number("days")) - 1)
        _, expected = reachable(bank, questions, wanted, last)
        # A cosine of zero or less finds nothing here; the bank takes whatever is nearest.
        cosines = questions @ rows.T
        positive = np.array([(cosines[i, [3 * i, 3 * i + 1]] > 0).all() for i in range(10)])
        assert positive.sum() >= 2
        assert np.array_equal(found.array("found")[index, positive], expected[positive])


def test_all_evidence_is_harder_to_hold_than_any() -> None:
    any_, all_ = (diary(evidence=kind).array("found").sum() for kind in ("any", "all"))
    assert 0 < all_ < any_


def test_an_own_question_wants_what_it_finds_unforgotten() -> None:
    found = play(ask="Anna's maple")
    own = found.notes["probes"][0]
    assert own["made"] and sorted(own["wanted"]) == [0, 1]
    assert found.array("found_whole")[0].tolist() == [1] * int(found.number("days"))
    with pytest.raises(BadInput, match="ask: shares no word"):
        play(ask="xylophone")


def test_a_question_finds_nothing_of_another_conversation() -> None:
    turns = [
        {"conv": c, "dia_id": "D1:1", "datetime": f"1:00 pm on {d} May, 2023", "speaker": s,
         "text": "I keep bees on the roof."}
        for c, d, s in (("x", 1, "Ann"), ("y", 2, "Bob"))
    ]  # fmt: skip
    asked = [{"conv": "x", "question": "Who keeps bees?", "evidence": ["D1:1"]}]
    found = play(notes=turns, asked=asked, found_k=1, recalled_by="entries")
    # The same words of Bob a day later neither recall Ann's nor push them out.
    assert not len(found.array("recall"))
    assert found.array("found_whole")[0].all()


def test_chance_is_seeded_and_its_draws_are_paired() -> None:
    first = diary(forget_by="chance", draws=5)
    again = season.forgetting(ForgettingConfig(forget_by="chance", draws=5), lambda value, _: b"")
    for name, field in first.fields.items():
        assert np.array_equal(field.array, again.array(name)), name
    other = diary(forget_by="chance", draws=5, seed=1)
    assert not np.array_equal(first.array("alive"), other.array("alive"))
    nothing = diary(forget_by="chance", draws=5, recalled_by="nothing").array("alive")
    assert np.array_equal(nothing[CODE], nothing[CORRECTED])  # the same luck under both


@pytest.mark.parametrize("every_load", [False, True])
def test_the_share_that_chance_leaves_follows_the_curve(every_load: bool) -> None:
    many = [{"id": i, "when": "2024-05-01", "text": f"note {i}"} for i in range(150)]
    found = play(
        notes=many, asked=[], forget_by="chance", draws=20, recalled_by="nothing",
        days_after=6, every_load=every_load,
    )  # fmt: skip
    days = np.arange(7)
    kept = np.exp(-days / 5)
    expected = np.cumprod(kept) if every_load else kept
    share = found.array("alive")[CORRECTED].sum(axis=0) / (150 * 20)
    spread = np.sqrt(expected * (1 - expected) / (150 * 20))
    assert (np.abs(share - expected) <= 4.5 * spread + 1e-12).all()
    there = found.array("there")[CORRECTED].astype(np.float64).mean(axis=1)
    assert there == pytest.approx(share, abs=1e-3)
    low, middle, high = (
        found.array(name)[CORRECTED] for name in ("retention_low", "retention", "retention_high")
    )
    assert (low <= middle).all() and (middle <= high).all()


def test_the_median_day_of_a_loss_is_that_of_half_of_the_draws() -> None:
    gone = np.array([[[3, -1], [5, -1], [-1, 4]]], dtype=np.int32)
    assert season._median_day(gone).tolist() == [[5, -1]]


def test_more_draws_than_can_be_played_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fade, "MAX_PLAYED", 14 * 3 * 9)
    with pytest.raises(BadInput, match="draws: must be at most 9 for 3 memories and 14 days"):
        play(forget_by="chance", draws=10, days_after=10)
    assert play(forget_by="chance", draws=9, days_after=10).number("draws") == 9


def test_a_large_memory_shows_a_part_with_the_gold_and_counts_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(season, "SHOWN", 40)
    monkeypatch.setattr(season, "CELLS", 4000)
    part = season.forgetting(ForgettingConfig(probes=5), lambda value, _: b"")
    whole = season.forgetting(ForgettingConfig(probes=5), lambda value, _: b"")
    assert part.number("shown") == 40 and part.number("questions") == 52
    assert len(part.notes["probes"]) == 5
    assert all(probe["wanted"] for probe in part.notes["probes"])
    assert len(part.array("frame")) <= 102 and part.array("frame")[-1] == part.number("days") - 1
    assert part["retention"].array.shape == (3, len(part.array("frame")), 40)
    assert np.array_equal(part.array("alive"), diary().array("alive"))
    assert np.array_equal(part.array("xy"), whole.array("xy"))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("corpus", "questions", "memories", "days"),
    [
        ("memorybank_en_dialogs", "", 1132, 40),
        ("locomo10_turns", "locomo10_qa", 5882, 752),
    ],
)
def test_the_dated_dialogues_of_others_can_be_played(
    corpus: str, questions: str, memories: int, days: int, shared_data: Path
) -> None:
    folder = shared_data / "memory_graph"
    files = {"input:c": corpus, "input:q": questions}
    config = ForgettingConfig.build(
        corpus="input:c",
        questions="input:q" if questions else "",
        keep_rest=True,
        probes=20,
        recalled_by="questions" if questions else "entries",
    )
    found = season.forgetting(
        config, lambda value, _: (folder / f"{files[value]}.jsonl.gz").read_bytes()
    )
    assert found.number("memories") == memories and found.number("days") == days
    assert found.number("mean_alive_code") < found.number("mean_alive_corrected")


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
