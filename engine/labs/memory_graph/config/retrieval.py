"""What the experiments on retrieval can be asked."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.memory_graph.config.files import Files

# Of the diary: the walk finds a passage at place 5 that the question itself ranks 93rd.
DEFAULT_QUESTION = 8
FIRST_FOUND = -1
Method = Literal["hipporag", "hipporag2", "bm25", "tfidf", "dense", "mix"]
OWN_QUESTION = Field(
    "",
    title="Your own question",
    max_length=1000,
    json_schema_extra={"help": "empty: the question chosen above"},
)


class Retrieval(Config):
    """How passages are ranked. The defaults are the same for every corpus."""

    method: Method = Field("hipporag", title="Method")
    damping: float = Field(
        0.5,
        ge=0.0,
        le=0.95,
        title="Damping",
        json_schema_extra={
            "help": "probability to follow an edge instead of returning to a seed; 0.5 in the "
            "authors' experiments, 0.1 the default of their class"
        },
    )
    synonyms: Literal["overwrite", "add", "none"] = Field(
        "overwrite",
        title="Synonym edges",
        json_schema_extra={
            "widget": "select",
            "help": "overwrite: a synonym's cosine replaces the weight of facts on the same pair, "
            "as the authors' code does; add: as the paper reads",
        },
    )
    alike_by: Literal["auto", "spelling", "vectors"] = Field(
        "auto",
        title="Synonyms by",
        json_schema_extra={
            "advanced": True,
            "help": "auto: HippoRAG by spelling, HippoRAG 2 by vectors where some are given",
        },
    )
    threshold: float = Field(0.8, ge=0.5, le=1.0, title="Synonym threshold")
    specificity: bool = Field(
        True, title="Node specificity", json_schema_extra={"help": "rare names seed more"}
    )
    passage_score: Literal["facts", "nodes"] = Field(
        "facts",
        title="Passage score",
        json_schema_extra={
            "help": "facts: a node counts once for each fact of the passage, as the authors' code "
            "does; nodes: once"
        },
    )
    spread: Literal["walk", "seeds", "neighbours"] = Field(
        "walk",
        title="Spread",
        json_schema_extra={
            "widget": "select",
            "help": "seeds and neighbours are the paper's ablations",
        },
    )
    entities: Literal["names", "given"] = Field(
        "names",
        title="Query entities",
        json_schema_extra={
            "help": "names: capitalised words and numbers; given: those that came with a question"
        },
    )
    least_similarity: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Least similarity of a link",
        json_schema_extra={"advanced": True, "help": "0 links every name, as published"},
    )
    facts: int = Field(5, ge=1, le=50, title="Linked facts", json_schema_extra={"advanced": True})
    passage_weight: float = Field(
        0.05, ge=0.0, le=1.0, title="Passage weight", json_schema_extra={"advanced": True}
    )
    entity_weight: float = Field(
        2.0,
        ge=0.0,
        le=10.0,
        title="Entity weight",
        json_schema_extra={"advanced": True, "help": "HippoRAG 2 only; 0 as published"},
    )
    mix_first: Literal["hipporag", "hipporag2", "dense"] = Field(
        "hipporag", title="Mix", json_schema_extra={"advanced": True}
    )
    mix_second: Literal["tfidf", "bm25", "dense"] = Field(
        "tfidf", title="Mix with", json_schema_extra={"advanced": True}
    )
    mix_weight: float = Field(
        0.7,
        ge=0.0,
        le=1.0,
        title="Weight of the first",
        json_schema_extra={"advanced": True},
    )


class EvaluateConfig(Retrieval, Files):
    """Recall of the gold passages of every question."""

    resamples: int = Field(
        1000,
        ge=100,
        le=10_000,
        title="Bootstrap resamples",
        json_schema_extra={"advanced": True},
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})


class Asked(Retrieval, Files):
    """One question to a retriever that walks."""

    method: Literal["hipporag", "hipporag2"] = Field("hipporag", title="Method")
    question: int = Field(DEFAULT_QUESTION, ge=0, le=100_000, title="Question")
    ask: str = OWN_QUESTION


class WavefrontConfig(Asked):
    """The walk of one question, step by step, on the map of the graph."""

    steps: int = Field(8, ge=0, le=20, title="Steps")
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})


class WhyConfig(Asked):
    """The score of one passage taken apart, and its rank without some of the parts."""

    passage: int = Field(
        FIRST_FOUND,
        ge=FIRST_FOUND,
        le=1_000_000,
        title="Passage",
        json_schema_extra={"help": "its position in the memory; -1: the one ranked first"},
    )
    without_seeds: str = Field(
        "",
        title="Without seeds",
        max_length=400,
        json_schema_extra={"widget": "hidden", "help": "numbers of seeds, separated by commas"},
    )
    without_edges: str = Field(
        "",
        title="Without edges",
        max_length=800,
        json_schema_extra={"widget": "hidden", "help": "pairs of nodes: 12-40,7-9"},
    )
    without_facts: str = Field(
        "",
        title="Without facts",
        max_length=400,
        json_schema_extra={"widget": "hidden", "help": "numbers of facts, separated by commas"},
    )

    @property
    def seeds_to_drop(self) -> tuple[int, ...]:
        """Positions of the seeds."""
        return tuple(int(part) for part in self.without_seeds.split(",") if part)

    @property
    def facts_to_drop(self) -> tuple[int, ...]:
        """Positions of the facts in the graph."""
        return tuple(int(part) for part in self.without_facts.split(",") if part)

    @property
    def edges_to_drop(self) -> tuple[tuple[int, int], ...]:
        """Pairs of nodes."""
        pairs = [part.split("-") for part in self.without_edges.split(",") if part]
        return tuple((int(a), int(b)) for a, b in pairs)

    @field_validator("without_seeds", "without_facts")
    @classmethod
    def _numbers(cls, text: str, info: ValidationInfo) -> str:
        if not re.fullmatch(r"(\d{1,9}(,\d{1,9})*)?", text):
            name = info.field_name or "without_seeds"
            raise BadInput(name, "must be whole numbers separated by commas")
        return text

    @field_validator("without_edges")
    @classmethod
    def _pairs(cls, text: str) -> str:
        if not re.fullmatch(r"(\d{1,9}-\d{1,9}(,\d{1,9}-\d{1,9})*)?", text):
            raise BadInput("without_edges", "must be pairs of nodes such as 12-40,7-9")
        return text


class DuelConfig(Retrieval, Files):
    """Every retriever on every question, or on one of the visitor's own, side by side."""

    ask: str = OWN_QUESTION
    depth: int = Field(50, ge=10, le=1000, title="Places looked at")
