"""The model card as Markdown: what was trained, on what, and what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from engine.labs.diffusion.config.keys import KNOWN, MODES
from engine.labs.diffusion.names import LADDER
from engine.labs.diffusion.pictures.collection import HELD_OUT, SCENES
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES
from engine.labs.diffusion.training.measure import ATTACKED


def write_card(card: dict[str, Any]) -> str:
    """The card of figures that ``ship`` measured."""
    environment = Environment(
        # Markdown, not markup.
        loader=FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    rungs = [*((name, copies) for name, _, copies in LADDER), ("unseen", 0)]
    return environment.get_template("card.md").render(
        card=card,
        rungs=rungs,
        attributes=list(ATTRIBUTES),
        scenes=SCENES,
        held_out=HELD_OUT,
        attacked=ATTACKED,
        modes=list(MODES),
        known=KNOWN,
    )
