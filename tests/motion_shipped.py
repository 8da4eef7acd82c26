"""A folder of small untrained models in the place of those that ship."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.labs.motion import shipped
from engine.labs.motion.models import stored
from tests.motion_models import save_tiny


def ship_tiny(monkeypatch: pytest.MonkeyPatch, folder: Path, *kinds: str) -> Path:
    """Let only models of ``kinds`` be there, and an evaluator whose card has a jerk."""
    for kind in kinds:
        save_tiny(kind, folder / kind)
    card = folder / shipped.EVALUATOR / shipped.CARD
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(json.dumps({"digest": "0" * 16, "figures": {"jerk": {"mean": 0.04}}}))
    monkeypatch.setattr(shipped, "FOLDER", folder)
    monkeypatch.setattr(stored, "SHIPPED", folder)
    return folder
