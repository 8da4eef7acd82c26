"""The memory-graph lab: notes that link, evolve, forget and answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.registry import Experiment, Lab
from engine.labs.memory_graph import config, cost
from engine.labs.memory_graph.papers import PAPERS
from engine.labs.memory_graph.sources import SAMPLES
from engine.models.embedded import weights_version

if TYPE_CHECKING:
    from engine.labs.memory_graph.memory import Memory

__all__ = ["LAB", "Memory"]


def _bench_cost(settings: config.BenchConfig) -> float:
    """CPU seconds, from the diary and from 1,890 passages with 100 questions; others are between.

    An upload's size is not known here.
    """
    cells = len(settings.grid[0]) * len(settings.grid[1])
    return 0.4 + 0.02 * cells if settings.corpus in SAMPLES else 10.0 + 0.5 * cells


LAB = Lab(
    name="memory_graph",
    title="Memory graph",
    sentence="Notes that link, evolve, forget and answer: which passages a question reaches, what "
    "a memory keeps and loses, and why.",
    experiments=(
        Experiment(
            "duel",
            "Retrievers side by side",
            config.DuelConfig,
            "engine.labs.memory_graph.run:duel",
            version=2,
            cost_seconds=lambda settings: 2.0,
        ),
        Experiment(
            "wavefront",
            "How a question spreads",
            config.WavefrontConfig,
            "engine.labs.memory_graph.run:wavefront",
            version=2,
            cost_seconds=lambda settings: 2.0,
        ),
        Experiment(
            "why",
            "Why this passage",
            config.WhyConfig,
            "engine.labs.memory_graph.run:why",
            version=2,
            cost_seconds=lambda settings: 1.0,
        ),
        Experiment(
            "events",
            "Events of a stream",
            config.EventsConfig,
            "engine.labs.memory_graph.run:events",
            # A result belongs to a revision of its code and to the embedded weights.
            version=2 << 32 | weights_version(),
            cost_seconds=cost.events,
        ),
        Experiment(
            "order",
            "Which came first?",
            config.OrderConfig,
            "engine.labs.memory_graph.run:order",
            cost_seconds=cost.order,
        ),
        Experiment(
            "forgetting",
            "Forgetting in time",
            config.ForgettingConfig,
            "engine.labs.memory_graph.run:forgetting",
            cost_seconds=lambda settings: (
                2.0 if settings.forget_by == "threshold" else 1.0 + 0.2 * settings.draws
            ),
        ),
        Experiment(
            "evolution",
            "A-MEM, note by note",
            config.EvolutionConfig,
            "engine.labs.memory_graph.run:evolution",
            cost_seconds=lambda settings: max(2.0, 6e-6 * settings.notes**2),
        ),
        Experiment(
            "bench",
            "Threshold by damping",
            config.BenchConfig,
            "engine.labs.memory_graph.run:bench",
            cost_seconds=_bench_cost,
        ),
        Experiment(
            "buckets",
            "Thoughts in hash buckets",
            config.BucketsConfig,
            "engine.labs.memory_graph.run:buckets",
            version=2,
            cost_seconds=lambda settings: 2.0,
        ),
        Experiment(
            "coat",
            "A search tree of thoughts",
            config.CoatConfig,
            "engine.labs.memory_graph.run:coat",
            version=2,
            cost_seconds=lambda settings: max(0.015 * settings.simulations, 1.0),
        ),
        Experiment(
            "hiagent",
            "Working memory by subgoals",
            config.HiAgentConfig,
            "engine.labs.memory_graph.run:hiagent",
            version=2,
            cost_seconds=lambda settings: 1.0,
        ),
        Experiment(
            "overview",
            "Your memory",
            config.OverviewConfig,
            "engine.labs.memory_graph.run:overview",
            version=2,
            # Of two hundred notes; what a visitor brings is drawn without being asked for, and
            # twenty thousand take thirteen seconds.
            cost_seconds=lambda settings: 2.0,
        ),
        Experiment(
            "evaluate",
            "Recall of one retriever",
            config.EvaluateConfig,
            "engine.labs.memory_graph.run:evaluate",
            version=2,
            cost_seconds=lambda settings: 1.0 if settings.corpus in SAMPLES else 15.0,
        ),
        Experiment(
            "memories",
            "Memories side by side",
            config.ContestConfig,
            "engine.labs.memory_graph.run:memories",
            cost_seconds=lambda settings: 20.0,
        ),
    ),
    papers=PAPERS,
    commands={
        "evaluate": "engine.labs.memory_graph.commands:evaluate",
        "memories": "engine.labs.memory_graph.commands:memories",
        "embed": "engine.labs.memory_graph.commands_embed:embed",
        "extract": "engine.labs.memory_graph.commands_extract:extract",
        "index": "engine.labs.memory_graph.commands_memory:index",
        "ask": "engine.labs.memory_graph.commands_memory:ask",
    },
    folder=Path(__file__).parent,
    claims="engine.labs.memory_graph.views.claims:CLAIMS",
)


def __getattr__(name: str) -> Any:
    """``Memory``, when it is asked for: a registered lab has loaded neither numpy nor scipy."""
    if name != "Memory":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.labs.memory_graph.memory import Memory

    return Memory
