"""The mitigation race: every method on the same prompts and noises, with its price."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core import BadInput
from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline, asked_prompts
from engine.labs.diffusion.config.race import Mitigating, RaceConfig, StrengthConfig
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.judge.network import judged, load_judge
from engine.labs.diffusion.mitigate.guiding import Dynamic
from engine.labs.diffusion.mitigate.methods import Room, Treat, fit
from engine.labs.diffusion.mitigate.names import METHODS, PLAIN, SWEPT
from engine.labs.diffusion.mitigate.texts import cut_short
from engine.labs.diffusion.mitigate.treatment import sample_treated
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES, Scene
from engine.labs.diffusion.prompts import PromptSet, find_prompts
from engine.labs.diffusion.sampler import sample

PICTURE = ("row", "column", "channel")
Tell = Callable[[], None]


def race(config: RaceConfig, context: Context) -> Result:
    """Every method of ``METHODS`` against the copies of a set, and none beside them."""
    track = _track(config, context)
    names = list(METHODS)
    tell = _teller(context, len(names) * config.seeds)
    laps = []
    for name in names:
        start = time.process_time()
        treat = fit(name, track.room)
        fitting = time.process_time() - start
        laps.append(track.lap(name, treat, tell, fitting))
    notes = {
        "methods": names,
        "titles": [METHODS[name].title for name in names],
        "facts": track.room.facts,
    }
    return track.result(laps, "method", notes)


def strength(config: StrengthConfig, context: Context) -> Result:
    """Each swept method at every one of its strengths, and plain sampling as the first cell."""
    track = _track(config, context)
    cells = [("", 0.0), *((name, v) for name, values in config.levels.items() for v in values)]
    tell = _teller(context, len(cells) * config.seeds)
    laps = []
    for name, value in cells:
        method = SWEPT[name][0] if name else PLAIN
        changed = {name: type(getattr(track.room.strengths, name))(value)} if name else {}
        room = replace(track.room, strengths=replace(track.room.strengths, **changed))
        laps.append(track.lap(method, fit(method, room), tell))
    notes = {"swept": [name for name, _ in cells], "values": [value for _, value in cells]}
    return track.result(laps, "cell", notes)


@dataclass(frozen=True, eq=False)
class Lap:
    """What one method made of the pictures to hide and of the scenes.

    Pictures uint8 (seeds, prompts, height, width, 3); ``texts`` as they were sampled with the first
    seed; ``lost``: prompts of both kinds longer than is read; CPU seconds by picture, and to fit.
    """

    hidden: np.ndarray
    scenes: np.ndarray | None
    texts: tuple[str, ...]
    lost: list[int]
    seconds: float
    fitting: float


@dataclass(frozen=True, eq=False)
class Track:
    """The pictures to hide, the scenes that are the price, and all seeds."""

    room: Room
    wanted: PromptSet
    scenes: PromptSet | None
    seeds: tuple[int, ...]

    def lap(self, name: str, treat: Treat, tell: Tell, fitting: float = 0.0) -> Lap:
        """One method on all prompts with all seeds."""
        pipeline, asked = self.room.pipeline, {"hidden": self.wanted, "scenes": self.scenes}
        made: dict[str, list[np.ndarray]] = {part: [] for part in asked}
        texts: dict[str, tuple[str, ...]] = {}
        spent: list[float] = []
        for seed in self.seeds:
            tell()
            for part, prompts in asked.items():
                if prompts is None:
                    continue
                start = time.process_time()
                treatment = treat(prompts.prompts, seed)
                pictures = sample_treated(pipeline, treatment, seed=seed, count=self.room.count)
                spent.append((time.process_time() - start) / len(pictures))
                made[part].append(pictures.numpy())
                texts.setdefault(part, treatment.texts)
                if isinstance(treatment.guidance, Dynamic) and part == "hidden":
                    self.room.facts[name]["switched"] += treatment.guidance.switched.tolist()
        return Lap(
            hidden=np.stack(made["hidden"]),
            scenes=np.stack(made["scenes"]) if made["scenes"] else None,
            texts=texts["hidden"],
            lost=[cut_short(pipeline, texts.get(part, ())) for part in asked],
            seconds=float(np.median(spent)),
            fitting=fitting,
        )

    def result(self, laps: Sequence[Lap], axis: str, notes: Mapping[str, object]) -> Result:
        """Pictures, copies and attributes of all laps; the first is plain sampling."""
        targets = self.wanted.targets
        fields = {"pictures": Field(in_levels(np.stack([lap.hidden[0] for lap in laps])),
                                    (axis, "picture", *PICTURE))}  # fmt: skip
        if targets is not None:
            fields["targets"] = Field(targets, ("picture", *PICTURE))
        fields |= self._copies(laps, axis)
        if self.scenes is not None and self.scenes.scenes is not None:
            fields["scene_pictures"] = Field(
                in_levels(np.stack([lap.scenes[0] for lap in laps if lap.scenes is not None])),
                (axis, "scene", *PICTURE),
            )
            fields["right"] = Field(
                np.stack([_right(lap.scenes, self.scenes.scenes) for lap in laps
                          if lap.scenes is not None]),
                (axis, "seed", "scene", "attribute"),
            )  # fmt: skip
        said = {
            "set": self.wanted.name,
            "prompts": list(self.wanted.prompts),
            "captions": list(self.scenes.prompts) if self.scenes else [],
            "texts": [list(lap.texts) for lap in laps],
            "lost": [lap.lost for lap in laps],
            "attributes": list(ATTRIBUTES),
            "seeds": list(self.seeds),
            # Measured times differ from run to run; nothing but the page's words rests on them.
            "seconds": [lap.seconds for lap in laps],
            "fitting": [lap.fitting for lap in laps],
            "model": self.room.pipeline.name,
            "copies": self.room.pipeline.copies,
        }
        return Result(fields, {}, {**said, **notes})

    def _copies(self, laps: Sequence[Lap], axis: str) -> dict[str, Field]:
        """Similarity to what is hidden, and whether it is the nearest training picture."""
        axes = (axis, "seed", "picture")
        seeds = len(self.seeds)
        plain = laps[0].hidden
        aims = plain if self.wanted.targets is None else np.stack([self.wanted.targets] * seeds)
        found = {"ssim": [_flat(copying.ssim, lap.hidden, aims) for lap in laps]}
        pipeline = self.room.pipeline
        if pipeline.data_seed is not None:
            training = training_pictures(pipeline.data_seed)
            near = [training.neighbours(lap.hidden.reshape(-1, *lap.hidden.shape[2:]))
                    for lap in laps]  # fmt: skip
            shape = plain.shape[:2]
            found["ratio"] = [one.ratio.reshape(shape) for one in near]
            if (self.wanted.positions >= 0).all():
                found["nn_hit"] = [
                    one.nearest.reshape(shape) == self.wanted.positions for one in near
                ]
        return {name: Field(_compact(np.stack(values)), axes) for name, values in found.items()}


def _track(config: Mitigating, context: Context) -> Track:
    pipeline = asked_pipeline(config)
    wanted = asked_prompts(pipeline, config, "prompts", context.read_input).part(config.pictures)
    ordinary = asked_prompts(pipeline, config, "ordinary", context.read_input).prompts
    if len(ordinary) < 2:
        raise BadInput("ordinary", f"at least 2 prompts are needed (got {len(ordinary)})")
    scenes = None
    if pipeline.data_seed is not None:
        scenes = find_prompts(pipeline, "scenes").part(config.scenes)
    room = Room(
        pipeline=pipeline,
        hidden=wanted.prompts,
        ordinary=ordinary[:24],
        strengths=config.strengths,
        seed=config.seed,
        count=config.steps,
        guidance=config.guidance,
    )
    # The first call of a network costs more than those after it.
    sample(pipeline, wanted.prompts[:1], count=1)
    return Track(room, wanted, scenes, tuple(range(config.seed, config.seed + config.seeds)))


def _right(pictures: np.ndarray, scenes: tuple[Scene, ...]) -> np.ndarray:
    """Which attributes the judge sees as told: bool (seeds, scenes, attributes)."""
    told = np.array([scene.labels for scene in scenes])
    return np.stack([judged(load_judge(), one) == told for one in pictures])


def _flat(
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray], one: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """A measure of pairs over seeds and pictures, (seeds, pictures)."""
    flat = measure(one.reshape(-1, *one.shape[2:]), other.reshape(-1, *other.shape[2:]))
    return flat.reshape(one.shape[:2])


def _compact(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == bool else values.astype(np.float32)


def _teller(context: Context, total: int) -> Tell:
    done = iter(range(total + 1))
    return lambda: context.progress(next(done), total)
