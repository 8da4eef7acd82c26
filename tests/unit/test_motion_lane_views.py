"""What the lanes, the vote, the cards and the papers' tables are said to show."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.core.result import Field, Result
from engine.figures import Palette
from engine.labs.motion import LAB, shipped
from engine.labs.motion.clip import place
from engine.labs.motion.data.words import Vocabulary
from engine.labs.motion.evaluation.checks import CHECKS
from engine.labs.motion.evaluation.copies import Neighbours
from engine.labs.motion.evaluation.looks import MEASURES, look
from engine.labs.motion.lanes import split_positions
from engine.labs.motion.pairs import ACTIONS, STYLES, caption, load_pairs
from engine.labs.motion.published import tables
from engine.labs.motion.skeleton import INDEX, mirror
from engine.labs.motion.views import cards as card_views
from engine.labs.motion.views.lanes import (
    Shown,
    blind_stage,
    curve_table,
    draw_jerk,
    figure_table,
    lane_stage,
    models_of,
)
from engine.labs.motion.views.lanes_asked import (
    ASKED,
    amount,
    asked_table,
    describe_asked,
    does,
)
from engine.labs.motion.views.lanes_words import (
    describe_feet,
    describe_missing,
    describe_reading,
    describe_smooth,
)
from engine.labs.motion.views.nearest import describe_nearest, nearest_table
from engine.labs.motion.views.pairs import describe_pair, describe_pairs, draw_pairs, pair_table
from engine.labs.motion.views.published import describe_published, published_rows
from engine.labs.motion.views.vote import describe_tally, describe_vote, tally_table
from tests.motion_clips import moving

ENGINE = Path(engine.__file__).parent.parent

LIGHT = Palette.light()


def shown(positions: np.ndarray, name: str = "One", model: str | None = None) -> Shown:
    return Shown(name, positions, look(positions, 0.04), model)


def turning(frames: int = 60) -> np.ndarray:
    """A clip that turns to the left by about 90 degrees."""
    clip = place(moving(frames, swing=0.05))
    return clip if does("walk-turn-left", shown(clip)) else mirror(clip)


def result_of(*clips: np.ndarray) -> Result:
    looks = [look(one, 0.04) for one in clips]
    names = list(shipped.MODELS)[: len(clips)]
    return Result(
        {
            **split_positions(np.stack(clips), "model"),
            "jerk": Field(np.stack([one.jerk for one in looks]), ("model", "frame")),
            "foot_speed": Field(np.stack([one.foot_speed for one in looks]), ("model", "frame")),
            "contacts": Field(
                np.stack([one.contacts for one in looks]), ("model", "frame", "foot")
            ),
            "measures": Field(
                np.array([[one.figures[name] for name in MEASURES] for one in looks]),
                ("model", "measure"),
            ),
        },
        {"real_jerk": 0.04},
        {
            "models": names,
            "missing": [name for name in shipped.MODELS if name not in names],
            "measures": list(MEASURES),
            "text": "a person walks and turns left",
            "cpu_seconds": [0.25] * len(clips),
            "digests": ["0"] * len(clips),
        },
    )


def test_a_turn_and_its_mirror_image_are_told_apart() -> None:
    clip = turning()
    ours, other = shown(clip, "Ours", "kmm"), shown(mirror(clip), "Mirror", "transformer")
    words = describe_asked("a person walks and turns left", [ours, other])
    degrees = f"{abs(ours.looks.figures['turned']):.0f}"
    assert words.endswith("Not done by Mirror.")
    rows = asked_table("a person walks and turns left", [ours, other])
    assert [row["Measured"] for row in rows] == [
        f"turns {degrees}° to the left",
        f"turns {degrees}° to the right",
    ]


def test_an_amount_is_told_beside_the_recording() -> None:
    clip, text = turning(), "a person walks and turns left"
    # Every second step of the turn alone: half of the angle in as many frames.
    half = np.repeat(clip[: len(clip) // 2], 2, axis=0)
    recorded, model = shown(half, "Recorded"), shown(clip, "KMM", "kmm")
    degrees = [one.looks.figures["turned"] for one in (recorded, model)]
    share = degrees[1] / degrees[0]
    assert share > 1.2
    words = describe_asked(text, [recorded, model])
    assert words.endswith(f"as much of it as Recorded: KMM {share:.1f}.")
    rows = asked_table(text, [recorded, model])
    assert [row["Beside Recorded"] for row in rows] == ["", f"{share:.1f}×"]
    assert [row["As asked"] for row in rows] == ["yes", "yes"]
    assert rows[0]["Measured"] == f"turns {degrees[0]:.0f}° to the left"
    assert rows[0]["Frames with a skating foot"] == f"{recorded.looks.figures['skate']:.0%}"
    # A turn to the other side is not so many times as far.
    wrong = asked_table(text, [recorded, shown(mirror(clip), "KMM", "kmm")])[1]
    assert (wrong["As asked"], wrong["Beside Recorded"]) == ("no", "")
    assert "As asked" not in asked_table("a person bows", [recorded])[0]


def test_no_amount_is_told_of_what_is_not_done() -> None:
    """A hanging arm is no half of a raised one."""
    raised = np.repeat(place(moving(4))[:1], 60, axis=0)
    raised[30:, INDEX["left_wrist"], 1] = 2.0
    hanging = np.repeat(place(moving(4))[:1], 60, axis=0)
    hanging[:, INDEX["right_wrist"], 1] = 1.9
    both = [shown(raised, "Recorded"), shown(hanging, "KMM", "kmm")]
    text = "a person raises the left hand"
    assert describe_asked(text, both).endswith("Not done by KMM.")
    assert [row["Beside Recorded"] for row in asked_table(text, both)] == ["", ""]


def test_a_jump_is_as_high_as_feet_or_pelvis() -> None:
    calm = np.repeat(place(moving(4))[:1], 60, axis=0)
    high, low = calm.copy(), calm.copy()
    high[30:33, :, 1] += 0.4
    low[30:33, :, 1] += 0.2
    both = [shown(high, "Recorded"), shown(low, "KMM", "kmm")]
    (_, row) = asked_table("a person jumps", both)
    assert (row["As asked"], row["Beside Recorded"]) == ("yes", "0.5×")


def test_a_mirrored_motion_does_as_much_of_the_mirrored_action() -> None:
    clip = place(moving(60))
    for action in CHECKS:
        swap = {"left": "right", "right": "left"}
        other = "-".join(swap.get(word, word) for word in action.split("-"))
        assert amount(other, shown(mirror(clip))) == pytest.approx(amount(action, shown(clip)))


def test_skating_stands_beside_the_recording() -> None:
    calm = np.repeat(place(moving(4))[:1], 60, axis=0)
    rough = calm + np.random.default_rng(0).normal(0, 0.05, calm.shape)
    both = [shown(rough, "Recorded"), shown(calm, "KMM", "kmm")]
    own = f"{both[0].looks.figures['skate']:.0%}"
    assert lane_stage(both, "told").lanes[1].under.endswith(f"skating 0% (Recorded {own})")
    assert f"Frames with a skating foot: 0% in KMM, beside {own} in Recorded" in describe_feet(both)


def test_every_check_has_words_and_numbers_of_its_own() -> None:
    clip = shown(place(moving(60)))
    assert ASKED.keys() == CHECKS.keys()
    for action in CHECKS:
        text = caption(action, "normal") if action in ACTIONS else action
        words = describe_asked(text, [clip])
        assert ASKED[action] in words and "nan" not in words
        (row,) = asked_table(text, [clip])
        assert row["Measured"] and "nan" not in row["Measured"]
        assert ("Not done by One" in words) == (row["As asked"] == "no")
    assert "nothing that the exact checks measure" in describe_asked("a person bows", [clip])


def test_lanes_carry_what_was_measured_of_them() -> None:
    result = result_of(turning(), place(moving(60, seed=4)))
    lanes = models_of(result)
    stage = lane_stage(lanes, "told")
    assert [lane.name for lane in stage.lanes] == ["Motion Mamba", "KMM"]
    assert [(strip.lane, strip.name) for strip in stage.strips] == [
        (0, "Jerk"),
        (0, "Foot speed"),
        (1, "Jerk"),
        (1, "Foot speed"),
    ]
    np.testing.assert_array_equal(stage.strips[2].values, lanes[1].looks.jerk)
    assert f"skating {lanes[0].looks.figures['skate']:.0%}" in stage.lanes[0].under
    assert "Transformer has no lane" in describe_missing(result)
    rows = figure_table([shown(place(moving(20)), "Short"), *lanes], result)
    assert rows[0]["Short"] == "" and float(rows[0]["KMM"]) > 0
    assert rows[-1]["KMM"] == "0.25" and rows[-1]["Short"] == ""
    assert all(row["KMM"].rstrip("0").rstrip(".") != "-0" for row in rows)
    assert len(curve_table(lanes)) == 120
    figure = draw_jerk(lanes, 0.04, LIGHT, frame=30, alt="told")
    assert [trace.name for trace in figure.data][:2] == ["Motion Mamba", "KMM"]


def test_a_blind_stage_hides_names_figures_and_order() -> None:
    clips = [turning(), place(moving(60, seed=4)), place(moving(60, seed=5))]
    lanes = models_of(result_of(*clips))
    stage = blind_stage(lanes, [2, 0, 1])
    assert [lane.name for lane in stage.lanes] == ["A", "B", "C"] and not stage.strips
    assert not any(lane.under or lane.contacts is not None for lane in stage.lanes)
    np.testing.assert_array_equal(stage.lanes[0].positions, lanes[2].positions)
    told = f"{stage.title} {stage.alt}"
    assert not any(name in told for name in shipped.MODELS.values())


def test_a_vote_is_counted_for_the_model_behind_the_letter() -> None:
    questions = {"text": "Which fits?", "motion": "Which moves?"}
    words = describe_vote(
        ["KMM", "Transformer"], {"text": "B", "motion": "No difference"}, questions
    )
    assert "A was KMM, B was Transformer" in words
    assert "which fits: Transformer; which moves: no difference" in words
    tally = {"text": {"kmm": 2, "": 1}, "motion": {"transformer": 3}}
    rows = tally_table(tally, questions)
    assert [row["Motion"] for row in rows] == ["KMM", "Transformer", "no difference"]
    assert [row["Which fits?"] for row in rows] == [2, 0, 1]
    assert describe_tally(tally).startswith("3 votes") and "this session" in describe_tally(tally)


def test_smoothness_and_feet_are_told_with_the_ends() -> None:
    calm = np.repeat(place(moving(4))[:1], 60, axis=0)
    rough = calm + np.random.default_rng(0).normal(0, 0.05, calm.shape)
    both = [shown(calm, "Calm"), shown(rough, "Rough")]
    assert "Calm 0.000 (0.0x)" in describe_smooth(both, 0.04)
    assert "0% in Calm" in describe_feet(both) and "in Rough" in describe_feet(both)


def test_words_that_are_not_known_are_named() -> None:
    words = Vocabulary(("a", "person", "turns", "walks")).read("a persn turning spqr walks")
    said = " ".join(describe_reading(words.taken, words.unknown, words.cut))
    assert "'turning' as 'turns'" in said and "'persn' (nearest: 'person')" in said
    assert "'spqr' (nothing near it)" in said
    assert describe_reading({}, {}, 0) == []
    assert "The last 3 known words" in describe_reading({}, {}, 3)[0]


def card(fid: tuple[float, float, float], seeds: int = 3) -> dict:
    figures = {"lab_fid": dict(zip(("mean", "least", "greatest"), fid, strict=True))}
    return {"parameters": 10**6, "finished": True, "steps": 9, "val_clips": 140,
            "sampling_seeds": seeds, "figures": figures, "datasets": ["cmu"]}  # fmt: skip


@pytest.mark.parametrize(
    ("other", "seeds", "words"),
    [
        ((30.0, 28.0, 33.0), 3, "the ranges over the seeds do not meet"),
        ((21.0, 18.0, 23.0), 3, "the ranges over the seeds meet"),
        ((30.0, 28.0, 33.0), 1, "one sampling seed cannot tell"),
    ],
)
def test_a_card_is_ahead_only_beyond_its_spread(
    other: tuple[float, float, float], seeds: int, words: str
) -> None:
    cards = {"motion-mamba": card(other, seeds), "kmm": card((20.0, 19.0, 22.0), seeds)}
    told = " ".join(card_views.describe_cards(cards))
    assert "Lab-FID is lowest for KMM, 20.0 beside" in told and words in told
    rows = card_views.card_rows(cards)
    assert rows[0]["KMM"] == "20.00 (19.00 to 22.00)" and rows[0]["Measured"] == "lab-FID"
    assert "mocap.cs.cmu.edu" in card_views.credit_lines(cards)[0]


def test_the_cards_that_ship_are_the_files_beside_the_weights() -> None:
    for name, told in shipped.cards().items():
        path = shipped.FOLDER / name / "card.json"
        assert told == json.loads(path.read_text())
    rows = card_views.card_rows(shipped.cards())
    assert {"lab-FID", "frames with a skating foot"} <= {row["Measured"] for row in rows}


def test_the_nearest_clip_is_judged_by_real_ones() -> None:
    pair = [shown(place(moving(40)), "KMM", "kmm"), shown(place(moving(40)), "Recorded")]
    found = Neighbours(
        np.array([0.01, 0.01]), np.array([1, 0]), np.array([True, False]), np.array([30, -1])
    )
    cards = {"kmm": {"figures": {"real_nn_distance.median_m": {"mean": 0.02}}}}
    assert "Nearer than that: KMM;" in describe_nearest(pair, found, cards)
    cards["kmm"]["figures"]["real_nn_distance.median_m"]["mean"] = 0.005
    assert "No model's motion lies nearer" in describe_nearest(pair, found, cards)
    rows = nearest_table(pair, found, ["first", "second"])
    assert rows[0]["Nearest training clip"] == "second" and rows[0]["Distance [cm]"] == 1
    assert [row["Of it"] for row in rows] == ["from 1.50 s on, in a mirror", "all of it"]


def test_published_tables_are_marked_and_their_claims_are_computed() -> None:
    found = tables()
    assert {table.mark for table in found.values()} == {"paper", "paper-2nd"}
    assert all(table.mark == ("paper-2nd" if name.startswith("kmm") else "paper")
               for name, table in found.items())  # fmt: skip
    assert found["kmm-babel"].figure("KMM", "FID") == 0.34
    rows = published_rows(found["motion-mamba-humanml3d"])
    assert rows[0]["MModality"] == "" and rows[-1]["FID"] == "0.281"
    assert rows[2]["R@3"] == "0.740" and rows[2]["MModality"] == "2.090"
    said = " ".join(describe_published())
    # Specification 1.3 and 2.3, worked out there by hand.
    for words in ("41% less", "48% less", "3.060", "2.294", "3.11 beside 3.36", "2.72 beside 3.71",
                  "3.86 in version 1"):  # fmt: skip
        assert words in said


def test_the_map_of_pairs_tells_seen_from_unseen() -> None:
    pairs = load_pairs()
    assert "30 recordings of walk" in describe_pair("walk", "active")
    assert "held out on purpose" in describe_pair("dash", "happy")
    assert "other pairs" in describe_pair("kick", "sad")
    assert "run feminine is in another set" in describe_pairs()
    assert len(pair_table()) == len(ACTIONS) * len(STYLES)
    figure = draw_pairs(LIGHT, selected=("walk", "active"))
    assert len(figure.data[1].x) == len(pairs.held_out) == 7


def test_every_text_of_a_pair_is_made_of_known_words() -> None:
    for name in shipped.shipped_models():
        vocabulary = shipped.vocabulary_of(name)
        for action in ACTIONS:
            for style in STYLES:
                reading = vocabulary.read(caption(action, style))
                assert not reading.unknown and not reading.taken and not reading.cut


VIEWS = sorted(
    ".".join(path.relative_to(ENGINE).with_suffix("").parts)
    for path in (LAB.folder / "views").glob("*.py")
)


def test_views_draw_without_heavy_libraries() -> None:
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {VIEWS}];"
        "print(sorted({'torch', 'diffusers', 'transformers', 'scipy', 'streamlit'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert "engine.labs.motion.views.denoise" in VIEWS and done.stdout.strip() == "[]"
