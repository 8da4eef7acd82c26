"""The tokenizer keeps any text, begins with BOS and loads through AutoTokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from engine.models.lm import tokenizer
from engine.models.lm.document import Document

SHIPPED = Path(__file__).parents[2] / "assets" / "models" / "lm"
TRAINED = tokenizer.train_tokenizer(["Return the value of x, or None.\n    >>> f(10)"] * 4, 300)


@given(st.text())
def test_round_trip_of_any_text(text: str) -> None:
    ids = TRAINED(text).input_ids
    assert ids[0] == tokenizer.BOS_ID
    assert TRAINED.decode(ids[1:]) == text


@given(st.text())
def test_round_trip_of_the_shipped_tokenizer(text: str) -> None:
    shipped = _shipped()
    assert shipped.decode(shipped(text).input_ids[1:]) == text


def _shipped(cache: list = []):  # noqa: B006 - loaded once for all of hypothesis' examples
    if not cache:
        cache.append(AutoTokenizer.from_pretrained(SHIPPED, local_files_only=True))
    return cache[0]


def test_folder_loads_through_auto_tokenizer(tmp_path: Path) -> None:
    tokenizer.save(TRAINED, tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    text = "Return x ☃ 2024"
    assert again(text).input_ids == TRAINED(text).input_ids
    assert (again.bos_token, again.bos_token_id) == (tokenizer.BOS, tokenizer.BOS_ID)


def test_digits_stand_alone() -> None:
    pieces = TRAINED.convert_ids_to_tokens(TRAINED("f(10)").input_ids)
    assert {"1", "0"} <= set(pieces)


def test_documents_begin_with_bos() -> None:
    encoded = tokenizer.encode_documents(
        TRAINED, [Document("stories", "a", "None"), Document("stories", "b", "é")]
    )
    assert [e[0] for e in encoded] == [tokenizer.BOS_ID] * 2
    assert [len(e) for e in encoded][1] == 3  # two bytes


@pytest.mark.parametrize("pieces", [257, 300])
def test_number_of_pieces(pieces: int) -> None:
    corpus = ["Return the value of the array at the index, or the default."] * 3
    assert len(tokenizer.train_tokenizer(corpus, pieces)) <= max(pieces, 257)
