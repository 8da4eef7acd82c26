"""Claims of papers beside this lab's results, in words that the numbers decide."""

from __future__ import annotations

from math import hypot, isnan, sqrt

import numpy as np

from engine.core.claims import Claim, Comparison, Standing
from engine.core.result import Result
from engine.labs.diffusion.detect.methods import METHODS
from engine.labs.diffusion.views.bench import TAU, groups_of
from engine.labs.diffusion.views.bench_grid_words import seed_cell
from engine.labs.diffusion.views.detection import Choice, groups
from engine.labs.diffusion.views.detection_table import update_beside
from engine.labs.diffusion.views.keys import (
    describe_control,
    describe_first,
    known_shares,
    rungs,
)
from engine.labs.diffusion.views.method_claims import METHOD_CLAIMS
from engine.labs.diffusion.views.overlap_table import Place
from engine.labs.diffusion.views.overlap_words import SAME, first_and_last
from engine.labs.diffusion.views.starts import describe_agreement, describe_arrivals
from engine.labs.diffusion.views.verdict import (
    COPIED,
    HIDDEN,
    RESISTS,
    TRIGGERED,
    control_reaches,
    describe_controls,
    means,
    of_picture,
    verdict,
)
from engine.labs.diffusion.views.writing import (
    cheapest,
    describe_off,
    describe_subtracted,
    rank_names,
)

SUBSPACE = "https://arxiv.org/abs/2406.18566"
CONCEPT_PRUNE = "https://arxiv.org/abs/2405.19237"
BROKEN = "https://arxiv.org/abs/2605.22050"
DORI = "https://arxiv.org/abs/2507.16880"
SOLIDMARK = "https://arxiv.org/abs/2503.00592"
SLOW_FAST = "https://arxiv.org/abs/2410.23277"
WEN = "https://arxiv.org/abs/2407.21720"
REN = "https://arxiv.org/abs/2403.11052"


def subspace_claims(result: Result, tau: int = TAU) -> tuple[Claim, ...]:
    """Pruning one per cent of a row removes copies: the grid at ``tau`` steps."""
    beside = seed_cell(result, tau)
    if beside is None:
        return ()
    measured, told, standing = beside
    copied = ", ".join(group.name for group in groups_of(result.notes))
    return (
        Claim(
            SUBSPACE,
            "Memorized prompts share a subspace, and pruning its weights mitigates memorization; "
            "the authors' scripts prune 1 % of every row over the first 10 of 51 steps.",
            measured,
            "Chavhan et al. 2024: the abstract; 1 % is read in their code",
            told,
            standing,
            mark="abstract, code",
            ours=f"measured here on sets {copied}",
            caveat="A small model of this lab with pictures of 32 pixels, not Stable Diffusion. "
            "The authors' code also takes in the half without the prompt; the situation “The "
            "authors' setting” has both halves and as early steps. The paper's tables were not "
            "read, and none of their figures is shown.",
        ),
    )


def update_claims(result: Result) -> tuple[Claim, ...]:
    """Copied prompts found by the norms of latent updates."""
    beside = update_beside(result)
    return (
        Claim(
            BROKEN,
            "Memorized prompts found by norms of latent updates, Stable Diffusion 1.4",
            f"Our reading of it: AUC {beside.measured}",
            "Huang et al. 2026, abstract",
            beside.verdict,
            beside.standing,
            published="AUC over 0.999",
            caveat="Another model and other prompts, and of the method only the abstract could be "
            "read: this tests our reading, not theirs.",
        ),
    )


def score_claims(result: Result) -> tuple[Claim, ...]:
    """Two scores of a prompt at the first step: guidance as such, and attention's entropy."""
    return (
        _told_by(
            result,
            "wen_first",
            WEN,
            "The distance of the noise predicted with and without the prompt tells memorized "
            "prompts, already at the first step.",
            "Wen et al. 2024, the authors' code: scores at step 1, over 10 steps and over all",
        ),
        _told_by(
            result,
            "ren_e",
            REN,
            "The entropy of attention to the words of a prompt is higher for memorized prompts, at "
            "the first step and in one layer.",
            "Ren et al. 2024, the authors' code: the score of one step and one layer",
        ),
    )


def _told_by(result: Result, method: str, paper: str, statement: str, source: str) -> Claim:
    """A score as the authors use it, not set against its family of prompts."""
    found = groups(result, Choice(method)).area
    clear = found.low > 0.5
    told = (
        "better than chance" if clear
        else "worse than chance" if found.high < 0.5
        else "not told from chance"
    )  # fmt: skip
    return Claim(
        paper,
        statement,
        f"{METHODS[method].title}: AUC {found.text} of raw scores against all ordinary prompts.",
        source,
        f"Here it is {told}.",
        "holds" if clear else "not here",
        mark="authors' code",
        caveat="A small model of this lab. The papers' figures were not read and are not shown.",
    )


def overlap_claims(result: Result, place: Place | None = None) -> tuple[Claim, ...]:
    """Overlap of the masks of copied sets over the steps; as the page opens without ``place``."""
    if place is None:
        place = Place(sparsity=len(result.notes["sparsities"]) - 1)
    first, last = first_and_last(result, place, 0)
    if result.notes["steps"] < 2 or isnan(first):
        return ()
    told, standing = _course(first, last)
    return (
        Claim(
            CONCEPT_PRUNE,
            "Mean overlap of the masks of different memorized sets, first to last of 51 steps of "
            "Stable Diffusion, reference the empty prompt",
            f"{first:.2f} to {last:.2f} over {result.notes['steps']} steps of this model",
            "Notebook of the authors' code, github.com/ruchikachavhan/concept-prune",
            f"{told} Context only: another model, other prompts.",
            standing,
            published="0.51 to 0.38, as plotted",
            url="https://github.com/ruchikachavhan/concept-prune",
            mark="authors' code, not the paper",
            caveat="The code's average takes in the zeros of the matrix's diagonal; without them, "
            "we derive about 0.63 to 0.48. It has no sets of ordinary prompts to compare with.",
        ),
    )


def _course(first: float, last: float) -> tuple[str, Standing]:
    """Whether the overlap falls over the steps, as theirs does."""
    if abs(last - first) < 2 * SAME:
        return "Theirs falls over the steps, ours hardly changes.", "not here"
    if last < first:
        return "It falls here, too.", "holds"
    return "Theirs falls over the steps, ours rises.", "not here"


def keys_claims(result: Result) -> tuple[Claim, ...]:
    """Memory of single pictures, told by a grey border."""
    return (
        Claim(
            SOLIDMARK,
            "SolidMark gives each training picture a random grey border and scores a picture by "
            "how well the model out-paints it: memory picture by picture, pixel by pixel.",
            describe_first(result),
            "abstract of arXiv 2503.00592",
            describe_control(result),
            _told_apart(result),
            mark="abstract",
            caveat="The same idea on our small model. No figure of the paper is compared: its "
            "models and pictures are others.",
        ),
    )


def _told_apart(result: Result) -> Standing:
    """Whether keys of trained pictures are known more often than those of pictures never shown.

    Beyond noise: by more than twice the standard error of the difference, over pictures.
    """
    unseen = known_shares(result, 0, "unseen")
    above = []
    for rung in rungs(result):
        if rung != "unseen":
            trained = known_shares(result, 0, rung)
            error = hypot(_standard_error(trained), _standard_error(unseen))
            above.append(float(trained.mean() - unseen.mean()) > 2 * error)
    return "holds" if all(above) else "partly" if any(above) else "not here"


def _standard_error(values: np.ndarray) -> float:
    return float(values.std() / sqrt(len(values)))


def attack_claims(result: Result) -> tuple[Claim, ...]:
    """Whether a pruned model is led back to what it copied."""
    _, _, told = verdict(result)
    count = len(means(result, "after", COPIED))
    kinds = {of_picture(result, at) for at in range(count)} - {TRIGGERED}
    standing: Standing = (
        "partly" if kinds == {HIDDEN, RESISTS} else "holds" if HIDDEN in kinds else "not here"
    )
    # A picture that its own prompt still triggers was not hidden, and tests nothing.
    if not kinds or control_reaches(result) or not result.number("weights_cut"):
        standing = "apart"
    return (
        Claim(
            DORI,
            "Text-to-image models that were pruned to hide a picture can be led back to it by "
            "small changes of the embedding.",
            describe_controls(result),
            "Kowalczuk et al. 2025 (DoRI, arXiv 2507.16880), the abstract",
            told,
            standing,
            mark="abstract",
            caveat="Another model and another measure: SSIM here, SSCD there. Their figures were "
            "not read and are not shown.",
        ),
    )


def starts_claims(result: Result) -> tuple[Claim, ...]:
    """Whether different triggers of one picture point to the same weights."""
    told, standing = _apart(result)
    return (
        Claim(
            DORI,
            "Different triggers of one picture point to different weights.",
            f"{describe_arrivals(result)} {describe_agreement(result)}",
            "Kowalczuk et al. 2025 (DoRI, arXiv 2507.16880)",
            told,
            standing,
            mark="a claim in words",
            caveat="Its figures were not read here. One picture of a small model decides nothing "
            "about Stable Diffusion.",
        ),
    )


def _apart(result: Result) -> tuple[str, Standing]:
    """Whether the triggers of one picture agree no more than prompts of others do."""
    own, never, others = result.array("agreement")
    if own.min() > max(never.max(), others.max()):
        return "It does not show here: they agree more than both controls do.", "not here"
    if own.min() > others.max():
        told = "It does not show here: they agree more than prompts of different pictures do."
        return told, "not here"
    told = "It cannot be denied here: they agree no more than prompts of different pictures do."
    return told, "partly"


def addition_claims(result: Result) -> tuple[Claim, ...]:
    """Fast memory in a low-rank addition."""
    best = cheapest(result)
    stored = (
        "No addition recalls it here"
        if best is None
        else (f"An addition of {rank_names(result)[best]} recalls it here")
    )
    same = bool(result.metrics["same_digest"]) and bool(result.metrics["same_pictures"])
    return (
        Claim(
            SLOW_FAST,
            "SlowFast-VGen stores episodes in a temporal LoRA that is updated while it samples.",
            f"{describe_off(result)} {describe_subtracted(result)}",
            "abstract of arXiv 2410.23277",
            f"{stored}, and taken off it leaves {'no' if same else 'a'} trace.",
            "not here" if best is None else "holds" if same else "partly",
            mark="abstract",
            caveat="Here one picture is stored; nothing is said about video.",
        ),
    )


CLAIMS = (
    Comparison("grid", subspace_claims, page={"view": "bench"}),
    Comparison("overlap", overlap_claims),
    Comparison("honesty", attack_claims),
    Comparison("starts", starts_claims, page={"view": "honesty"}),
    Comparison("detection", update_claims, page={"view": "scores"}),
    Comparison("detection", score_claims, page={"view": "scores"}),
    Comparison("keys", keys_claims),
    Comparison("writing", addition_claims),
    *METHOD_CLAIMS,
)
