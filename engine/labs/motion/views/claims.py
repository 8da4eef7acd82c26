"""Claims of papers beside this lab's results, in words that the numbers decide."""

from __future__ import annotations

import numpy as np

from engine.core.claims import Claim, Comparison, Standing, Unmeasured
from engine.core.result import Result
from engine.core.units import percent
from engine.labs.motion.published import MARKS, tables
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.views.erase import RANKED, describe_claim, describe_rank, verdict
from engine.labs.motion.views.method_claims import duality_speed_claims, seam_claims
from engine.labs.motion.views.policies import COMPARED, Measured, describe_measured, read_measured
from engine.labs.motion.views.policies import describe_claim as describe_policies
from engine.labs.motion.views.policies import verdict as beside
from engine.labs.motion.views.race_words import MODES, TITLES, describe_growth, grown
from engine.labs.motion.views.sides import agreed, describe_sides, model_names
from engine.labs.motion.views.story_words import PAPER, describe_shapes
from engine.labs.motion.views.transient_words import count_verdicts, read_card

KMM = "https://arxiv.org/abs/2411.06481"
MAMBA = "https://arxiv.org/abs/2312.00752"
STORY = "https://arxiv.org/abs/2311.07446"
MOTION_MAMBA = "https://arxiv.org/abs/2403.07487"
STREAMER = "https://arxiv.org/abs/2503.15451"
DUALITY = "https://arxiv.org/abs/2307.12729"
ONE_MODE = "forward"
APART: Standing = "apart"


def erase_claims(result: Result) -> tuple[Claim, ...]:
    """Whether an erased key frame is missed more than any other."""
    return (
        Claim(
            KMM,
            "Key frames carry a clip: masking them in training makes the state hold what they say",
            f"{describe_claim(result)} {' '.join(describe_rank(result, by) for by in RANKED)}",
            "KMM, section on key-frame masking; as notes of others give it",
            verdict(result),
            "holds" if result.number("advantage_low") > 0 else "not here",
            mark="a claim in words",
            caveat=None
            if result.notes["model"] == "kmm"
            else "This model was not trained with masked key frames, as KMM is.",
        ),
    )


def policy_claims(measured: Measured | None) -> tuple[Claim, ...]:
    """KMM's ablation of its masks beside the lab's nine trainings, where these were run."""
    if measured is None:
        return ()
    table = tables()["kmm-ablation"]
    random, full = (table.figure(row, "FID") for row in ("random masking", "full"))
    return (
        Claim(
            KMM,
            table.title,
            describe_measured(measured)[0],
            table.source,
            describe_policies(measured),
            _better(measured),
            published=f"FID {random:g} with random masking, {full:g} with key frames masked",
            mark=MARKS[table.mark],
            caveat="Other data and another evaluator. The copy that we read masks no least key "
            "frames, and has no spread over training seeds.",
        ),
    )


def _better(measured: Measured) -> Standing:
    """Whether key masking is better than random in both figures of the paper, in one or in none."""
    told = {one.name: beside(one, "random") for one in measured.figures}
    count = sum(told.get(name) == "key is better" for name in COMPARED)
    return "holds" if count == len(COMPARED) else "partly" if count else "not here"


def side_claims(result: Result) -> tuple[Claim, ...]:
    """Whether a motion goes to the side that its sentence names."""
    table = tables()["kmm-babel-d"]
    without, full = (table.figure(row, "FID") for row in ("KMM without alignment", "KMM"))
    hits, trials = agreed(result)
    shares = {
        name: float(hits[at].sum() / trials[at].sum())
        for at, name in enumerate(model_names(result))
    }
    kmm = MODELS["kmm"]
    best = max(shares, key=shares.__getitem__)
    told = f"{best} keeps the side most often here, in {percent(shares[best])} of its motions"
    if kmm in shares and best != kmm:
        told += f"; {kmm} in {percent(shares[kmm])}"
    return (
        Claim(
            KMM,
            f"{table.title}: alignment of text and motion makes a model tell left from right.",
            f"{describe_sides(result)}",
            table.source,
            f"{told}.",
            APART,
            published=f"FID {without:g} without alignment, {full:g} with it",
            mark=MARKS[table.mark],
            caveat="They judge by a trained evaluator; here the side itself is measured, on other "
            "data, and no model was trained without alignment to compare with.",
        ),
    )


def race_claims(result: Result) -> tuple[Claim, ...]:
    """How times grow with the length: the scan's and attention's."""
    names, chosen = result.notes["contestants"], result.notes["chosen"]
    slopes = result.array("slope")[list(MODES).index(ONE_MODE)]
    compared = [name for name in (chosen, "attention") if name in names]
    found = {name: slopes[names.index(name)] for name in compared}
    words = [f"{TITLES[name]}: {grown(*map(float, found[name]))}" for name in compared]
    if len(found) < 2:
        told, standing = "Only one of the two was run", APART
    elif np.isfinite([row[0] for row in found.values()]).all():
        less = found[chosen][0] < found["attention"][0]
        told = f"The scan grows {'more slowly' if less else 'no more slowly'} than attention here"
        linear = bool(found[chosen][2] < 1 or found[chosen][1] <= 1 <= found[chosen][2])
        standing = "holds" if less and linear else "partly" if less else "not here"
    else:
        told, standing = "Too few lengths were run to tell", APART
    return (
        Claim(
            MAMBA,
            "A selective state-space model is computed in time linear in the length.",
            describe_growth(result, ONE_MODE)[0],
            "Gu and Dao 2023, title and abstract",
            f"{told} ({'; '.join(words)}).",
            standing,
            mark="a claim in words",
            caveat="Times of the machine that the result was computed on, of single layers.",
        ),
    )


def shape_claims(result: Result) -> tuple[Claim, ...]:
    """How closely a walk keeps to a way; none where the source has no walk."""
    names = result.notes["shapes"]
    if not names:
        return ()
    ours = {name: result.number(f"shape_error_{name}_m") for name in names}
    nearer = [name for name in names if ours[name] < PAPER[name][1]]
    listed = ", ".join(nearer) if nearer else "none of them"
    return (
        Claim(
            STORY,
            "Story-to-Motion's trajectory error; GAMMA, the method before it: "
            + ", ".join(f"{name} {PAPER[name][0]:.3f} m" for name in names)
            + ".",
            describe_shapes(result),
            "Story-to-Motion, arXiv 2311.07446",
            f"The two cannot be compared; our figure is the smaller one for {listed}.",
            APART,
            published=", ".join(f"{name} {PAPER[name][1]:.3f} m" for name in names),
            caveat="The paper's shapes, sizes, clips and error are others; here it is the distance "
            "to the nearest point of the way.",
        ),
    )


def duality_claims() -> tuple[Claim, ...]:
    """A second channel for a hand in contact, over the seeds of the shipped networks."""
    better, worse, of = count_verdicts(read_card()["figures"])
    seeds = len(read_card()["figures"]["duality"])
    told = (
        "It shows here in every figure"
        if better == of
        else "It does not show consistently here"
        if better
        else "It does not show here"
    )
    return (
        Claim(
            DUALITY,
            "Two channels, a persistent and a transient one, are consistently superior on two data "
            "sets.",
            f"Two channels are better in {better}, worse in {worse} and undecided in "
            f"{of - better - worse} of {of} figures, over {seeds} training seeds.",
            "Tran et al. 2023, abstract",
            f"{told}.",
            "holds" if better == of else "partly" if better > worse else "not here",
            mark="abstract",
            caveat="A toy scene of this lab and small networks after the abstract and a caption; "
            "their figures were not at hand.",
        ),
    )


def unmeasured_claims() -> tuple[Unmeasured, ...]:
    """Published figures of methods that the lab follows, on data and judges that it lacks."""
    main, jerk = tables()["motion-mamba-humanml3d"], tables()["jerk-babel"]
    ours, before = (main.figure(row, "FID") for row in ("Motion Mamba", "MLD"))
    blended, streamed = (jerk.figure(row, "PJ") for row in ("FlowMDM", "MotionStreamer"))
    return (
        Unmeasured(
            MOTION_MAMBA,
            f"{main.title}: less FID than latent diffusion with a transformer (MLD).",
            "The data, and the evaluator that counts FID, are no part of this lab; its own models "
            "are judged by an evaluator of its own, whose figures are not comparable.",
            main.source,
            published=f"FID {ours:g} against {before:g}",
            mark=MARKS[main.mark],
        ),
        Unmeasured(
            STREAMER,
            f"{jerk.title}: smoother transitions than blended diffusion (FlowMDM).",
            "Neither model is here, and the features differ. The lab prints the peak jerk of its "
            "own motions with the same formula.",
            jerk.source,
            published=f"PJ {streamed:g} against {blended:g}",
            mark=MARKS[jerk.mark],
        ),
    )


CLAIMS = (
    Comparison("erase", erase_claims, page={"view": "lens"}),
    Comparison("restore", lambda result: policy_claims(read_measured()), page={"view": "policies"}),
    Comparison("sides", side_claims, page={"view": "floor"}),
    Comparison("race", race_claims),
    Comparison("race", duality_speed_claims),
    Comparison("storyline", shape_claims),
    Comparison("storyline", seam_claims),
    Comparison("transient", lambda result: duality_claims()),
    *unmeasured_claims(),
)
