"""A memory of A-MEM as rows: nothing is lost, and what does not fit is named."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.memory_graph.living.amem import GENERAL_REPOSITORY, PAPER, PAPER_REPOSITORY, AMem
from engine.labs.memory_graph.living.amem_records import from_records, to_records
from engine.labs.memory_graph.living.analyst import RuleAnalyst
from engine.labs.memory_graph.living.word_diff import word_diff
from engine.labs.memory_graph.living.words import TfIdf
from tests.unit.test_living_notes import TEXTS

TFIDF = TfIdf(TEXTS)
ANALYST = RuleAnalyst(TFIDF, link_cosine=0.1, merge_cosine=0.3)
MORE = "Ada saw the bakery of Genoa on the corner."


def memory(**settings) -> AMem:
    found = AMem(TFIDF.vectors, ANALYST, **settings)
    for day, text in enumerate(TEXTS, start=1):
        found.add(text, f"202401{day:02}0900")
    found.ask("rye bread", 2, when="202401060900")
    return found


def through_json(found: AMem) -> list[dict]:
    return [json.loads(json.dumps(row)) for row in to_records(found)]


@pytest.mark.parametrize("quirks", [PAPER, PAPER_REPOSITORY, GENERAL_REPOSITORY])
@pytest.mark.parametrize("every", [2, 100])
def test_a_resumed_memory_is_the_same_and_grows_on_the_same(quirks, every) -> None:
    first = memory(quirks=quirks, evo_threshold=every, neighbours=3)
    again = from_records(through_json(first), TFIDF.vectors, ANALYST)
    assert first.store.ledger, "nothing changed: the test would show nothing"
    for _ in range(2):
        assert list(again.store) == list(first.store)
        assert again.store.ledger == first.store.ledger
        assert all(again.store.history(n) == first.store.history(n) for n in first.store.ids)
        assert np.array_equal(again.index, first.index)
        assert (again.stale, again.evolutions, again.rebuilds, again.quirks) == (
            first.stale, first.evolutions, first.rebuilds, first.quirks,
        )  # fmt: skip
        assert again.ask("bread in Genoa", 3) == first.ask("bread in Genoa", 3)
        for one in (first, again):
            one.add(MORE, "202401070900", f"m{len(one)}")
        first.rebuild()
        again.rebuild()
    assert again.store.at(3) == first.store.at(3)


def test_stale_vectors_are_kept_and_not_computed_anew() -> None:
    first = memory()
    assert first.stale
    again = from_records(through_json(first), lambda texts: pytest.fail("embedded"), ANALYST)
    assert np.array_equal(again.index, first.index)


def test_an_empty_memory_is_a_memory() -> None:
    first = AMem(TFIDF.vectors, ANALYST)
    again = from_records(through_json(first), TFIDF.vectors, ANALYST)
    assert len(again) == 0
    again.add(TEXTS[0], "202401010900")
    assert again.ask("harbour", 1)[0].id == "n0"


def spoilt(number: int, change) -> list[dict]:
    rows = through_json(memory())
    change(rows[number - 1])
    return rows


LARGE = base64.b64encode(zlib.compress(bytes(10_000_000))).decode()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "row 1.*kind"),
        ([{"kind": "a-mem", "version": 2}], "only version 1"),
        (spoilt(1, lambda r: r.update(width=-1)), "width"),
        (spoilt(1, lambda r: r.update(neighbours=0)), "neighbours"),
        (spoilt(1, lambda r: r.update(quirks={"mood": True})), "quirks"),
        (spoilt(1, lambda r: r.update(stale=["lost"])), "stale"),
        (spoilt(1, lambda r: r.update(evolutions="many")), "evolutions"),
        (spoilt(3, lambda r: r.update(vector="!")), "row 3.*cannot be read"),
        (spoilt(3, lambda r: r.update(vector=LARGE)), "row 3.*must hold"),
        (spoilt(3, lambda r: r.pop("vector")), "row 3"),
        (spoilt(3, lambda r: r.update(note=7)), "row 3.*object"),
        (spoilt(3, lambda r: r["note"].update(id="n0")), "id.*already"),
        (spoilt(7, lambda r: r["change"].pop("cause")), "row 7.*cause"),
        (spoilt(7, lambda r: r["change"].update(note="lost")), "lost"),
    ],
)
def test_what_does_not_fit_is_named(rows, words) -> None:
    with pytest.raises(BadInput, match=words):
        from_records(rows, TFIDF.vectors, ANALYST)


WORDS = st.lists(st.sampled_from(["a", "b", "<script>", "É", "c."]), max_size=12)


def words_of(parts, signs: str) -> list[str]:
    return [word for part in parts if part.sign in signs for word in part.text.split()]


@given(WORDS, WORDS)
def test_a_difference_holds_both_texts(before, after) -> None:
    parts = word_diff(" ".join(before), " ".join(after))
    assert words_of(parts, "=-") == before
    assert words_of(parts, "=+") == after
    assert (before == after) == all(part.sign == "=" for part in parts)


def test_lists_differ_by_whole_items() -> None:
    parts = word_diff(["deep thistle", "bog"], ["deep thistle", "bog life", "rain"])
    assert [tuple(part) for part in parts] == [
        ("=", "deep thistle"), ("-", "bog"), ("+", "bog life, rain"),
    ]  # fmt: skip
    assert word_diff("", "") == [] and word_diff([], []) == []
