"""Where the shipped assets lie: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
ASSETS = next(
    (folder for folder in (_PACKAGE.parent / "assets", _PACKAGE / "_assets") if folder.is_dir()),
    _PACKAGE / "_assets",
)
