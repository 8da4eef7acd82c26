"""Retrievers and memories asked the same questions, on conversations small enough to check."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli import _dispatch
from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import contest_room, run
from engine.labs.memory_graph.config import ContestConfig, EvaluateConfig, ForgettingConfig
from engine.labs.memory_graph.contest import NAMES, PAIRS
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.dated import dated
from engine.labs.memory_graph.fade import live
from engine.labs.memory_graph.living import contestants as living
from engine.labs.memory_graph.living.checks import unit_rows
from engine.labs.memory_graph.living.forgetting import FORMULAS, Formula
from engine.labs.memory_graph.living.talk import Talk, talks
from engine.labs.memory_graph.loading import load
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.views import memories as view
from tests.memory_corpora import write_lines

DAYS = ("8 May, 2023", "9 May, 2023", "20 June, 2023")
SAID = {
    "one": ["Hello Ann, how are you?", "My tortoise Pontus ate the gazette.",
            "I bought a velvet kayak in Ghent.", "Shall we meet on the pier?",
            "The kayak leaks, what a pity.", "Rain again, as every June."],
    "two": ["Good morning Ann!", "The pier was closed for repairs.",
            "My brother plays the theremin.", "A theremin is played without touch.",
            "He learned it in Bruges.", "We sold the old piano."],
}  # fmt: skip
ASKED = [
    ("one", "What did the tortoise eat?", 4, "single-hop", ["D1:2"]),
    ("one", "Where was the kayak bought, and what is wrong with it?", 1, "multi-hop",
     ["D1:3", "D1:5"]),
    ("two", "Which instrument is played without touch?", 4, "single-hop", ["D1:4"]),
]  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    turns = [
        {"conv": conv, "session": 1, "datetime": f"1:56 pm on {DAYS[i // 2]}",
         "dia_id": f"D1:{i + 1}", "speaker": ("Ann", "Ben")[i % 2], "text": text}
        for conv, texts in SAID.items()
        for i, text in enumerate(texts)
    ]  # fmt: skip
    questions = [
        {"conv": conv, "question": text, "category": number, "category_name": name,
         "evidence": evidence}
        for conv, text, number, name, evidence in ASKED
    ]  # fmt: skip
    notes = [
        {"conv": "one", "text": "Ann has a tortoise that eats newspapers.", "evidence": ["D1:2"]},
        {"conv": "one", "text": "The kayak from Ghent leaks.", "evidence": ["D1:3", "D1:5"]},
        {"conv": "two", "text": "Ann's brother plays the theremin.", "evidence": ["D1:3, D1:4"]},
    ]
    return {
        "corpus": str(write_lines(tmp_path / "turns.jsonl", turns)),
        "questions": str(write_lines(tmp_path / "qa.jsonl.gz", questions)),
        "observations": str(write_lines(tmp_path / "notes.jsonl", notes)),
    }


@cache
def diary() -> Result:
    return run.memories(ContestConfig(), QuietContext())


def start(**values: Any) -> Result:
    read = {name: Path(path).read_bytes() for name, path in values.items() if name in FILES}
    config = ContestConfig.build({**values, **{name: f"input:{name}" for name in read}})
    return run.memories(config, QuietContext(lambda value: read[value.removeprefix("input:")]))


def no_files(value: str, field: str) -> bytes:
    raise AssertionError(f"{field} {value} is not shipped")


FILES = ("corpus", "questions", "observations")


def test_everybody_is_asked_and_results_go_by_the_number_of_the_data(files) -> None:
    found = start(**files)
    assert found.notes["methods"] == [name for name in NAMES if name != "dense"]
    assert found.notes["absent"] == [
        "Dense is left out: this corpus came without sentence vectors."
    ]
    assert [(c["number"], c["name"]) for c in found.notes["categories"]] == [
        (0, "all"), (1, "multi-hop"), (4, "single-hop"),
    ]  # fmt: skip
    assert found.array("questions").tolist() == [3, 1, 2]
    assert found.metrics["conversations"] == 2 and found.metrics["notes"] == 12
    # A conversation has six turns: whoever forgets nothing and looks everywhere finds all in ten.
    at = found.notes["methods"].index
    for name in ("bm25", "tfidf", "hipporag", "mix", "amem", "bank", "buckets-all", "events"):
        assert (found.array("recall")[at(name), :, 1] == 100).all(), name
    assert (found.array("recall")[at("observations"), :, 0] == 100).all()


def test_means_intervals_and_differences_agree_with_the_questions() -> None:
    found = diary()
    single, recall = found.array("by_question"), found.array("recall")
    low, high = np.moveaxis(found.array("interval"), -1, 0)
    np.testing.assert_allclose(single.mean(axis=1), recall[:, 0], atol=1e-4)
    sizes = found.array("questions")[1:]
    np.testing.assert_allclose((recall[:, 1:] * sizes[:, None]).sum(1) / sizes.sum(), recall[:, 0],
                               atol=1e-3)  # fmt: skip
    assert (low <= recall + 1e-4).all() and (recall <= high + 1e-4).all() and (low < high).any()
    methods = found.notes["methods"]
    assert [tuple(pair[:2]) for pair in found.notes["pairs"]] == [pair[:2] for pair in PAIRS]
    for i, (before, after, _) in enumerate(found.notes["pairs"]):
        gap = recall[methods.index(after)] - recall[methods.index(before)]
        np.testing.assert_allclose(found.array("difference")[i], gap, atol=1e-4)
    low, high = np.moveaxis(found.array("difference_interval"), -1, 0)
    assert (low <= found.array("difference") + 1e-4).all()
    assert (found.array("difference") <= high + 1e-4).all()


@pytest.mark.parametrize("method", ["bm25", "tfidf", "hipporag", "hipporag2", "mix"])
def test_a_retriever_finds_what_its_evaluation_says(method: str) -> None:
    alone = run.evaluate(EvaluateConfig.build(method=method), QuietContext())
    for k in (5, 10):
        assert diary().metrics[f"{method} recall@{k}"] == pytest.approx(
            alone.metrics[f"recall@{k}"], abs=1e-4
        )


def test_all_buckets_are_the_plain_scan_and_fewer_find_less() -> None:
    found = diary().metrics
    assert found["buckets-all recall@5"] == found["bank recall@5"]
    many, few, one = (found[f"buckets-{which} recall@10"] for which in ("all", "n", "1"))
    assert one < few < many


def test_forgetting_takes_what_is_old_and_more_of_it_as_days_pass(files) -> None:
    def alive(**values: Any) -> dict[str, float]:
        found = start(**files, **values)
        return dict(zip(found.notes["methods"], found.array("alive").tolist(), strict=True))

    now, later = alive(bank_recalled_by="nothing"), alive(days_later=30)
    # Two of six turns are of the last day; the others are over six weeks old.
    assert now["bank"] == 1
    assert now["bank-paper"] == now["bank-code"] == now["bank-corrected"] == pytest.approx(1 / 3)
    assert later["bank-corrected"] == 0 and later["bank"] == 1
    week = alive(days_later=2, bank_recalled_by="nothing")
    assert week["bank-paper"] == 0 and week["bank-corrected"] == pytest.approx(1 / 3)
    assert alive(least_retention=0.0)["bank-paper"] == 1


def test_a_recall_keeps_a_note_by_the_corrected_formula_and_costs_it_by_the_code() -> None:
    """The notes of the second day recall the first note of the day before, so that S = 3."""
    said = {"2025-03-01": ["The velvet kayak is new.", "Rain all night."],
            "2025-03-02": ["The velvet kayak leaks.", "A velvet kayak again."],
            "2025-03-09": ["Nothing else happened."]}  # fmt: skip
    talk = talks([Passage("", text, when=day) for day, own in said.items() for text in own])[""]

    def left(formula: Formula, by: str, days_later: int = 0) -> set[int]:
        config = ContestConfig.build({"bank_recalled_by": by, "days_later": days_later})
        bank = living.memory_bank(talk, config, formula)
        assert bank is not None
        there = set(bank.ask(Question("velvet kayak"), 5))
        assert bank.alive == len(there) / 5
        return there

    # Seven days on: exp(-7/5) < 0.3 < exp(-7/15), as S = 1 and S = 3.
    for formula in FORMULAS:
        assert left(formula, "nothing") == {4}, formula
    assert left("corrected", "entries") == {0, 4}
    assert left("paper", "entries") == left("code", "entries") == {4}
    # exp(-t/15) falls below 0.3 on day 19 after the recall, the last note's exp(-t/5) on day 7.
    assert left("corrected", "entries", 11) == {0}
    assert left("corrected", "entries", 12) == set()


def test_a_bank_lives_through_its_days_as_the_season_of_the_forgetting_view_does() -> None:
    """Two implementations, one schedule; the bank's own cosines are given to both."""
    loaded = load(ForgettingConfig(), no_files)
    (talk,) = talks(list(loaded.corpus.passages)).values()
    memories = dated(talk.passages, 1)
    rows = unit_rows(talk.rows)[memories.place]

    def asked(day: int) -> list[np.ndarray]:
        return [rows @ rows[i] for i in np.flatnonzero(memories.born == day)]

    none = np.zeros(0, dtype=np.int64)
    season = live(ForgettingConfig(), memories, asked, [], none, none)
    shares = season.alive[:, 0, -2] / len(memories)
    for formula, share in zip(FORMULAS, shares, strict=True):
        bank = living.memory_bank(talk, ContestConfig(), formula)
        assert bank is not None and bank.alive == pytest.approx(share), formula
    assert shares[FORMULAS.index("code")] < shares[FORMULAS.index("corrected")] / 5


def test_who_cannot_take_part_is_named(files, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in Path(files["corpus"]).read_text().splitlines()]
    undated = write_lines(tmp_path / "undated.jsonl", [{**row, "datetime": ""} for row in lines])
    found = start(corpus=str(undated), questions=files["questions"])
    assert not {"bank", "bank-paper", "observations"} & set(found.notes["methods"])
    assert "MemoryBank is left out: not every note has a date." in found.notes["absent"]
    one = [json.loads(line) for line in Path(files["observations"]).read_text().splitlines()][:2]
    some = write_lines(tmp_path / "some.jsonl", one)
    found = start(**{**files, "observations": str(some)})
    assert "observations" not in found.notes["methods"]
    assert any("not every conversation" in sentence for sentence in found.notes["absent"])


def test_what_cannot_be_compared_is_refused_by_name(files, tmp_path, monkeypatch) -> None:
    with pytest.raises(BadInput) as refused:
        start(corpus=files["corpus"])
    assert refused.value.field == "questions"
    for line in ({"text": "x", "evidence": []}, {"text": "x", "conv": "one", "evidence": ["D9:9"]},
                 {"text": " ", "conv": "one", "evidence": ["D1:1"]}):  # fmt: skip
        bad = write_lines(tmp_path / "bad.jsonl", [line])
        with pytest.raises(BadInput, match="line 1") as refused:
            start(**{**files, "observations": str(bad)})
        assert refused.value.field == "observations"
    monkeypatch.setattr(contest_room, "MOST_NOTES", 5)
    with pytest.raises(BadInput, match=r"at most 5 .* \(got 6 notes") as refused:
        start(**files)
    assert refused.value.field == "corpus"
    with pytest.raises(BadInput, match="buckets"):
        ContestConfig.build(buckets=7)


def test_nobody_gets_more_places_than_the_others() -> None:
    seen = ("heron", "otter", "kayak", "lamp", "heron", "lantern", "mast")
    texts = [f"The {word} stood by the harbour wall." for word in seen]
    talk = talks([Passage("", text, when="2025-01-01") for text in texts])[""]
    config = ContestConfig(longest_event=3)
    evolved = living.of_notes(living.described(talk, evolve=True), linked=True)
    everybody = [
        evolved,
        living.stored(talk, None),
        living.of_observations(["herons", "herons and otters"], [[0, 4], [0, 1, 4]]),
        living.memory_bank(talk, config, None),
        living.thought_buckets(talk, config, 16),
        living.events(talk, config, 0.0),
        living.events(talk, config, 0.3),
    ]
    for one in everybody:
        assert one is not None
        for k in (1, 3, 5):
            places = one.ask(Question("Where did the heron stand?"), k)
            assert len(places) == len(set(places)) <= k
            assert set(places) <= set(range(7))
        assert set(one.ask(Question("Where did the heron stand?"), 2)) & {0, 4}
        one.close()


def test_contiguity_reads_the_notes_right_behind_and_before() -> None:
    assert living._around([(3, 5)], 10) == [5, 2, 6, 1]
    assert living._around([(0, 1)], 10) == [1]
    talk = Talk.of([f"plain words number {i}" for i in range(9)])
    spans = talk.events(2)
    assert spans[0][0] == 0 and spans[-1][1] == 9
    assert all(1 <= end - start <= 2 for start, end in spans)
    assert [a for a, _ in spans[1:]] == [b for _, b in spans[:-1]]


def test_the_command_tells_every_method_by_category(files) -> None:
    options = [word for name in FILES for word in (f"--{name}", files[name])]
    answer = _dispatch(["memory_graph", "memories", *options, "--no-store"], True)
    json.dumps(answer, allow_nan=False)
    assert [c["questions"] for c in answer["categories"]] == [3, 1, 2]
    assert len(answer["methods"]["bm25"]["recall@5"]["recall"]) == 3
    assert answer["methods"]["observations"]["recall@10"]["interval"][0] == [100, 100]
    with pytest.raises(BadInput) as refused:
        _dispatch(["memory_graph", "memories", "--observations", "/nowhere", "--no-store"], True)
    assert refused.value.field == "observations"


def test_a_page_opens_no_file_of_its_machine(files) -> None:
    with pytest.raises(BadInput) as refused:
        ContestConfig.build(observations=files["observations"]).admit(local=False)
    assert refused.value.field == "observations"
    ContestConfig(observations="input:0123").admit(local=False)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_has_titles_units_and_a_finding(theme: str) -> None:
    palette, found = Palette.of(theme), diary()
    for figure in (
        view.draw_methods(found, palette, category=1, cutoff=0),
        view.draw_changes(found, palette, category=0, cutoff=1),
        view.draw_table(found, palette, cutoff=0),
    ):
        assert check_axes(figure) == []
        assert figure.layout.meta["alt"]


def test_words_follow_the_numbers() -> None:
    found = diary()
    told = view.describe_changes(found, 0, 0)
    lost = [found.number(f"bank-{f} recall@5") - found.number("bank recall@5") for f in FORMULAS]
    for formula, points in zip(FORMULAS, lost, strict=True):
        assert points < -40 and f"Forgetting: {formula} {points:+.1f}" in told
    assert "1 bucket only -" in told
    assert "Not told apart from no change: A-MEM: evolution" in told
    best = view.describe_methods(found, 0, 0)
    values = found.array("recall")[:, 0, 0]
    assert best.startswith(found.notes["titles"][int(values.argmax())])
    assert f"{values.max():.1f} %" in best
    table = view.recall_table(found)
    assert len(table["method"]) == found.array("recall").size
    assert len(set(map(len, table.values()))) == 1


def test_the_experiment_is_registered_with_its_command() -> None:
    lab = get_lab("memory_graph")
    assert lab.experiment("memories").config is ContestConfig
    assert "memories" in lab.commands
