"""The shipped model with border keys, and a picture written into the default model, anew."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.labs.diffusion.config import KeysConfig, WritingConfig
from engine.labs.diffusion.keys import FOLDER, by_rung, keys, load_keys_model
from engine.labs.diffusion.writing import writing

pytestmark = pytest.mark.slow


def test_the_card_is_that_of_the_weights() -> None:
    card = json.loads((FOLDER / "card.json").read_text())
    assert card["digest"] == load_keys_model().digest and card["finished"]


def test_keys_are_known_by_copies_and_not_by_the_control() -> None:
    result = keys(KeysConfig(per_rung=4, key_draws=1), QuietContext())
    rows = by_rung(result)
    mode = result.notes["modes"][0]
    assert rows["A"]["key_error"][mode] < 0.1
    assert rows["A"]["key_error"][mode] < rows["x20"]["key_error"][mode]
    assert rows["unseen"]["key_error"][mode] > 0.2


def test_a_written_picture_is_recalled_and_the_model_is_as_before() -> None:
    result = writing(WritingConfig(ranks="4", write_steps=50), QuietContext())
    recall = result.array("recall_ssim")[0].mean(-1)
    assert recall[0] < 0.2 and recall[-1] > 0.6
    assert np.all(result.array("others_ssim")[0, -1] < 0.7)
    assert result.metrics["same_digest"] is True and result.metrics["same_pictures"] is True
