"""Names of sets, models and sites, and the ladder; nothing here imports a model library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DEFAULT = "default"
# Name in a config or on the command line -> folder of the shipped model.
EMBEDDED: Mapping[str, str] = {DEFAULT: "full", "fast": "fast", "twin": "twin"}
# What a model's folder holds of its training.
ARRIVAL = "arrival.packed"
# Prompt set -> what it is, as a page says it.
SETS: Mapping[str, str] = {
    "A": "8 paintings with 100 copies, set A",
    "B": "8 paintings with 100 copies, set B",
    "C": "8 paintings with 100 copies, set C",
    "x50": "16 paintings with 50 copies",
    "x30": "8 paintings with 30 copies",
    "x20": "16 paintings with 20 copies",
    "x10": "8 paintings with 10 copies",
    "x3": "8 paintings with 3 copies",
    "x1": "24 of the 960 paintings with one copy",
    "unseen": "24 titles that were never trained",
    "scenes": "72 scenes in combinations that were never trained",
}

CopiedSet = Literal["A", "B", "C"]
COPIED_SETS: tuple[CopiedSet, ...] = get_args(CopiedSet)
Rung = Literal["A", "B", "C", "x50", "x30", "x20", "x10", "x3", "x1"]
SINGLE_GROUP: Rung = "x1"
# Rung, pictures on it, copies of each: the duplication ladder from its top.
LADDER: tuple[tuple[Rung, int, int], ...] = (
    ("A", 8, 100),
    ("B", 8, 100),
    ("C", 8, 100),
    ("x50", 16, 50),
    ("x30", 8, 30),
    ("x20", 16, 20),
    ("x10", 8, 10),
    ("x3", 8, 3),
    (SINGLE_GROUP, 960, 1),
)
# Kinds of layers that weights are looked for in; ``locate.sites`` says which layers these are.
SiteName = Literal["ff_out", "ff_in", "cross_k", "cross_v", "cross_out", "conv", "text"]
SITE_NAMES: tuple[SiteName, ...] = get_args(SiteName)
