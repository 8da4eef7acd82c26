"""What a run may ask of the place it runs in: progress, cancellation, a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from engine.core.errors import NotFound


class Context(Protocol):
    """Handed to every run as its second argument."""

    def progress(self, done: float, total: float, **metrics: float) -> None:
        """Say how far the run is; raises Cancelled when somebody asked for it to stop."""

    def read_input(self, address: str) -> bytes:
        """The bytes behind an "input:<digest>" address that a config holds; raises NotFound."""

    def save_checkpoint(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays that a retry of the same run can start from."""

    def load_checkpoint(self) -> dict[str, np.ndarray] | None:
        """The arrays of the last ``save_checkpoint`` of this run, or None."""


class QuietContext:
    """The context of a script: nobody watches and nobody cancels."""

    def __init__(self, read_input: Callable[[str], bytes] | None = None):
        self._read_input = read_input

    def read_input(self, address: str) -> bytes:
        """Ask the store that the caller named."""
        if self._read_input is None:
            raise NotFound(f"{address}: this run has no store to read inputs from")
        return self._read_input(address)

    def progress(self, done: float, total: float, **metrics: float) -> None:
        """Accept and forget."""

    def save_checkpoint(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Accept and forget."""

    def load_checkpoint(self) -> dict[str, np.ndarray] | None:
        """A script never resumes."""
        return None
