"""Which checkpoint of a training is the newest whole one; the two newest are kept."""

from __future__ import annotations

from pathlib import Path


def settle(folder: Path, name: str) -> None:
    """Let ``folder`` point to its checkpoint ``name``, which is whole by now; old ones go.

    A kill at any moment leaves the previous one readable.
    """
    pointer = folder / "latest.part"
    pointer.write_text(name, encoding="utf-8")
    pointer.replace(folder / "latest")
    for old in sorted(folder.glob("step-*"))[:-2]:
        for file in old.iterdir():
            file.unlink()
        old.rmdir()


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint, or None."""
    pointer = folder / "latest"
    return folder / pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None
