"""What comes out of detection in words, negative results included."""

from __future__ import annotations

import numpy as np

from engine.core import Result
from engine.labs.diffusion.detect.methods import METHODS
from engine.labs.diffusion.detect.reading import copied_names, of_class, ordinary_names
from engine.labs.diffusion.views.detection import Choice, class_title
from engine.labs.diffusion.views.detection_table import areas
from engine.labs.diffusion.views.scores import EXTRACTED

SCENES = "scenes"


def findings(result: Result) -> list[str]:
    """What comes out, with its negative results; each sentence is read off the areas."""
    lead, methods = [], _turned_round
    if not result.notes["copies"]:
        lead = [
            "This model was trained on every picture once: its copied sets are a control, and a "
            "detector should find nothing in them."
        ]
        methods = _control
    rest = [*_families(result), *_later_steps(result), *methods(result), *_leaks(result)]
    return [*lead, *rest]


def _families(result: Result) -> list[str]:
    """Step 1 within the family of the copied captions and across families."""
    family = {row["name"]: row["family"] for row in result.notes["classes"]}
    own = {family[name] for name in copied_names(result)}
    by_class = areas(result, Choice("wen_first"))["wen_first"]
    scaled = areas(result, Choice("wen_first", scale="family"))["wen_first"]
    sentences = []
    for inside in (True, False):
        names = [name for name in by_class if (family[name] in own) == inside]
        if not names:
            continue
        told = [by_class[name].low > 0.5 for name in names]
        turned = [by_class[name].high < 0.5 for name in names]
        what = (
            "detects"
            if all(told)
            else "orders them the wrong way round"
            if all(turned)
            else "does not reliably detect"
        )
        numbers = ", ".join(f"{by_class[name].text} against {class_title(name)}" for name in names)
        where = "Within one family of captions" if inside else "Across families of captions"
        sentence = f"{where} Wen's score of step 1 alone {what}: AUC {numbers}."
        if not inside:
            after = ", ".join(f"{scaled[name].text}" for name in names)
            sentence += f" Over the mean of its own family it has {after}."
        sentences.append(sentence)
    return sentences


def _later_steps(result: Result) -> list[str]:
    """Whether averaging more steps helps or hurts, class by class."""
    found = areas(result, Choice())
    parts = []
    for name, first in found["wen_first"].items():
        early, whole = found["wen_early"][name], found["wen_all"][name]
        parts.append(
            f"{first.value:.2f}, {early.value:.2f} and {whole.value:.2f} against "
            f"{class_title(name)}"
        )
    return [f"Wen's score over step 1, the first fifth and all steps: AUC {'; '.join(parts)}."]


def _turned_round(result: Result) -> list[str]:
    """Methods whose order is reversed, or not shown to be any, against every class."""
    found = areas(result, Choice())
    reversed_, blind = [], []
    for method, row in found.items():
        if all(one.high < 0.5 for one in row.values()):
            reversed_.append(METHODS[method].title)
        elif not any(one.low > 0.5 for one in row.values()):
            blind.append(METHODS[method].title)
    sentences = []
    if reversed_:
        sentences.append(
            f"Negative result: by {' and by '.join(reversed_)} ordinary prompts score higher than "
            "copied ones against every class, the reverse of what was published for Stable "
            "Diffusion."
        )
        sentences += [
            f"{METHODS[method].title} over its own family does tell them apart: AUC "
            f"{', '.join(f'{one.text} against {class_title(name)}' for name, one in row.items())}."
            for method, row in areas(result, Choice(scale="family")).items()
            if METHODS[method].title in reversed_ and all(one.low > 0.5 for one in row.values())
        ]
    if blind:
        sentences.append(
            f"Negative result: nothing is detected against any class by {'; '.join(blind)}."
        )
    return sentences


def _control(result: Result) -> list[str]:
    """Which methods score the control's sets higher, although none of them was copied."""
    found = areas(result, Choice())
    above = [
        f"{METHODS[method].title} against {class_title(name)} {one.text}"
        for method, row in found.items()
        for name, one in row.items()
        if one.low > 0.5
    ]
    count = sum(len(row) for row in found.values())
    if not above:
        return [f"As it should be, no AUC of {count} lies above chance."]
    family = {row["name"]: row["family"] for row in result.notes["classes"]}
    own = {family[name] for name in copied_names(result)}
    inside = sum(
        one.low > 0.5 for row in found.values() for name, one in row.items() if family[name] in own
    )
    return [
        f"Although nothing was copied, {len(above)} of {count} AUCs lie above chance: "
        f"{'; '.join(above)}. Of such intervals of 95 % about {0.025 * count:.1f} of {count} lie "
        f"above it by chance alone. {inside} of those above are against captions of the same "
        "family, which nothing but chance explains; the others tell kinds of captions apart."
    ]


def _leaks(result: Result) -> list[str]:
    """Which prompts do come out as copies: what the labels of the test are worth."""
    if "copies" not in result.fields:
        return []
    over = np.asarray((result.array("copies") > EXTRACTED).any(1))
    copied = over[of_class(result, copied_names(result))]
    seeds = result["copies"].size("seed")
    any_of = "its seed" if seeds == 1 else f"any of {seeds} seeds"
    rivals = ", ".join(
        f"{int(over[rows].sum())} of {int(rows.sum())} {class_title(name)}"
        for name in ordinary_names(result)
        for rows in [of_class(result, [name])]
    )
    alike = (
        " Scenes are built from few parts: a new one can be as close to a trained one by chance."
        if any(row["family"] == SCENES for row in result.notes["classes"])
        else ""
    )
    return [
        f"What comes out as a training picture (SSIM over {EXTRACTED} to the nearest) with "
        f"{any_of}: {int(copied.sum())} of {len(copied)} copied prompts, {rivals}. A detector that "
        f"flags an ordinary title with such a picture is right about the picture.{alike}"
    ]
