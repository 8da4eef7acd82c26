"""Engram Lab's engine: everything the pages show, importable by any script without Streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.runtime.script import run

__version__ = "0.1.0"
__all__ = ["run"]


def __getattr__(name: str) -> Any:
    # `import engine` stays light: numpy, the store and the labs come with the first use.
    if name == "run":
        from engine.runtime.script import run

        globals()["run"] = run
        return run
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
