"""JSON out of replies, whatever stands around it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.labs.memory_graph.language.openie import read_passage
from engine.labs.memory_graph.language.reading import find_object, texts
from tests.language_chats import Scripted

WANTED = {"names": ["Ada Marsh", "1871"]}
JSON = '{"names": ["Ada Marsh", "1871"]}'


@pytest.mark.parametrize(
    "reply",
    [
        JSON,
        f"```json\n{JSON}\n```",
        f"```\n{JSON}\n```\nLet me know if you need more {{details}}!",
        f"Sure! Here are the names [as asked]:\n\n{JSON} Hope this helps.",
        f'<think>Maybe {{"names": ["wrong"]}}? No.</think>\n{JSON}',
        f'{{"note": "first another object"}}\n{JSON}',
        f"\ufeff  {JSON}\n\n{JSON}",
        '["Ada Marsh", "1871"]',
        '```json\n["Ada Marsh", "1871"]\n```',
        '{"names": ["Ada Marsh", "1871"], "more": {"deep": [1, {"x": null}]}}',
    ],
)
def test_the_object_is_found(reply: str) -> None:
    found = find_object(reply, "names")
    assert found is not None and found["names"] == WANTED["names"]


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Ada Marsh, 1871",
        "{'names': ['Ada Marsh']}",
        '{"names": ["Ada Marsh", "18',
        '{"facts": []}',
        '{"triples": [["a", "b", "c"], ["d", "e"',  # the inner list is not the answer
        "null",
        "[" * 5_000,
        "{" * 5_000,
        '{"names": ' * 3_000,
        "<think>so many names that there is no end",
    ],
)
def test_what_is_none_is_told_apart(reply: str) -> None:
    assert find_object(reply, "names") is None
    assert find_object(reply, "triples") is None


@given(st.text(alphabet='{}[]",:abc\\ \n019', max_size=80))
def test_no_reply_breaks_the_reader(reply: str) -> None:
    found = find_object(reply, "a")
    assert found is None or "a" in found


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (["b", " a ", "b", "", "  "], ["b", "a"]),
        (["x\n y", 1871, None, True, ["deep"], 2.5], ["x y", "1871"]),
        ("sea, boats , sea", ["sea", "boats"]),
        (["\ud800half"], ["?half"]),
        (["n" * 900], ["n" * 500]),
        ([], []),
        (None, None),
        ({"a": 1}, None),
        (7, None),
    ],
)
def test_lists_of_texts(value: Any, wanted: list[str] | None) -> None:
    assert texts(value, 3) == wanted


NAMES = '{"names": ["Ada", "Ghent"]}'


@pytest.mark.parametrize(
    ("reply", "triples", "malformed"),
    [
        ('{"triples": [["Ada", "lives in", "Ghent"]]}', [("Ada", "lives in", "Ghent")], 0),
        ('[["Ada", "born", 1871]]', [("Ada", "born", "1871")], 0),
        (
            '{"triples": [{"subject": "Ada", "predicate": "in", "object": "Ghent"}]}',
            [("Ada", "in", "Ghent")],
            0,
        ),
        (
            '{"triples": [["Ada", "is"], ["a", "b", "c"], "x", ["", "b", "c"], ["a", "b", "c"]]}',
            [("a", "b", "c")],
            3,
        ),
        ('{"triples": []}', [], 0),
    ],
)
def test_triples(reply: str, triples: list[Any], malformed: int) -> None:
    found = read_passage(Scripted([NAMES, reply]), "Ada lives in Ghent.")
    assert found.read and list(found.triples) == triples and found.malformed == malformed
    assert found.names == ("Ada", "Ghent")


@pytest.mark.parametrize(
    "replies",
    [
        ["no names here"],
        ['{"names": 5}'],
        [NAMES, "no triples here"],
        [NAMES, '{"triples": "Ada lives in Ghent"}'],
        [NAMES, '{"triples": [["Ada", "is"], "x"]}'],
    ],
)
def test_an_unreadable_reply_costs_the_passage(replies: list[str]) -> None:
    found = read_passage(Scripted(replies), "Ada lives in Ghent.")
    assert found.unreadable and not found.read and found.triples == ()
    assert len(found.replies) == len(replies)  # after the first no second call is made
