"""The shipped traces by their names."""

from __future__ import annotations

from pathlib import Path

from engine.core.assets import ASSETS

SAMPLES = {
    "bank-conflict-storm": "192 reads of one bank, each of another row",
    "sequential-reads": "768 reads in order",
    "copy-with-writes": "reads and writes in turn",
    "aim-matrix-vector": "a matrix times a vector in eight channels",
    "aim-uneven-channels": "channels that do different things",
}


def sample_path(name: str) -> Path:
    """The file of a shipped trace."""
    return ASSETS / "samples" / "memory_hardware" / f"{name}.trace"
