"""Claims about extraction, detectors and mitigations that the lab runs beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt

import numpy as np

from engine.core.claims import Claim, Comparison, Standing, Unmeasured
from engine.core.result import Result
from engine.core.units import percent
from engine.labs.diffusion.detect.methods import METHODS as SCORES
from engine.labs.diffusion.detect.reading import offered, ordinary_names
from engine.labs.diffusion.mitigate.names import METHODS
from engine.labs.diffusion.views.basin import describe_basin, lost_at, steepest
from engine.labs.diffusion.views.detection import Choice, class_title, groups
from engine.labs.diffusion.views.ladder_table import Ladder, ladder_of
from engine.labs.diffusion.views.ladder_words import describe_ladder
from engine.labs.diffusion.views.race_measures import (
    ERRORS,
    extracted,
    has_scenes,
    has_targets,
    hiding,
    pictures,
    price,
)
from engine.labs.diffusion.views.race_words import EXPLAINED, blocked_share

CARLINI = "https://arxiv.org/abs/2301.13188"
SOMEPALLI = "https://arxiv.org/abs/2305.20086"
WEBSTER = "https://arxiv.org/abs/2305.08694"
CURVATURE = "https://arxiv.org/abs/2605.26756"
BASIN = "https://arxiv.org/abs/2411.16738"
NEMO = "https://arxiv.org/abs/2406.02366"

TEXTS = ("words", "numbers", "repeats", "noise")
GUIDANCE = ("delayed", "opposite", "dynamic")
ONE_STEP = ("white_box", "edges")
# Neurons of one picture that may still be called single ones: a line of this lab.
FEW = 10


def ladder_claims(result: Result) -> tuple[Claim, ...]:
    """Training pictures that come out again, by how often they were repeated in training."""
    ladder = ladder_of(result, result.notes["model"])
    rungs = [rung for rung in ladder.rungs("extracted") if rung > 0]
    if not rungs:
        return ()
    # Without copies every picture of the ladder was trained once, whatever its rung is called.
    once = [1] if result.notes["trained_copies"] else rungs
    single = emits(ladder, once)
    repeated = [rung for rung in rungs if rung not in once and emits(ladder, [rung])]
    if single:
        told = "Pictures that were trained once are emitted here, too."
    elif repeated:
        told = (
            f"Pictures that were repeated in training are emitted here, from {min(repeated)} "
            "copies on; those that were trained once are not."
        )
    else:
        told = "No training picture is emitted here more often than titles never trained."
    return (
        Claim(
            CARLINI,
            "Diffusion models memorize single pictures of their training data and emit them when "
            "they generate.",
            f"{describe_ladder(ladder)} {_describe_ratio(ladder, rungs)}",
            "Carlini et al. 2023, abstract",
            told,
            "holds" if single else "partly" if repeated else "not here",
            published="over a thousand training examples extracted",
            mark="abstract",
            caveat="They search large models for copies; here every caption of the ladder is "
            "sampled, and SSIM decides. Of the paper the abstract was read.",
        ),
    )


def emits(ladder: Ladder, rungs: Sequence[int]) -> bool:
    """Whether pictures of these rungs come out more often than titles never trained do by chance.

    Beyond noise: by more than twice the standard error over pictures.
    """
    trained = np.concatenate([ladder.on(rung, "extracted").mean(0) for rung in rungs])
    never = ladder.on(0, "extracted").mean(0) if 0 in ladder.rungs("extracted") else np.zeros(1)
    error = hypot(*(float(values.std() / sqrt(len(values))) for values in (trained, never)))
    return float(trained.mean() - never.mean()) > ERRORS * error


def _describe_ratio(ladder: Ladder, rungs: Sequence[int]) -> str:
    most, least = max(rungs), min(rungs)
    ratios = [ladder.on(rung, "ratio").mean() for rung in (most, least)]
    return (
        "The distance to the nearest training picture over that to the nearest fifty is "
        f"{ratios[0]:.2f} on the rung of {most} and {ratios[1]:.2f} on that of {least}."
    )


def one_step_claims(result: Result) -> tuple[Claim, ...]:
    """Copies told by what is there after one step: a score of one picture, and edges of many."""
    names = [name for name in ONE_STEP if name in offered(result)]
    areas = {name: groups(result, Choice(name)).area for name in names}
    clear = [name for name, found in areas.items() if found.low > 0.5]
    turned = [
        f"{SCORES[name].title} against {class_title(other)}"
        for name in names
        for other in ordinary_names(result)
        if groups(result, Choice(name, (other,))).area.high < 0.5
    ]
    told = f"{len(clear)} of {len(names)} scores tell copied prompts better than chance here"
    if turned:
        told += f"; the wrong way round: {', '.join(turned)}"
    return (
        Claim(
            WEBSTER,
            "A copied picture stands there after one step, any other is a blur then: one step of "
            "the sampling is enough to tell them.",
            "; ".join(f"{SCORES[name].title}: AUC {found.text}" for name, found in areas.items())
            + ", raw scores against all ordinary prompts.",
            "Webster 2023, the author's repository, “Idea behind attack”",
            f"{told}.",
            _of(len(clear) if not turned else min(len(clear), len(names) - 1), len(names)),
            url="https://github.com/ryanwebster90/onestep-extraction",
            mark="author's repository",
            caveat="A small model of this lab. No figure of the paper is compared, and copies of "
            "templates, which the paper finds, are not trained here.",
        ),
    )


def _of(count: int, every: int) -> Standing:
    return "holds" if count == every else "partly" if count else "not here"


def mitigation_claims(result: Result) -> tuple[Claim, ...]:
    """What keeps copies from coming out: none where no copy comes out without a method."""
    if not has_targets(result) or not extracted(result)[0]:
        return ()
    held = set(result.notes["methods"])
    claims = []
    if held.issuperset(TEXTS):
        claims.append(_text_claim(result))
    if held.issuperset(GUIDANCE):
        claims.append(_guidance_claim(result))
    if held.issuperset(("values", "values_random")):
        claims.append(_neuron_claim(result))
    return tuple(claims)


def _text_claim(result: Result) -> Claim:
    return Claim(
        SOMEPALLI,
        "Replication is reduced when the caption is randomized as a picture is sampled: random "
        "words, random numbers, words said again, noise on the embedding.",
        describe_left(result, TEXTS),
        "Somepalli et al. 2023, abstract; the methods in the authors' code",
        describe_hiding(result, TEXTS),
        _of(len(hides(result, TEXTS)), len(TEXTS)),
        mark="abstract, code",
        caveat="The authors' strengths on a small model; noise is in units of this model's states, "
        "and its text encoder reads short captions only. Their tables were not read.",
    )


def _guidance_claim(result: Result) -> Claim:
    able, costly = hides(result, GUIDANCE), costs(result, GUIDANCE)
    sooner = hiding(result, "opposite", beside="delayed").shows
    told = (
        f"{describe_hiding(result, GUIDANCE)} Opposite guidance leaves "
        f"{'fewer copies' if sooner else 'no fewer copies'} than delayed guidance beyond noise."
    )
    if costly:
        told += f" With {_titles(costly)} scenes lose attributes that they are told."
    count = len(able) if not costly else min(len(able), len(GUIDANCE) - 1)
    return Claim(
        BASIN,
        "Guidance that sets in only after a transition point, or is turned round until then, keeps "
        "sampling from a memorized picture, and what comes out still follows the prompt.",
        describe_left(result, GUIDANCE),
        "Jain et al. 2025, abstract; transition points from the authors' code",
        told,
        _of(count, len(GUIDANCE)),
        mark="abstract, code",
        caveat="The transition points were chosen for another model, and scenes tell the price "
        "here, not the quality of pictures. Their figures were not read.",
    )


def _neuron_claim(result: Result) -> Claim:
    facts = result.notes["facts"]["values"]
    found, reached = sorted(facts["found"]), sum(facts["reached"])
    specific = (
        hiding(result, "values").shows and hiding(result, "values", beside="values_random").shows
    )
    few = float(np.median(found)) <= FEW and reached == len(found)
    return Claim(
        NEMO,
        "In many cases single neurons of cross-attention are responsible for a memorized picture; "
        "without them it is not replicated.",
        f"{describe_left(result, ('values', 'values_random'))} The search took {found[0]} to "
        f"{found[-1]} neurons for one picture and reached its threshold for {reached} of "
        f"{len(found)}; {facts['blocked']} of {facts['neurons']} are blocked.",
        "Hintersdorf et al. 2024, abstract, in the authors' repository",
        f"{_describe_choice(result)} Single neurons {'are' if few else 'are not'} enough here.",
        "holds" if specific and few else "partly" if specific else "not here",
        url="https://github.com/ml-research/localizing_memorization_in_diffusion_models",
        mark="abstract",
        caveat="A small model with few value neurons; those of all pictures are blocked together, "
        "theirs one picture at a time. Their figures were not read.",
    )


def _describe_choice(result: Result) -> str:
    """Whether it matters which value neurons are blocked."""
    if not hiding(result, "values").shows:
        return "Blocked neurons leave no fewer copies than no method does, beyond noise."
    if hiding(result, "values", beside="values_random").shows:
        return "Blocked neurons hide copies, and as many at random hide fewer."
    told = "Blocked neurons hide copies, and as many at random no fewer"
    if (share := blocked_share(result)) > EXPLAINED:
        told += f"; with {percent(share)} of all blocked, both are mostly the same"
    return f"{told}."


def hides(result: Result, names: Sequence[str]) -> list[str]:
    """The methods that leave fewer copies than none does, beyond noise."""
    return [name for name in names if hiding(result, name).shows]


def costs(result: Result, names: Sequence[str]) -> list[str]:
    """The methods with which scenes lose attributes, beyond noise."""
    if not has_scenes(result):
        return []
    prices = {name: price(result, result.notes["methods"].index(name)) for name in names}
    return [name for name, one in prices.items() if one.shows and one.points > 0]


def describe_left(result: Result, names: Sequence[str]) -> str:
    """The copies that are left with each method, and its price in scenes."""
    parts = []
    for name in names:
        said = f"{METHODS[name].title} leaves {hiding(result, name).left}"
        if has_scenes(result):
            said += f" and {price(result, result.notes['methods'].index(name)).words}"
        parts.append(said)
    words = (
        f"Of {pictures(result)} samples {extracted(result)[0]} are copies without a method; "
        f"{'; '.join(parts)}."
    )
    if has_scenes(result):
        words += " Points are attributes of scenes that come out as told."
    return words


def describe_hiding(result: Result, names: Sequence[str]) -> str:
    """Which methods leave fewer copies beyond noise, and which do not."""
    able = hides(result, names)
    rest = [name for name in names if name not in able]
    parts = [f"fewer copies beyond noise with {_titles(able)}"] if able else []
    parts += [f"not with {_titles(rest)}" if able else f"no fewer copies with {_titles(rest)}"
              ] if rest else []  # fmt: skip
    told = ", ".join(parts)
    return f"{told[0].upper()}{told[1:]}."


def _titles(names: Sequence[str]) -> str:
    return " and ".join(METHODS[name].title for name in names)


def basin_claims(result: Result) -> tuple[Claim, ...]:
    """Whether a copied caption draws others to its picture, as a control does not."""
    (copied, control), (steep, slow) = lost_at(result)[[0, 2]], steepest(result)[[0, 2]]
    wider = bool(copied.min() > control.max())
    sudden = bool(steep.min() > slow.max())
    told = {
        (True, True): "The copied picture is held further and then lost more suddenly than that of "
        "the control.",
        (True, False): "The copied picture is held further than that of the control, and lost no "
        "more suddenly.",
        (False, True): "There is an edge, sharper than the control's in every seed; what lies "
        "within it is no wider than for the control.",
        (False, False): "The copied picture is lost as that of the control is.",
    }[wider, sudden]
    return (
        Claim(
            BASIN,
            "Memorization comes from an attraction basin, which steers a sampling towards the "
            "memorized picture.",
            describe_basin(result),
            "Jain et al. 2025, abstract",
            told,
            _of(wider + sudden, 2),
            mark="abstract",
            caveat="A basin of another kind: here captions are blended, one of each sort, while "
            "theirs lies along the steps of a sampling.",
        ),
    )


METHOD_CLAIMS = (
    Comparison("ladder", ladder_claims),
    Comparison("basin", basin_claims, page={"view": "ladder"}),
    Comparison("detection", one_step_claims, page={"view": "scores"}),
    Comparison("race", mitigation_claims),
    Unmeasured(
        SOMEPALLI,
        "Replication is common where a model is conditioned on text and often absent where it is "
        "not; conditioning matters about as much as duplicates do.",
        "Every model of this lab was trained with captions; there is none without to set beside "
        "them.",
        "Somepalli et al. 2023, abstract",
        mark="abstract",
    ),
    Unmeasured(
        CURVATURE,
        "Differences of curvature, coordinate by coordinate, show where in a picture a model "
        "memorized, and do so better than attention does.",
        "Pictures of this lab are copied as a whole, so that there is no mask of a memorized part "
        "to judge a map by; what the lab draws is the surrogate, the difference of both "
        "predictions, not the curvature.",
        "Kim and Lee 2026, abstract",
        mark="abstract",
    ),
)
