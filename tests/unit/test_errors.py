"""pydantic's reports as one sentence: field, allowed range, and the value where it helps."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, field_validator, model_validator

from engine.core import BadInput, Config
from engine.labs.kv_cache.config import CaptureConfig, SensitivityConfig


class Ranges(Config):
    both: int = Field(3, ge=1, le=1_048_576)
    share: float = Field(0.5, ge=-0.25, le=1)
    least: int = Field(3, ge=1)
    most: int = Field(3, le=9)
    many: tuple[int, ...] = ()
    word: str = "a"

    @field_validator("word")
    @classmethod
    def _known(cls, word: str) -> str:
        if word not in "abc":
            raise ValueError(f"unknown word {word!r}")
        if word == "b":
            raise BadInput("inner", "b is taken")
        return word

    @model_validator(mode="after")
    def _together(self) -> Ranges:
        if self.most == 7:
            raise ValueError("seven does not go with the rest")
        if self.most == 8:
            raise BadInput("most", "eight does not go with the rest")
        return self


SENTENCES = [
    ({"both": 0}, "both: must be from 1 to 1048576 (got 0)"),
    ({"both": 2_000_000}, "both: must be from 1 to 1048576 (got 2000000)"),
    ({"share": 1.5}, "share: must be from -0.25 to 1 (got 1.5)"),
    ({"share": -1}, "share: must be from -0.25 to 1 (got -1)"),
    ({"least": 0}, "least: must be at least 1 (got 0)"),
    ({"most": 10}, "most: must be at most 9 (got 10)"),
    ({"word": "nope"}, "word: unknown word 'nope'"),
    ({"word": "b"}, "word: b is taken (got 'b')"),
    ({"most": 7}, "config: seven does not go with the rest"),
    ({"most": 8}, "most: eight does not go with the rest"),
    ({"other": 1}, "other: there is no such field"),
]


@pytest.mark.parametrize(("values", "sentence"), SENTENCES, ids=str)
def test_a_report_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        Ranges.build(values)
    assert str(caught.value) == sentence


def test_configs_of_one_name_keep_their_own_ranges() -> None:
    class Twin(Config):
        size: int = Field(3, ge=1, le=9)

    first = Twin

    class Twin(Config):  # type: ignore[no-redef]
        size: int = Field(3, ge=2, le=9)

    with pytest.raises(BadInput, match="size: must be from 1 to 9"):
        first.build(size=0)
    with pytest.raises(BadInput, match="size: must be from 2 to 9"):
        Twin.build(size=1)
    with pytest.raises(BadInput, match="size: must be from 2 to 9"):
        Twin.build(size=10)


def test_the_lab_names_field_and_range() -> None:
    with pytest.raises(BadInput, match=r"^tokens: must be from 32 to 1024 \(got 5000\)$"):
        CaptureConfig.build(tokens=5000)
    with pytest.raises(BadInput, match=r"^ladder: must be two to six different .* \(got 'fp16'\)$"):
        SensitivityConfig.build(ladder="fp16")
    with pytest.raises(BadInput, match=r"^ladder: unknown format 'nope'"):
        SensitivityConfig.build(ladder="nope,fp16")
