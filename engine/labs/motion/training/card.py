"""The model card as Markdown: what was trained, on what, and what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

# Name of a figure, what it is called in the table, and how it is written.
ROWS = (
    ("action_accuracy.all", "action, as the evaluator sees it", "{:.3f}"),
    ("action_accuracy.unseen", "the same of pairs with a style that training never saw", "{:.3f}"),
    ("style_accuracy", "style, as the evaluator sees it", "{:.3f}"),
    ("checks.turn_sign.agree", "turns to the side of the text", "{:.3f}"),
    ("checks.hand_side.agree", "hand of the text", "{:.3f}"),
    ("checks.both_hands.agree", "both hands above the shoulders", "{:.3f}"),
    ("checks.direction.agree", "direction of travel", "{:.3f}"),
    ("checks.jump_height.agree", "jumps leave the floor", "{:.3f}"),
    ("r_precision.top1", "R-precision, top 1", "{:.3f}"),
    ("r_precision.top3", "R-precision, top 3", "{:.3f}"),
    ("lab_fid", "lab-FID", "{:.2f}"),
    ("diversity", "diversity", "{:.2f}"),
    ("jerk", "jerk, m per frame cubed", "{:.4f}"),
    ("pj", "peak jerk", "{:.4f}"),
    ("auj", "area under the jerk", "{:.4f}"),
    ("skate", "frames with a skating foot", "{:.3f}"),
    ("skate_free", "the same where feet in contact do not hold the floor", "{:.3f}"),
    ("bone_stretch", "variation of bone lengths", "{:.4f}"),
    ("nn_distance.median_m", "nearest training clip, median, m", "{:.4f}"),
    ("nn_distance.least_m", "nearest training clip, least, m", "{:.4f}"),
    ("cpu_seconds_a_clip", "CPU seconds a clip", "{:.2f}"),
)
# Figures that are of some of the clips alone, and where that number is.
COUNTED = ("checks.", "action_accuracy.unseen")
# Sampling seeds of one figure are so far apart that no two clips of a split share one.
SEED_STEP = 10_000
COUNTS = {"action_accuracy.unseen": "action_accuracy.unseen_clips"}
CREDITS = {
    "cmu": "The data used in this project was obtained from mocap.cs.cmu.edu. The database was "
    "created with funding from NSF EIA-0196217.",
    "bandai": "Bandai-Namco-Research-Motiondataset (c) Bandai Namco Research Inc., CC BY-NC 4.0: "
    "this model and what it generates are for non-commercial use.",
}


def write_card(card: dict[str, Any]) -> str:
    """The card of figures that ``ship`` measured."""
    environment = Environment(
        # Markdown, not markup.
        loader=FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    return environment.get_template("card.md").render(
        card=card,
        kind=card["name"].removesuffix("-open"),
        sampling_seeds=", ".join(str(SEED_STEP * at) for at in range(card["sampling_seeds"])),
        large=card["settings"].get("size") == "large",
        rows=figure_rows(card["figures"]),
        unseen=_judge_of_unseen(card["figures"]),
        credits=credits(card["datasets"]),
    )


def _judge_of_unseen(figures: dict[str, dict[str, float | None]]) -> float | None:
    """The share of real clips of unseen pairs whose action the evaluator names, None without any.

    The evaluator's own card has it under the model's name.
    """
    real = figures.get("real_action_accuracy.unseen", figures["action_accuracy.unseen"])
    return real["mean"]


def figure_rows(figures: dict[str, dict[str, float | None]]) -> list[tuple[str, str, str]]:
    """Name, the model's figure with its spread, and that of the real clips."""
    found = []
    for name, label, form in ROWS:
        ours, real = figures.get(name), figures.get(f"real_{name}")
        if ours is None or ours["mean"] is None:
            continue
        text = form.format(ours["mean"])
        if ours["least"] != ours["greatest"]:
            text += f" ({form.format(ours['least'])} to {form.format(ours['greatest'])})"
        count = figures.get(COUNTS.get(name, name.replace(".agree", ".clips")))
        if name.startswith(COUNTED) and count is not None and count["mean"] is not None:
            label = f"{label}, of {count['mean']:.0f} clips"
        beside = "" if real is None or real["mean"] is None else form.format(real["mean"])
        found.append((label, text, beside))
    return found


def credits(datasets: list[str] | tuple[str, ...]) -> list[str]:
    """What the licences of the recordings ask for."""
    return [text for name, text in CREDITS.items() if any(one.startswith(name) for one in datasets)]
