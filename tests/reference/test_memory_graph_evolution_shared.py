"""A-MEM's evolution and its switches on all of LoCoMo, as the page computes them.

``pytest tests/reference/test_memory_graph_evolution_shared.py -s`` prints the figures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.core.seeds import rng
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import EvolutionConfig
from engine.labs.memory_graph.metrics import bootstrap

pytestmark = pytest.mark.shared


def test_every_conversation_evolves_and_the_pooled_difference_is_told(shared_data: Path) -> None:
    files = {
        "input:c": shared_data / "memory_graph" / "locomo10_turns.jsonl.gz",
        "input:q": shared_data / "memory_graph" / "locomo10_qa.jsonl.gz",
    }
    context = QuietContext(lambda address: files[address].read_bytes())
    pooled: dict[str, list[np.ndarray]] = {}
    turns = wrong = changed = 0
    for conversation in range(10):
        config = EvolutionConfig(
            corpus="input:c",
            questions="input:q",
            keep_rest=True,
            conversation=conversation,
            notes=1000,
            evidence_at=10,
            measure_every=100,
        )
        found = run.evolution(config, context)
        assert found.number("questions out of reach") == 0
        turns += int(found.number("notes"))
        for row, recall in zip(found.notes["trials"], found.array("trial_recall"), strict=True):
            pooled.setdefault(row["name"], []).append(recall)
            changed += len(row["edited"]) if row["name"] == "paper" else 0
            wrong += len(row["misplaced"]) if row["name"] == "ranks_as_positions" else 0
    recall = {name: np.concatenate(parts).astype(np.float64) for name, parts in pooled.items()}
    print(f"\n{turns} turns, {changed} changed by others; (b) edits {wrong} wrong notes")
    for name, values in recall.items():
        low, high = bootstrap(values - recall["before"], rng(0, "locomo", name))
        gain = values.mean() - recall["before"].mean()
        print(f"{name}: recall@10 {values.mean():.1f} %, {gain:+.1f} ({low:+.1f} to {high:+.1f})")
    assert turns == 5882
    assert len(recall["paper"]) == 1982
    assert np.array_equal(recall["paper"], recall["unwritten_history"])
    assert wrong > 1000
    # Described notes searched by words alone find this much; rules must not ruin the memory.
    assert recall["before"].mean() > 50
    assert abs(recall["paper"].mean() - recall["before"].mean()) < 3
