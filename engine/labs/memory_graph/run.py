"""Each experiment of the lab: a config and a context in, a Result out."""

from __future__ import annotations

from engine.core.context import Context
from engine.core.result import Result
from engine.labs.memory_graph import bench as benching
from engine.labs.memory_graph import bucketing, timeline, tree_search
from engine.labs.memory_graph import contest as contesting
from engine.labs.memory_graph import duel as dueling
from engine.labs.memory_graph import evaluate as evaluating
from engine.labs.memory_graph import event_stream as streaming
from engine.labs.memory_graph import evolution as evolving
from engine.labs.memory_graph import order as ordering
from engine.labs.memory_graph import overview as surveying
from engine.labs.memory_graph import wavefront as spreading
from engine.labs.memory_graph import why as explaining
from engine.labs.memory_graph import working_memory as remembering
from engine.labs.memory_graph.config import (
    BenchConfig,
    BucketsConfig,
    CoatConfig,
    ContestConfig,
    DuelConfig,
    EvaluateConfig,
    EventsConfig,
    EvolutionConfig,
    ForgettingConfig,
    HiAgentConfig,
    OrderConfig,
    OverviewConfig,
    WavefrontConfig,
    WhyConfig,
)
from engine.labs.memory_graph.loading import Read


def duel(config: DuelConfig, context: Context) -> Result:
    """Every retriever on every question, side by side."""
    return dueling.duel(config, _reader(context), context.progress)


def wavefront(config: WavefrontConfig, context: Context) -> Result:
    """The walk of one question, step by step."""
    return spreading.wavefront(config, _reader(context))


def why(config: WhyConfig, context: Context) -> Result:
    """One passage's score taken apart."""
    return explaining.why(config, _reader(context))


def evolution(config: EvolutionConfig, context: Context) -> Result:
    """A-MEM grown note by note, under each switch."""
    return evolving.evolution(config, _reader(context), context.progress)


def forgetting(config: ForgettingConfig, context: Context) -> Result:
    """A dated memory, day by day, under three forgetting formulas."""
    return timeline.forgetting(config, _reader(context), context.progress)


def bench(config: BenchConfig, context: Context) -> Result:
    """A grid of thresholds and dampings, ablations and all methods."""
    return benching.bench(config, _reader(context), context.progress)


def buckets(config: BucketsConfig, context: Context) -> Result:
    """Thoughts in hash buckets against a full scan."""
    return bucketing.buckets(config, _reader(context), context.progress)


def coat(config: CoatConfig, context: Context) -> Result:
    """A search tree over the facts of a memory."""
    return tree_search.tree_search(config, _reader(context), context.progress)


def hiagent(config: HiAgentConfig, context: Context) -> Result:
    """An agent's working memory, flat and by subgoals."""
    return remembering.working_memory(config, _reader(context), context.progress)


def overview(config: OverviewConfig, context: Context) -> Result:
    """A whole memory: its map, its communities and its file."""
    return surveying.overview(config, _reader(context))


def evaluate(config: EvaluateConfig, context: Context) -> Result:
    """Recall of one retriever on one set of questions."""
    return evaluating.evaluate(config, _reader(context), context.progress)


def events(config: EventsConfig, context: Context) -> Result:
    """A stream read token by token: what the boundaries of events are cut from."""
    return streaming.events(config, _reader(context), context.progress)


def order(config: OrderConfig, context: Context) -> Result:
    """SORT: the order memory of four ways to remember the same text."""
    return ordering.order(config, _reader(context), context.progress)


def memories(config: ContestConfig, context: Context) -> Result:
    """Every retriever and every memory on the same questions, by category."""
    return contesting.contest(config, _reader(context), context.progress)


def _reader(context: Context) -> Read:
    return lambda value, _: context.read_input(value)
