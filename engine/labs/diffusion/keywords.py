"""Which word is the key: the prompt with one word less, or with another word in its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.tokens import WordsConfig
from engine.labs.diffusion.kinds import kind_of, swapped, without
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompts import PromptSet, know_prompts
from engine.labs.diffusion.sampler import first_noise, sample_states

MOST_WORDS = 24
UNRELATED = 3
WHOLE, LEFT_OUT, SWAPPED, OTHER = "whole", "left out", "swapped", "unrelated"


@dataclass(frozen=True)
class Variant:
    """A prompt, what was done to it, and the place of the word (-1: none)."""

    prompt: str
    act: str
    place: int = -1
    word: str = ""


def run(config: WordsConfig, context: Context) -> Result:
    """Sample every variant of the prompt from the same noises and compare it with one picture.

    "ssim" (variant, seed) is that to the training picture that belongs to the whole prompt, or
    where there is none to what the whole prompt gives from the same noise; "picture" (variant,
    row, column, channel) are those of the first seed. Never-trained titles tell how alike any
    two pictures are. Raises BadInput for a prompt of one word or of more than 24.
    """
    pipeline = asked_pipeline(config)
    words = config.prompt.split()
    if not 2 <= len(words) <= MOST_WORDS:
        raise BadInput("prompt", f"must have from 2 to {MOST_WORDS} words (got {len(words)})")
    variants = _variants(pipeline, config, words)
    prompts = tuple(one.prompt for one in variants)
    states = pipeline.encode(prompts)
    made = []
    for at in range(config.seeds):
        context.progress(at, config.seeds)
        noise = first_noise(pipeline, 1, config.seed + at).expand(len(states), -1, -1, -1)
        made.append(sample_states(pipeline, states, noise=noise).numpy())
    pictures = np.stack(made, axis=1)  # variant seed row column channel
    known = know_prompts(pipeline, "variants", prompts)
    whole = know_prompts(pipeline, "whole", (config.prompt,))
    beside = pictures[0] if whole.targets is None else whole.targets
    similar = [
        copying.ssim(row, np.broadcast_to(beside, row.shape)).astype(np.float32) for row in pictures
    ]
    fields = {
        "picture": Field(pictures[:, 0], ("variant", "row", "column", "channel")),
        "ssim": Field(np.stack(similar), ("variant", "seed")),
        "place": Field(np.array([one.place for one in variants]), ("variant",)),
    }
    if whole.targets is not None:
        fields["target"] = Field(whole.targets[0], ("row", "column", "channel"))
    return Result(
        fields,
        {
            "seeds": config.seeds,
            "trained": whole.targets is not None,
            "extracted_over": copying.EXTRACTED,
        },
        {
            "model": pipeline.name,
            "words": words,
            "kinds": [kind_of(word) for word in words],
            "variants": [one.prompt for one in variants],
            "acts": [one.act for one in variants],
            "others": [one.word for one in variants],
            "copies": _copies(pipeline, known),
        },
    )


def _variants(pipeline: Pipeline, config: WordsConfig, words: list[str]) -> list[Variant]:
    found = [Variant(config.prompt, WHOLE)]
    for place, word in enumerate(words):
        found.append(Variant(without(words, place), LEFT_OUT, place, word))
        found += [
            Variant(prompt, SWAPPED, place, other)
            for other, prompt in swapped(words, place, config.swaps, config.seed)
        ]
    if pipeline.data_seed is not None:
        never = build_collection(pipeline.data_seed).unseen_titles
        others = [title for title in never if title != config.prompt][:UNRELATED]
        found += [Variant(title, OTHER) for title in others]
    return found


def _copies(pipeline: Pipeline, known: PromptSet) -> list[int | None]:
    """How often each prompt was a trained title: 0 for never, None where that is not known."""
    if pipeline.data_seed is None:
        return [None] * len(known.prompts)
    data = build_collection(pipeline.data_seed)
    times = data.copies if pipeline.copies else np.ones_like(data.copies)
    return [int(times[at]) if at >= 0 else 0 for at in known.positions.tolist()]
