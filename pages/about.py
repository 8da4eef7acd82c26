"""Where ideas, numbers and parts come from, and how results are kept."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
import streamlit as st

from engine import __version__
from pages.kit import section

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "torch",
    "transformers",
    "diffusers",
    "numpy",
    "streamlit",
    "plotly",
    "pydantic",
    "safetensors",
)


def installed(name: str) -> str:
    """The version of a package without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


st.title("Sources", anchor=False)
section("Papers")
st.markdown(
    "Every paper that the labs follow stands on a page of its own, with its claim and what was "
    "measured here."
)
st.page_link("papers.py", label="Papers", icon=":material/article:")

section("How results are kept")
st.markdown(
    "The settings of a run are hashed; the digest is the address of its result. The same settings "
    "give the same arrays, so a stored result is shown instead of computing it twice. Arrays are "
    "kept as safetensors with a manifest in JSON that records versions, threads, seed and time. "
    "Runs and their progress lie in a SQLite file. All of it is below the folder named by "
    "`ENGRAM_HOME`, else in your user data folder; nothing is sent anywhere."
)

section("Parts and licences")
st.markdown("Engram Lab is under the Apache License 2.0. It brings along:")
manifest = json.loads((ROOT / "assets" / "vendor" / "MANIFEST.json").read_text(encoding="utf-8"))
st.table(
    pd.DataFrame(
        {
            "Part": [part["name"] for part in manifest["parts"]],
            "Version": [part["version"] for part in manifest["parts"]],
            "Licence": [part["licence"] for part in manifest["parts"]],
        }
    ).set_index("Part")
)

section("Versions")
names = ["Engram Lab", *PACKAGES]
versions = [__version__, *map(installed, PACKAGES)]
st.table(pd.DataFrame({"Package": names, "Version": versions}).set_index("Package"))
