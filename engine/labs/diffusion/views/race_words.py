"""What the mitigation race shows, in sentences that are computed from it."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.core.units import count, percent
from engine.figures import pareto_front
from engine.labs.diffusion.copying import EXTRACTED, zncc
from engine.labs.diffusion.mitigate.names import METHODS
from engine.labs.diffusion.views.decimals import hundredths
from engine.labs.diffusion.views.race_measures import (
    aim,
    extracted,
    has_scenes,
    has_targets,
    hits,
    missed,
    pictures,
    price,
    similarity,
)

# A control that does at least this share of a method's work explains it away.
EXPLAINED = 0.5
# ZNCC over which a picture is recognisable: a line of this lab.
CORRELATED = 0.6


def sizes(result: Result) -> str:
    """How much stands behind each number."""
    level = result.array("ssim")
    words = f"{count(level.shape[2], 'picture')} with {count(level.shape[1], 'seed')}"
    if has_scenes(result):
        right = result.array("right")
        words += f"; {count(right.shape[2], 'scene')} with {right.shape[3]} attributes each"
    return words


def describe_plain(result: Result) -> str:
    """What comes out without a method."""
    number, over = pictures(result), int(extracted(result)[0])
    if not has_targets(result):
        return (
            "The pictures that belong to these prompts are not known: similarity is to the picture "
            "that the same noise gives without a method."
        )
    words = (
        f"Without a method {over} of {number} samples are extracted (SSIM over {EXTRACTED:g}); "
        f"the mean SSIM is {similarity(result)[0]:.2f}."
    )
    if not result.notes["copies"]:
        words += " This model saw every picture once: what is here to hide is little."
    return words


HEADS = {
    "none": f"**No sample over SSIM {EXTRACTED:g}**",
    "fewer": "**Fewer copies**",
    "same": "**As many copies as before**",
    "price": "**What the methods cost**",
}


def describe_methods(result: Result) -> list[str]:
    """Which methods leave no copy, fewer or as many, each with its price.

    The prices alone where there is no copy to hide, or none that is known.
    """
    over = extracted(result)
    copied = has_targets(result) and over[0] > 0
    groups: dict[str, list[str]] = {head: [] for head in HEADS}
    for i, name in enumerate(result.notes["methods"]):
        if i == 0 or METHODS[name].control or not (copied or has_scenes(result)):
            continue
        group = "none" if over[i] == 0 else "fewer" if over[i] < over[0] else "same"
        group = group if copied else "price"
        left = f", {over[i]} left" if group == "fewer" else ""
        left += _unreached(result) if name == "values" else ""
        cost = f": {price(result, i).words}" if has_scenes(result) else ""
        cut = ", caption cut short" if result.notes["lost"][i][1] and cost else ""
        groups[group].append(f"- {METHODS[name].title}{left}{cost}{cut}")
    return ["\n".join([f"{HEADS[group]}:\n", *lines]) for group, lines in groups.items() if lines]


def describe_hits(result: Result) -> str:
    """Where pictures stay the nearest to their training picture though none counts as a copy."""
    near, over = hits(result), extracted(result)
    if near is None or not has_targets(result):
        return ""
    parts = [
        f"{METHODS[name].title} {near[i]} (extracted {over[i]})"
        for i, name in enumerate(result.notes["methods"])
        if near[i] > over[i] and over[i] < over[0]
    ]
    if not parts:
        return ""
    return (
        f"Softened, not gone: of {pictures(result)} samples the nearest training picture is "
        f"still the prompt's own with {', '.join(parts)}."
    )


def describe_controls(result: Result) -> list[str]:
    """Each control beside its method."""
    names, level = result.notes["methods"], similarity(result)
    found: list[str] = []
    if has_targets(result) and not extracted(result)[0]:
        return found
    for i, name in enumerate(names):
        if not (of := METHODS[name].control) or of not in names:
            continue
        mine, theirs = level[0] - level[names.index(of)], level[0] - level[i]
        title = METHODS[of].title
        said = f"{title.capitalize()}: SSIM falls by {mine:.2f}, with as many at random by " \
               f"{theirs:.2f}."  # fmt: skip
        if mine <= 0:
            verdict = "It hides nothing here."
        elif of == "values" and (share := blocked_share(result)) > EXPLAINED:
            verdict = (
                f"With {percent(share)} of all neurons blocked, those at random are mostly the "
                "same ones: this control can tell nothing here."
            )
        elif theirs >= EXPLAINED * mine:
            verdict = "Most of this is the number, not the choice."
        else:
            verdict = "The choice matters, not only the number."
        found.append(f"{said} {verdict}")
    return found


def _unreached(result: Result) -> str:
    """A search for neurons that did not reach its threshold is no success of the method."""
    facts = result.notes["facts"].get("values")
    if not facts or all(facts["reached"]):
        return ""
    return f", threshold not reached, {percent(blocked_share(result))} of all neurons blocked"


def describe_correlated(result: Result) -> str:
    """Pictures that correlate with their own training picture best, though SSIM is under the line.

    Distance and SSIM miss a copy whose contrast has changed; correlation does not.
    """
    if not has_targets(result) or not extracted(result)[0]:
        return ""
    targets, made = result.array("targets"), result.array("pictures")
    parts = []
    for i, name in enumerate(result.notes["methods"]):
        if not i or METHODS[name].control or extracted(result)[i] >= extracted(result)[0]:
            continue
        level = np.stack(
            [zncc(np.repeat(one[None], len(targets), axis=0), targets) for one in made[i]]
        )
        own = np.diag(level)
        kept = int(((level.argmax(1) == np.arange(len(own))) & (own > CORRELATED)).sum())
        if kept:
            parts.append(f"{METHODS[name].title} {kept}")
    if not parts:
        return ""
    return (
        f"By correlation (ZNCC over {CORRELATED:g}, the own training picture best) of the "
        f"{len(targets)} pictures shown these are still recognisable: {', '.join(parts)}."
    )


def blocked_share(result: Result) -> float:
    """Blocked value neurons over all of them; 0 where the search was not run."""
    facts = result.notes["facts"].get("values")
    return facts["blocked"] / facts["neurons"] if facts else 0.0


def describe_front(result: Result) -> str:
    """The methods that no other beats on both axes."""
    names, x = result.notes["methods"], similarity(result)
    if not has_scenes(result):
        order = np.argsort(x)[:3]
        parts = [f"{METHODS[names[i]].title} {x[i]:.2f}" for i in order]
        return f"Least similar to {aim(result)}: {', '.join(parts)}; no method {x[0]:.2f}."
    if has_targets(result) and not extracted(result)[0]:
        return "No copy comes out without a method, so that there is nothing to weigh its price by."
    y = missed(result)
    kept = [i for i, name in enumerate(names) if i and not METHODS[name].control]
    parts = [
        f"{METHODS[names[kept[i]]].title} (SSIM {hundredths(x[kept[i]])}, {y[kept[i]]:.0f} % of "
        "attributes wrong)"
        for i in pareto_front(x[kept], y[kept])
    ]
    return f"No other method beats these on both axes: {', '.join(parts)}."


def describe_lost(result: Result) -> str:
    """Prompts that got longer than the text encoder reads."""
    total = (len(result.notes["prompts"]), len(result.notes["captions"]))
    parts = []
    for name, (hidden, scenes) in zip(result.notes["methods"], result.notes["lost"], strict=True):
        if hidden or scenes:
            parts.append(f"{METHODS[name].title} ({hidden} of {total[0]} prompts, "
                         f"{scenes} of {total[1]} scenes)")  # fmt: skip
    if not parts:
        return ""
    return (
        f"Longer than the text encoder reads, so that their last words were lost: "
        f"{', '.join(parts)}. This is part of the price here; encoders of larger models read more."
    )


def describe_neurons(result: Result) -> str:
    """How the search for value neurons ended."""
    facts = result.notes["facts"].get("values")
    if not facts:
        return ""
    reached, prompts = sum(facts["reached"]), len(facts["reached"])
    words = (
        f"Value neurons: the search reached its threshold of {facts['threshold']:.2f} for "
        f"{reached} of {count(prompts, 'prompt')}"
    )
    if reached < prompts:
        least = min(a for a, r in zip(facts["after"], facts["reached"], strict=True) if not r)
        words += f" (the lowest similarity of the others is {least:.2f})"
    return (
        f"{words}; {facts['blocked']} of {facts['neurons']} neurons are blocked, "
        "those of all prompts together (the authors block those of one prompt at a time). "
        f"Scores are relative to {facts['others']:,} other captions."
    )


def describe_steps(result: Result) -> str:
    """How far the embedding steps got."""
    facts = result.notes["facts"].get("step")
    if not facts or not facts["before"]:
        return ""
    before, after = (np.mean(facts[key]) / facts["usual"] for key in ("before", "after"))
    return (
        f"Embedding steps: first-step scores fall from {before:.1f} to {after:.1f} times those of "
        f"ordinary prompts, in {np.mean(facts['taken']):.1f} steps on average."
    )


def describe_dynamic(result: Result) -> str:
    """When dynamic guidance set in."""
    facts = result.notes["facts"].get("dynamic")
    if not facts or not facts["switched"]:
        return ""
    begun = [step for step in facts["switched"] if step < facts["steps"]]
    never = len(facts["switched"]) - len(begun)
    words = "Dynamic guidance: "
    if begun:
        words += f"sets in at step {np.median(begun) + 1:.0f} of {facts['steps']} in the median"
        words += f", for {count(never, 'picture')} never." if never else "."
        return words
    return f"{words}no score passes a minimum; no picture was guided."
