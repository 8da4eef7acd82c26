"""What the tests of pages share."""

from __future__ import annotations

import pytest

import engine.runtime.runner


@pytest.fixture
def runner_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages as they are where nothing can be computed: what is shipped is there."""
    monkeypatch.setenv("ENGRAM_RUNNER", "off")
    monkeypatch.setattr(engine.runtime.runner, "_runner", None)
