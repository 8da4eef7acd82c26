"""What each experiment of the KV-cache lab can be asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from engine.core.config import Config
from engine.core.errors import BadInput, bounds
from engine.io.model_folder import fingerprint
from engine.io.model_id import check_model_id
from engine.io.paths import local_path, read_file
from engine.io.shelf import is_offered
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.lengths import Asked, check_prompt, check_text
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.sources import EMBEDDED, SAMPLES


def _format_id(text: str) -> str:
    return parse_format(text).id


def _order_id(text: str) -> str:
    return parse_order(text).id


def _format_list(text: str) -> str:
    return ",".join(_format_id(part) for part in text.split(",") if part.strip())


def _rungs(text: str) -> str:
    rungs = text.split(",")
    if not 2 <= len(set(rungs)) == len(rungs) <= 6:
        raise ValueError("must be two to six different format ids, separated by commas")
    return text


def _check_address(text: str) -> None:
    if text.startswith("input:") and not re.fullmatch(r"input:[0-9a-f]{16}", text):
        raise BadInput(
            "text",
            'the address of an uploaded file looks like "input:" and 16 hexadecimal digits '
            f"(got {text[:40]!r})",
        )


_CHOICES = "engine.labs.kv_cache.choices"
_ORDER: JsonDict = {
    "widget": "combo",
    "options": f"{_CHOICES}:orders",
    "help": "in-head and pairs: folded into the weights, free; across-heads: a gather, not free",
}

FormatId = Annotated[str, AfterValidator(_format_id)]
OrderId = Annotated[str, AfterValidator(_order_id)]
FormatList = Annotated[str, AfterValidator(_format_list)]
Ladder = Annotated[FormatList, AfterValidator(_rungs)]


def _format_field(default: str, title: str) -> Any:
    return Field(
        default,
        title=title,
        max_length=80,
        json_schema_extra={
            "widget": "combo",
            "options": f"{_CHOICES}:formats",
            "help": "a format id; type any that the grammar allows",
        },
    )


# Tokens that a run reads of a text where its config does not say how many.
LEAST_TEXT = 16


class ModelText(Config):
    """A causal language model and the text it reads."""

    model: str = Field(
        EMBEDDED,
        title="Model",
        min_length=1,
        max_length=1024,
        json_schema_extra={
            "widget": "combo",
            "options": f"{_CHOICES}:models",
            "help": "the embedded model, a local folder, or a hub id where downloads are allowed",
        },
    )
    text: str = Field(
        next(iter(SAMPLES)),
        title="Text",
        min_length=1,
        max_length=1024,
        json_schema_extra={
            "widget": "source",
            "options": f"{_CHOICES}:texts",
            "help": "a shipped sample or your own text file",
        },
    )

    def admit(self, *, local: bool) -> None:
        """Samples, uploads, the embedded model, hub ids and the shelf; elsewhere only locally."""
        _check_address(self.text)
        if self.text not in SAMPLES and not self.text.startswith("input:"):
            raise BadInput("text", f"must be one of {', '.join(SAMPLES)} or an uploaded file")
        named = self.model.rpartition("@")[0] or self.model
        if self.model != EMBEDDED and not local and not is_offered(self.model, named):
            raise BadInput(
                "model",
                f"must be {EMBEDDED}, a hub id, or a folder that this server offers: folders "
                "elsewhere are open to local visitors only",
            )

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A model folder gets the fingerprint of its files, a text file its content's address."""
        _check_address(self.text)
        changes = {}
        if self.model != EMBEDDED and "@" not in self.model:
            folder = local_path(self.model, field="model")
            if folder.is_dir():
                resolved = folder.resolve()
                changes["model"] = f"{resolved}@{fingerprint(resolved)}"
            else:
                check_model_id(self.model)
        if self.text not in SAMPLES and not self.text.startswith("input:"):
            path = local_path(self.text, field="text")
            if not path.is_file():
                raise BadInput(
                    "text", f"{self.text[:80]!r} is neither a file nor one of {', '.join(SAMPLES)}"
                )
            changes["text"] = put(read_file(path, field="text"), path.name)
        return self.model_copy(update=changes) if changes else self

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The text must hold every token that is evaluated.

        What calibrates needs no room of its own: where too little is left behind those tokens, a
        shipped sample serves.
        """
        field = next((name for name in ("window", "tokens") if hasattr(self, name)), "")
        tokens = getattr(self, field, LEAST_TEXT)
        least, _ = bounds(type(self), field)
        asked = Asked(field, tokens, least or LEAST_TEXT, getattr(self, "windows", 1))
        check_text(self.model, self.text, asked, read)


class CaptureConfig(ModelText):
    """Record queries, keys and values of one pass, and the keys' calibration statistics."""

    tokens: int = Field(256, ge=32, le=1024, title="Tokens", json_schema_extra={"unit": "tokens"})


class SyntheticConfig(Config):
    """A key head with a known outlier profile: a teaching source, not a measurement."""

    profile: Literal["flat", "lognormal", "rope-pairs"] = Field(
        "lognormal",
        title="Channel profile",
        json_schema_extra={
            "widget": "select",
            "help": "flat: equal channels; lognormal: graded (sigma 0.5); rope-pairs: four RoPE "
            "pairs ten times larger",
        },
    )
    head_dim: Literal[32, 64, 128] = Field(128, title="Head dimension")
    heads: int = Field(1, ge=1, le=8, title="KV heads")
    tokens: int = Field(256, ge=32, le=1024, title="Tokens", json_schema_extra={"unit": "tokens"})
    seed: int = Field(0, ge=0, le=9999, title="Seed")


class Cached(ModelText):
    """How the cache of a model is stored."""

    key_format: FormatId = _format_field("bfp12:b32", "Key format")
    value_format: FormatId = _format_field("fp16", "Value format")
    order: OrderId = Field(
        "none", title="Key channel order", max_length=40, json_schema_extra=_ORDER
    )
    sinks: int = Field(
        0,
        ge=0,
        le=64,
        title="Exact first tokens",
        json_schema_extra={"unit": "tokens", "help": "attention-sink tokens kept in fp16"},
    )
    residual: int = Field(
        0,
        ge=0,
        le=512,
        title="Exact newest tokens",
        json_schema_extra={"unit": "tokens", "help": "residual window kept in fp16"},
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})


class Windows(Config):
    """How much text an evaluation reads."""

    window: int = Field(256, ge=16, le=2048, title="Window", json_schema_extra={"unit": "tokens"})
    windows: int = Field(8, ge=1, le=256, title="Windows")


class EvaluateConfig(Windows, Cached):
    """Teacher-forced loss of an exact and of a quantised cache on the same windows."""

    protocol: Literal["all", "streaming"] = Field(
        "all",
        title="Protocol",
        json_schema_extra={
            "help": "all: every cached token is quantised, the current one included; streaming: "
            "tokens of an unfilled group are still exact, as in a real cache"
        },
    )
    policy: str = Field(
        "",
        title="Policy",
        max_length=20_000,
        json_schema_extra={
            "widget": "hidden",
            "help": "JSON policy of formats per layer and head; empty: one format everywhere",
        },
    )


class OrderCheckConfig(ModelText):
    """Fold a channel order into W_q and W_k and compare the logits without any rounding."""

    order: OrderId = Field(
        "in-head:w-norm",
        title="Key channel order",
        max_length=40,
        json_schema_extra=_ORDER,
    )
    tokens: int = Field(128, ge=16, le=512, title="Tokens", json_schema_extra={"unit": "tokens"})
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})


class ParetoConfig(Windows, ModelText):
    """Bits against damage for many formats at once."""

    menu: Literal["essential", "blocks", "everything"] = Field(
        "essential", title="Formats", json_schema_extra={"widget": "select"}
    )
    extra: FormatList = Field(
        "",
        title="More formats",
        max_length=400,
        json_schema_extra={"help": "further format ids, separated by commas", "advanced": True},
    )
    sides: Literal["key", "value", "both"] = Field("key", title="Quantise")
    orders: bool = Field(
        True,
        title="Also sorted",
        json_schema_extra={
            "help": "each block format once more with its channels sorted in and across heads"
        },
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})


class DriftConfig(Cached):
    """One prompt, two caches: where the next-token distributions part."""

    prompt: str = Field(
        "The memory of a program is",
        title="Prompt",
        min_length=1,
        max_length=8000,
        json_schema_extra={"widget": "area"},
    )
    new_tokens: int = Field(
        64, ge=4, le=256, title="New tokens", json_schema_extra={"unit": "tokens"}
    )

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The prompt, too, must suit the model."""
        super().fits(read)
        least, _ = bounds(type(self), "new_tokens")
        check_prompt(self.model, self.prompt, self.new_tokens, least)


class SensitivityConfig(Windows, ModelText):
    """Quantise one key or value head at a time with each rung of a ladder of formats."""

    windows: int = Field(4, ge=1, le=64, title="Windows")
    ladder: Ladder = Field(
        "int2:token:head,int3:token:head,int4:token:head,int8:token:head",
        title="Ladder",
        max_length=400,
        json_schema_extra={"help": "two to six format ids, cheapest first, separated by commas"},
    )
    granularity: Literal["layer", "head"] = Field("head", title="One at a time")
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})


class PositionsConfig(Cached):
    """Damage by position, with attention sinks and residual windows protected or not."""

    window: int = Field(512, ge=64, le=2048, title="Window", json_schema_extra={"unit": "tokens"})
    windows: int = Field(8, ge=1, le=64, title="Windows")
    probes: int = Field(
        24,
        ge=4,
        le=128,
        title="Recall probes",
        json_schema_extra={"help": "planted passages that the model must continue from memory"},
    )


class StreamingConfig(Cached):
    """Append a text token by token to a quantised cache and watch bytes, flushes and drift."""

    key_format: FormatId = _format_field("kivi-2:g32:r128", "Key format")
    value_format: FormatId = _format_field("kivi-2:g32:r128", "Value format")
    tokens: int = Field(384, ge=32, le=1024, title="Tokens", json_schema_extra={"unit": "tokens"})
