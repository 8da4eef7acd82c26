"""Masked tokens: which ones, how they come back, and what is said of policies."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.figures import Palette
from engine.labs.motion.config.restore import RestoreConfig, own_tokens, written
from engine.labs.motion.features import HEIGHT, LOCAL
from engine.labs.motion.masking import run
from engine.labs.motion.masking.kernel import raw_kernel
from engine.labs.motion.masking.restore import restore_codes, straight_rows, token_errors
from engine.labs.motion.views.policies import (
    POLICIES,
    describe_claim,
    describe_measured,
    draw_policies,
    policy_table,
    read_measured,
    verdict,
)
from engine.labs.motion.views.restore import (
    draw_errors,
    draw_scores,
    masked_tokens,
    policy_rows,
    restore_stage,
    top_frames,
)
from engine.labs.motion.views.restore_words import (
    describe_floor,
    describe_kernel,
    describe_policies,
    describe_restored,
)
from tests.motion_models import tiny

DRAW = torch.Generator().manual_seed(4)


def test_what_says_nothing_of_a_clip_makes_no_other_result():
    jump = RestoreConfig(source="procedural", action="dash")
    told = RestoreConfig(source="procedural", action="dash", text="a person bows", tokens="3")
    assert told.settled() == jump.settled() == jump
    said = RestoreConfig(text="a person bows", action="dash", policy="own", tokens="3")
    assert said.settled() == RestoreConfig(text="a person bows", policy="own", tokens="3")


@pytest.fixture(scope="module")
def kmm(tmp_path_factory):
    return tiny("kmm", tmp_path_factory.mktemp("kmm"))


@pytest.fixture
def restored(kmm, monkeypatch):
    monkeypatch.setattr(run, "load_model", lambda name: kmm)

    def ask(**values):
        config = RestoreConfig(**{"source": "procedural", "seconds": 3.0, **values})
        return run.restore(config, QuietContext())

    return ask


def test_own_tokens_are_read_and_written() -> None:
    assert own_tokens("3, 5-8 0", 20) == [0, 3, 5, 6, 7, 8]
    assert written([0, 3, 5, 6, 7, 8]) == "0, 3, 5-8"
    assert own_tokens(written([1, 2, 9]), 20) == [1, 2, 9]


@pytest.mark.parametrize("text", ["", "a", "3-", "20", "8-5", "0-19", "-1", "3;4"])
def test_tokens_that_the_clip_does_not_have_are_told(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        own_tokens(text, 20)
    assert caught.value.field == "tokens"


@pytest.mark.parametrize(
    "values",
    [{"action": "fly"}, {"style": "drunk"}, {"share": 100}, {"bandwidth": 1}, {"passes": 0},
     {"seconds": 30.0}, {"policy": "mine"}],
)  # fmt: skip
def test_settings_out_of_range_are_told_with_their_field(values: dict) -> None:
    with pytest.raises(BadInput) as caught:
        RestoreConfig.build(values)
    assert caught.value.field == next(iter(values))


def test_known_tokens_stay_and_every_masked_one_is_filled(kmm) -> None:
    codes = torch.randint(32, (2, 15), generator=DRAW)
    masked = torch.rand(2, 15, generator=DRAW) < 0.5
    text = kmm.network.text.none(2)
    for passes in (1, 4, 30):
        made = restore_codes(kmm.network, codes, masked, text, passes)
        assert torch.equal(made[~masked], codes[~masked])
        assert ((made >= 0) & (made < 32)).all()
    # One pass takes the best code of every masked token at once.
    logits, _ = kmm.network(codes, masked, text, torch.tensor([15, 15]))
    made = restore_codes(kmm.network, codes, masked, text, 1)
    assert torch.equal(made[masked], logits.argmax(-1)[masked])


def test_what_is_masked_is_not_seen(kmm) -> None:
    codes = torch.randint(32, (1, 12), generator=DRAW)
    masked = torch.zeros(1, 12, dtype=torch.bool)
    masked[0, 3:6] = True
    other = codes.clone()
    other[masked] = (other[masked] + 7) % 32
    text = kmm.network.text.none(1)
    assert torch.equal(
        restore_codes(kmm.network, codes, masked, text, 3),
        restore_codes(kmm.network, other, masked, text, 3),
    )


def test_a_straight_line_gives_a_straight_motion_back_and_holds_the_ends() -> None:
    rows = np.arange(24)[:, None] * np.ones((1, 137))
    inside = np.array([False, True, True, False, False, False])
    np.testing.assert_allclose(straight_rows(rows, inside), rows)
    ends = np.array([True, False, False, False, False, True])
    held = straight_rows(rows, ends)
    assert (held[:4] == 4).all() and (held[20:] == 19).all()


def test_errors_are_distances_of_joints_seen_from_the_body() -> None:
    rows = np.zeros((10, 137))
    other = rows.copy()
    other[:, 1] = 5.0  # another path on the floor
    assert not token_errors(other, rows).any()
    other[4:8, LOCAL] += np.tile([0.3, 0, 0.4], 21)
    np.testing.assert_allclose(token_errors(other, rows), [0, 0.5 * 21 / 22, 0])
    other = rows.copy()
    other[9, HEIGHT] = 0.22
    np.testing.assert_allclose(token_errors(other, rows), [0, 0, 0.01 / 2])


def test_the_kernel_without_a_width_collapses_in_wide_latents_and_not_in_narrow_ones() -> None:
    points = torch.randn(30, 64, generator=DRAW)
    wide, narrow = raw_kernel(10 * points), raw_kernel(0.01 * points)
    assert wide.alone == 1 and wide.most < 1.01
    assert narrow.alone == 0 and narrow.least > 25


def test_a_clip_is_restored_and_described(restored) -> None:
    result = restored(policy="key", share=40)
    count, masked = int(result.number("tokens")), masked_tokens(result)
    assert count == 15 and len(masked) == 6
    # Key masking takes the highest scores: the ticks are the masked tokens.
    assert {int(frame) // 4 for frame in top_frames(result)} == set(masked)
    stage = restore_stage(result)
    assert stage.frames == 61 and len(stage.lanes) == 3
    np.testing.assert_allclose(stage.lanes[1].ghost, stage.lanes[0].positions)
    assert "6 of 15 tokens are masked" in describe_restored(result)
    for words in (describe_floor(result), describe_kernel(result), describe_policies(result)):
        assert words.endswith(".")
    assert [row["Masked"] for row in policy_rows(result)] == ["key", "random", "inverse"]
    for draw in (draw_scores, draw_errors):
        assert draw(result, Palette.light()).layout.meta["alt"]


def test_the_mask_is_that_of_its_policy(restored) -> None:
    own = restored(policy="own", tokens="2-4")
    assert masked_tokens(own) == [2, 3, 4]
    key, inverse = restored(policy="key"), restored(policy="inverse")
    scores = key.array("score")
    assert scores[masked_tokens(key)].min() >= scores[masked_tokens(inverse)].max()
    first, second = restored(policy="random"), restored(policy="random", seed=1)
    assert masked_tokens(first) != masked_tokens(second) or not np.allclose(
        first.array("score"), second.array("score")
    )
    # The mask that is shown is among those that policies are compared with.
    place = key.notes["masks"].index("key")
    hidden = key.array("masked").astype(bool)
    assert key.array("by_mask")[0, place] == pytest.approx(
        key.array("error")[hidden].mean(), rel=1e-5
    )


def test_a_caption_without_a_known_word_is_left_out(kmm) -> None:
    read, unread = run.condition(kmm, "a person walks")
    none, left_out = run.condition(kmm, "xylophone")
    assert not unread and left_out
    assert torch.equal(none, kmm.network.text.none(1)) and not torch.equal(read, none)
    assert run.condition(kmm, "")[1] is False


def spread(mean: float, least: float, greatest: float) -> dict[str, float]:
    return {"mean": mean, "least": least, "greatest": greatest}


@pytest.fixture
def measured(tmp_path):
    figures = {
        "lab_fid": {"key": (2, 1.5, 2.5), "random": (4, 3, 5), "inverse": (2.2, 2, 2.4)},
        "r_precision.top3": {"key": (0.5, 0.5, 0.6), "random": (0.7, 0.65, 0.8),
                             "inverse": (0.2, 0.1, 0.3)},
        "diversity": {"key": (9, 9, 9.1), "random": (8, 8, 8.1), "inverse": (9, 8, 10)},
    }  # fmt: skip
    policies = {
        policy: {name: spread(*by[policy]) for name, by in figures.items()}
        | {"real_lab_fid": spread(0, 0, 0), "jerk": {"mean": None}}
        for policy in POLICIES
    }
    path = tmp_path / "policies.json"
    told = {"steps": 100, "seeds": 3, "val_clips": 20, "policies": policies}
    path.write_text(json.dumps(told), encoding="utf-8")
    return read_measured(path)


def test_verdicts_follow_from_ranges_and_directions(measured) -> None:
    by = {figure.name: figure for figure in measured.figures}
    assert set(by) == {"lab_fid", "r_precision.top3", "diversity"}
    assert verdict(by["lab_fid"], "random") == "key is better"
    assert verdict(by["lab_fid"], "inverse") == "ranges meet: undecided"
    assert verdict(by["r_precision.top3"], "random") == "key is worse"
    assert verdict(by["r_precision.top3"], "inverse") == "key is better"
    assert verdict(by["diversity"], "random") == "higher"
    said = " ".join(describe_measured(measured))
    assert "9 times for 100 steps" in said and "better in lab-FID and worse in R-prec" in said
    assert "R-precision: key is worse; lab-FID: key is better" in describe_claim(measured)
    table = policy_table(measured)
    assert table[0]["Key frames"] == "0.500 (0.500 to 0.600)"
    assert "least and greatest of 3 training seeds" in str(
        draw_policies(measured, Palette.light(), "lab_fid").layout.title.subtitle.text
    )


def test_a_comparison_that_was_not_run_is_none(tmp_path) -> None:
    assert read_measured(tmp_path / "nothing.json") is None
