"""Every method of the race behind one interface: fitted once, then applied to any prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.masks import Masks, random_like, share
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.mitigate import embedding, nemo, neurons, texts
from engine.labs.diffusion.mitigate.guiding import Dynamic, delayed
from engine.labs.diffusion.mitigate.names import Strengths
from engine.labs.diffusion.mitigate.start_token import after_words, start_token
from engine.labs.diffusion.mitigate.treatment import Treatment, encoded
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, Cut, first_noise, steps

Prompts = tuple[str, ...]
Treat = Callable[[Prompts, int], Treatment]
"""The prompts as they are sampled, from prompts and the seed that they are sampled with."""
SITE = "ff_out"


@dataclass(frozen=True, eq=False)
class Room:
    """What methods are fitted on: prompts whose copies are to be hidden, and ordinary ones."""

    pipeline: Pipeline
    hidden: Prompts
    ordinary: Prompts
    strengths: Strengths = field(default_factory=Strengths)
    seed: int = 0
    count: int = STEPS
    guidance: float = GUIDANCE
    facts: dict[str, Any] = field(default_factory=dict)
    """What a method tells about how it was fitted or applied, by its name."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What a method leaves for its control."""


def fit(name: str, room: Room) -> Treat:
    """The method called ``name`` (a key of ``METHODS``), ready for prompts; raises BadInput."""
    return _METHODS[name](room)


def _none(room: Room) -> Treat:
    return lambda prompts, seed: _guided(room, encoded(room.pipeline, prompts))


def _insert(kind: texts.Kind) -> Callable[[Room], Treat]:
    def ready(room: Room) -> Treat:
        def treat(prompts: Prompts, seed: int) -> Treatment:
            longer = texts.insert(room.pipeline, prompts, kind, room.strengths.words, seed)
            return _guided(room, encoded(room.pipeline, longer))

        return treat

    return ready


def _noise(which: str) -> Callable[[Room], Treat]:
    def ready(room: Room) -> Treat:
        amount = float(getattr(room.strengths, which))

        def treat(prompts: Prompts, seed: int) -> Treatment:
            states = embedding.add_noise(room.pipeline.encode(prompts), amount, seed)
            return Treatment(states, prompts, room.guidance)

        return treat

    return ready


def _step(room: Room) -> Treat:
    pipeline, strengths = room.pipeline, room.strengths
    noise = first_noise(pipeline, len(room.ordinary), room.seed)
    scores = embedding.first_scores(pipeline, pipeline.encode(room.ordinary), noise, room.count)
    usual = float(scores.mean())
    facts = room.facts.setdefault("step", {"usual": usual, "before": [], "after": [], "taken": []})

    def treat(prompts: Prompts, seed: int) -> Treatment:
        moved = embedding.move(
            pipeline,
            pipeline.encode(prompts),
            first_noise(pipeline, len(prompts), seed),
            target=usual * strengths.target,
            rate=strengths.rate,
            iterations=strengths.iterations,
            count=room.count,
        )
        if prompts == room.hidden:
            for key in ("before", "after", "taken"):
                facts[key] += [float(value) for value in getattr(moved, key)]
        return Treatment(moved.states, prompts, room.guidance)

    return treat


def _start(masked: bool) -> Callable[[Room], Treat]:
    def ready(room: Room) -> Treat:
        pipeline = room.pipeline

        def treat(prompts: Prompts, seed: int) -> Treatment:
            end = pipeline.tokenizer.eos_token_id
            behind = after_words(pipeline.tokens(prompts), end) if masked else None
            changed = start_token(room.strengths.scale, behind)
            states = pipeline.encode(prompts)
            return Treatment(states, prompts, room.guidance, attention=lambda _: changed)

        return treat

    return ready


def _late(transition: str, before: str = "") -> Callable[[Room], Treat]:
    def ready(room: Room) -> Treat:
        schedule = delayed(
            int(getattr(room.strengths, transition)),
            before=float(getattr(room.strengths, before)) if before else 0.0,
            after=room.guidance,
        )
        return lambda prompts, seed: Treatment(room.pipeline.encode(prompts), prompts, schedule)

    return ready


def _dynamic(room: Room) -> Treat:
    schedule = Dynamic(usual_scores(room), after=room.guidance)
    room.facts["dynamic"] = {"switched": [], "steps": room.count}

    def treat(prompts: Prompts, seed: int) -> Treatment:
        return Treatment(room.pipeline.encode(prompts), prompts, schedule)

    return treat


def usual_scores(room: Room) -> list[float]:
    """The mean score of ordinary prompts at every step, on the way that has no guidance."""
    pipeline, prompts = room.pipeline, room.ordinary[:8]
    states = pipeline.encode([*[""] * len(prompts), *prompts])
    noise = first_noise(pipeline, len(prompts), room.seed)
    walk = steps(pipeline, states, noise, count=room.count, guidance=0.0)
    return [max(float(step.score.mean()), 1e-12) for step in walk]


def _values(room: Room) -> Treat:
    pipeline, strengths = room.pipeline, room.strengths
    bench = nemo.build_bench(pipeline, noises=strengths.noises, seed=room.seed, steps=room.count)
    bench = nemo.with_threshold(bench, room.ordinary)
    others = neurons.usual(pipeline, other_captions(pipeline, room.ordinary))
    found = [nemo.search(bench, prompt, others, strengths) for prompt in room.hidden]
    both = neurons.union([one.neurons for one in found])
    room.kept["values"] = both
    room.facts["values"] = {
        "threshold": bench.threshold,
        "others": others.prompts,
        "neurons": sum(len(mask) for mask in both.values()),
        "blocked": neurons.count(both),
        "found": [neurons.count(one.neurons) for one in found],
        "before": [one.before for one in found],
        "after": [one.after for one in found],
        "reached": [one.reached for one in found],
    }
    return _with_cut(room, neurons.block(pipeline, both))


def other_captions(pipeline: Pipeline, ordinary: Sequence[str]) -> tuple[str, ...]:
    """Captions that were trained on once, where that is known; else ``ordinary``."""
    if pipeline.data_seed is None:
        return tuple(ordinary)
    data = build_collection(pipeline.data_seed)
    once = (c for c, copies in zip(data.captions, data.copies, strict=True) if copies == 1)
    return tuple(dict.fromkeys(once))


def _values_random(room: Room) -> Treat:
    drawn = neurons.random_neurons(room.kept["values"], room.seed)
    return _with_cut(room, neurons.block(room.pipeline, drawn))


def _prune(room: Room) -> Treat:
    how = How(
        sparsity=room.strengths.sparsity, tau=min(room.strengths.tau, room.count), site=SITE,
        seed=room.seed, count=room.count, guidance=room.guidance,
    )  # fmt: skip
    masks = locate(room.pipeline, [room.hidden], how)
    room.kept["prune"] = masks
    room.facts["prune"] = {"share": share(masks)}
    return _with_cut(room, _cut(room, masks))


def _prune_random(room: Room) -> Treat:
    return _with_cut(room, _cut(room, random_like(room.kept["prune"], room.seed)))


def _cut(room: Room, masks: Masks) -> Cut:
    return prune(room.pipeline, find_site(SITE), masks)


def _with_cut(room: Room, cut: Cut) -> Treat:
    def treat(prompts: Prompts, seed: int) -> Treatment:
        return Treatment(room.pipeline.encode(prompts), prompts, room.guidance, cut=cut)

    return treat


def _guided(room: Room, treatment: Treatment) -> Treatment:
    return Treatment(treatment.states, treatment.texts, room.guidance)


_METHODS: Mapping[str, Callable[[Room], Treat]] = {
    "none": _none,
    "words": _insert("words"),
    "numbers": _insert("numbers"),
    "repeats": _insert("repeats"),
    "noise": _noise("noise"),
    "noise_high": _noise("noise_high"),
    "step": _step,
    "start": _start(False),
    "start_mask": _start(True),
    "delayed": _late("transition"),
    "opposite": _late("opposite_until", "opposite"),
    "dynamic": _dynamic,
    "values": _values,
    "values_random": _values_random,
    "prune": _prune,
    "prune_random": _prune_random,
}
