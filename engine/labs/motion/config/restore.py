"""Tokens of a clip are masked, and KMM restores them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.motion.data.procedural_words import CLAUSES, STYLES
from engine.labs.motion.data.words import MOST_CHARACTERS
from engine.labs.motion.shipped import read_caption

ROWS_A_SECOND, ROWS_A_TOKEN = 20, 4
ACTION, STYLE, TEXT = "jump", "normal", "a person walks and turns left"


class RestoreConfig(Config):
    """A clip, which of its tokens are masked, and how they are restored."""

    source: Literal["sentence", "procedural"] = Field(
        "sentence",
        title="Clip",
        json_schema_extra={
            "help": "sentence: KMM makes it of the text; procedural: made from footsteps and "
            "reaches, without a recording"
        },
    )
    action: str = Field(
        ACTION,
        title="Action",
        json_schema_extra={
            "options": list(CLAUSES),
            "widget": "select",
            "help": "of a procedural clip",
        },
    )
    style: str = Field(
        STYLE,
        title="Style",
        json_schema_extra={"options": list(STYLES), "widget": "select"},
    )
    text: str = Field(
        TEXT,
        min_length=1,
        max_length=MOST_CHARACTERS,
        title="Text",
        json_schema_extra={"widget": "area", "help": "of a clip that KMM makes"},
    )
    seconds: float = Field(
        5.0, ge=3, le=9, title="Length", json_schema_extra={"unit": "s", "step": 0.5}
    )
    policy: Literal["key", "random", "inverse", "own"] = Field(
        "key",
        title="Masked tokens",
        json_schema_extra={
            "widget": "select",
            "help": "key: of the highest score; inverse: of the lowest; own: those that are named",
        },
    )
    share: float = Field(
        40,
        ge=5,
        le=95,
        title="Share that is masked",
        json_schema_extra={"unit": "%", "step": 5},
    )
    tokens: str = Field(
        "",
        max_length=400,
        title="Own tokens",
        json_schema_extra={
            "help": "where the mask is your own: numbers from 0, such as "
            "3, 5-8; or drag over the bars"
        },
    )
    bandwidth: float = Field(
        10,
        ge=2,
        le=25,
        title="Bandwidth",
        json_schema_extra={
            "unit": "%",
            "step": 1,
            "help": "the kernel's width, as a quantile of the clip's own distances",
        },
    )
    passes: int = Field(
        5,
        ge=1,
        le=20,
        title="Passes",
        json_schema_extra={"help": "the surest tokens of each pass are known to the next"},
    )
    told: bool = Field(True, title="Tell the caption")
    seed: int = Field(0, ge=0, le=1_000_000, title="Seed")

    @field_validator("action", "style")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        known = CLAUSES if info.field_name == "action" else STYLES
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)} (got {value[:40]!r})")
        return value

    @property
    def count(self) -> int:
        """Tokens of the clip."""
        rows = round(self.seconds * ROWS_A_SECOND)
        return -(-rows // ROWS_A_TOKEN)

    def settled(self) -> Self:
        """The same clip and mask, with the default of every field that says nothing of them."""
        idle = {"text"} if self.source == "procedural" else {"action", "style"}
        if self.policy != "own":
            idle.add("tokens")
        return type(self).build(self.model_dump(exclude=idle))

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Raise BadInput for tokens that the clip does not have, or a text without a known word."""
        if self.policy == "own":
            own_tokens(self.tokens, self.count)
        if self.source == "sentence":
            read_caption(self.text)


def own_tokens(text: str, count: int) -> list[int]:
    """The tokens that a text such as "3, 5-8" names, in order.

    Raises BadInput for anything else, a token beyond ``count``, none, or all of them.
    """
    found: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)
        if match is None:
            raise BadInput("tokens", f"numbers such as 3, 5-8 are needed (got {part[:20]!r})")
        first = int(match[1])
        last = int(match[2] or match[1])
        if not first <= last < count:
            raise BadInput("tokens", f"must be from 0 to {count - 1}, in order (got {part[:20]!r})")
        found.update(range(first, last + 1))
    if not 1 <= len(found) < count:
        raise BadInput("tokens", f"must name 1 to {count - 1} of {count} tokens")
    return sorted(found)


def written(tokens: list[int]) -> str:
    """Tokens as a visitor would write them: 3, 5-8."""
    parts: list[str] = []
    for at, token in enumerate(tokens):
        if at and token == tokens[at - 1] + 1:
            first = parts[-1].partition("-")[0]
            parts[-1] = f"{first}-{token}"
        else:
            parts.append(str(token))
    return ", ".join(parts)


def restore_cost(config: RestoreConfig) -> float:
    """CPU seconds: opening the model, then every pass over a dozen masks at once."""
    return 1.5 + 0.004 * config.passes * config.seconds
