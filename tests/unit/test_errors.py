"""pydantic's reports as one sentence: field, allowed range, and the value where it helps."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from engine.core import BadInput, Config
from engine.core.registry import labs
from engine.labs.kv_cache.config import CaptureConfig, DriftConfig, SensitivityConfig


class Ranges(Config):
    both: int = Field(3, ge=1, le=1_048_576)
    share: float = Field(0.5, ge=-0.25, le=1)
    least: int = Field(3, ge=1)
    most: int = Field(3, le=9)
    many: tuple[int, ...] = ()
    word: str = "a"
    flag: bool = False
    kind: Literal["in", "out"] = "in"
    size: Literal[32, 64, 128] = 32
    free: float = 0.0
    title: str = Field("t", min_length=1, max_length=80)
    short: str = Field("", max_length=3)
    some: str = Field("s", min_length=1)

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
    ({"both": "abc"}, "both: must be a whole number from 1 to 1048576 (got 'abc')"),
    ({"both": 2.5}, "both: must be a whole number from 1 to 1048576 (got 2.5)"),
    ({"both": "2.5"}, "both: must be a whole number from 1 to 1048576 (got '2.5')"),
    ({"both": None}, "both: must be a whole number from 1 to 1048576 (got None)"),
    (
        {"both": "9" * 5000},
        "both: must be a whole number from 1 to 1048576 (got '" + "9" * 56 + "...)",
    ),
    ({"both": float("inf")}, "both: must be a finite number from 1 to 1048576 (got inf)"),
    ({"least": "x"}, "least: must be a whole number at least 1 (got 'x')"),
    ({"most": "x"}, "most: must be a whole number at most 9 (got 'x')"),
    ({"many": (1, "x")}, "many.1: must be a whole number (got 'x')"),
    ({"share": "half"}, "share: must be a number from -0.25 to 1 (got 'half')"),
    ({"share": []}, "share: must be a number from -0.25 to 1 (got [])"),
    ({"share": float("nan")}, "share: must be a finite number from -0.25 to 1 (got nan)"),
    ({"free": float("inf")}, "free: must be a finite number (got inf)"),
    ({"flag": "perhaps"}, "flag: must be true or false (got 'perhaps')"),
    ({"flag": []}, "flag: must be true or false (got [])"),
    ({"kind": "up"}, "kind: must be 'in' or 'out' (got 'up')"),
    ({"size": 33}, "size: must be 32, 64 or 128 (got 33)"),
    ({"title": ""}, "title: must have 1 to 80 characters (it has 0)"),
    ({"title": "x" * 8123}, "title: must have 1 to 80 characters (it has 8,123)"),
    ({"title": 7}, "title: must be a text (got 7)"),
    ({"title": b"\xff"}, "title: must be a text (got b'\\xff')"),
    ({"short": "long"}, "short: must have at most 3 characters (it has 4)"),
    ({"some": ""}, "some: must have at least 1 character (it has 0)"),
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
    with pytest.raises(BadInput, match=r"^windows: must be a whole number from 1 to 64 .*'abc'\)$"):
        SensitivityConfig.build(windows="abc")
    with pytest.raises(BadInput, match=r"^prompt: must have 1 to 8000 characters \(it has 0\)$"):
        DriftConfig.build(prompt="")


def test_no_config_speaks_the_words_of_pydantic() -> None:
    wrong: tuple[Any, ...] = ("~", "", "x" * 30_000, 10**9, -(10**9), 0.5, None, [], math.nan)
    for lab in labs().values():
        for experiment in lab.experiments:
            for name in experiment.config.model_fields:
                for value in wrong:
                    try:
                        experiment.config.build({name: value})
                    except BadInput as error:
                        assert not re.search(r"input should|string should|valid", error.reason)
