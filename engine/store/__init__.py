"""What is kept: runs and metrics (SQLite), results by digest (safetensors and JSON), inputs."""

from engine.store.lookup import lookup, save_shipped, shipped_manifest
from engine.store.runs import RunRow
from engine.store.store import Store

__all__ = ["RunRow", "Store", "lookup", "save_shipped", "shipped_manifest"]
