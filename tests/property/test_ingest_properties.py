"""What holds for any text that becomes passages."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.memory_graph.ingest.read import read_documents
from engine.labs.memory_graph.ingest.split import MOST, split

LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"))
    | st.integers(1, 400).map(lambda n: "word " * n)
    | st.integers(1, 4000).map(lambda n: "x" * n)
)


def letters(text: str) -> str:
    return "".join(text.split())


@given(LINES, st.booleans())
def test_passages_hold_every_word_once_in_order_at_their_lines(
    lines: list[str], headings: bool
) -> None:
    text = "\n".join(lines)
    found = list(split(text, heading=lambda line: headings and line.startswith("w")))
    assert letters("".join(piece.text for piece in found)) == letters(text)
    assert all(0 < len(piece.text) <= MOST for piece in found)
    for piece in found:
        assert 1 <= piece.first <= piece.last <= len(lines)
        assert letters(piece.text) in letters("".join(lines[piece.first - 1 : piece.last]))
    assert all(a.last <= b.first for a, b in pairwise(found))


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1))
def test_every_turn_comes_back_once(turns: list[tuple[str, str]]) -> None:
    data = "\n".join(json.dumps({"speaker": who, "text": words}) for who, words in turns)
    found = read_documents(data.encode(), "a.jsonl")
    assert [(turn.title, turn.text) for turn in found] == list(dict.fromkeys(turns))
    assert len(found) + found.duplicates == len(turns)


# What zipfile can write; names that it cannot are in the table of bad archives.
NAMED = st.characters(codec="utf-8", exclude_characters="\0")


@given(st.dictionaries(st.text(NAMED, max_size=20), st.binary(max_size=40), max_size=4))
def test_a_zip_of_anything_gives_documents_or_a_sentence(files: dict[str, bytes]) -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in files.items():
            file.writestr(f"{name}.md", data)
    try:
        found = read_documents(target.getvalue(), "a.zip")
    except BadInput as error:
        assert "\n" not in str(error)
    else:
        assert len(found) + found.duplicates + found.skipped_count >= 1
