"""The clip that is played beside the models': recorded, invented, or the visitor's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from engine.core import EngramError
from engine.labs.motion.asked import asked_action
from engine.labs.motion.config.beside import BesideConfig
from engine.labs.motion.data.corpus import Example, default_data
from engine.labs.motion.references import (
    Reference,
    actions_of,
    closest,
    from_example,
    from_file,
    has_recordings,
    invented,
    recorded,
)
from engine.store import Store
from pages.kit import choose, complain, linked
from pages.kit.control import Control
from pages.kit.uploads import draw_file

KIND, ACTION, CLIP, FILE = (
    f"motion.beside{part}" for part in ("", "_action", "_clip", "_file")
)  # fmt: skip
AUTOMATIC = "as the text asks"
MOST_CLIPS = 40


def choose_reference(text: str) -> Reference | None:
    """Draw the choice and read the clip; a sentence where it cannot be used."""
    kinds = {"procedural": "An invented clip", "file": "A file of yours", "none": "Nothing"}
    folder = _folder()
    if folder is not None:
        kinds = {"recorded": "A recording", **kinds}
    kind = choose("Beside the models", kinds, KIND, menu=True)
    try:
        if kind == "recorded" and folder is not None:
            return from_example(_choose_clip(_clips(str(folder)), text), "Recorded")
        if kind == "procedural":
            return from_example(_choose_clip(_invented(), text), "Invented")
        return _file() if kind == "file" else None
    except EngramError as error:
        complain(error)
        return None


def _folder() -> Path | None:
    """Recordings beside the checkout; whoever owns the machine may name another folder."""
    if os.environ.get("ENGRAM_LOCAL") == "1":
        named = st.text_input(
            "Folder of recordings",
            key="motion.beside_folder#local",
            max_chars=400,
            placeholder=str(default_data()) if has_recordings() else "none yet",
            help="laid out like the lab's own: sequences.jsonl.gz, clips.jsonl.gz and shards",
        )
        if named:
            return Path(named)
    return default_data() if has_recordings() else None


@st.cache_resource(max_entries=2, show_spinner=False)
def _clips(folder: str) -> list[Example]:
    return recorded(folder)


@st.cache_resource(max_entries=1, show_spinner=False)
def _invented() -> list[Example]:
    return invented()


def _choose_clip(examples: Sequence[Example], text: str) -> Example:
    options = {AUTOMATIC: "As the text asks", **{name: name for name in actions_of(examples)}}
    action = choose("Its action", options, ACTION, menu=True)
    if action == AUTOMATIC:
        return examples[closest(examples, text, asked_action(text))]
    of_action = [one for one in examples if one.action == action][:MOST_CLIPS]
    names = {one.name: f"{one.style or one.dataset}: {one.captions[0]}" for one in of_action}
    chosen = choose("Clip", names, CLIP, menu=True)
    return next(one for one in of_action if one.name == chosen)


def _file() -> Reference | None:
    control: Control = Control(BesideConfig, "file", FILE)
    draw_file(control)
    address = linked(FILE, "")
    if not address:
        st.caption("Bring a BVH or an NPZ file.")
        return None
    inputs = Store.open().inputs
    return from_file(inputs.get(address), inputs.name(address))
