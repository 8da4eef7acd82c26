"""The views of masking, retraining and two channels in Chromium, bad uploads, a cancelled run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from engine.core import get_lab
from engine.labs.motion.clip import Clip
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.views.retrain_words import describe_checks
from engine.store import lookup
from tests.browser.looks import open_page, settle
from tests.motion_clips import moving

OWN = "motion.width=64"  # no shipped training
SHOWN = {
    "policies": "Trained with each policy",
    "retrain": "Retrain in two minutes",
    "transient": "With and without the transient channel",
}


def test_a_masked_token_is_part_of_the_link(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/motion?motion.view=policies")
    page.get_by_role("button", name="Mask token 0").click()
    expect(page).to_have_url(re.compile(r"motion\.policy=own"))
    expect(page).to_have_url(re.compile(r"motion\.tokens="))
    expect(page.get_by_role("textbox", name="Own tokens")).to_have_value(re.compile("^0, "))


def test_the_text_of_the_learner_is_part_of_the_link(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/motion?motion.view=retrain")
    menu = page.get_by_role("combobox", name=re.compile("Text"))
    menu.click()
    page.get_by_role("option", name=re.compile("jump")).first.click()
    expect(page.get_by_text(re.compile("jump.*: of 4 clips do it")).first).to_be_visible()
    assert "motion." in page.url and "jump" in page.url


def test_the_moment_of_a_forecast_is_part_of_the_link(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/motion?motion.view=transient")
    slider = page.locator('[class*="st-key-motion-moment"] input')
    slider.focus()
    slider.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"motion\.moment=2\.\d"))


def test_a_cancelled_training_leaves_the_figures(visitor: BrowserContext, server: str) -> None:
    lab = get_lab("motion")
    experiment = lab.experiment("retrain")
    shipped = lookup(lab, experiment, experiment.config())
    assert shipped is not None
    page = open_page(visitor, f"{server}/motion?motion.view=retrain&motion.actions=turns&{OWN}")
    page.get_by_role("button", name="Compute", exact=True).click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("The last try was cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Compute", exact=True)).to_be_visible()
    expect(page.get_by_text(describe_checks(shipped).split(",")[0])).to_be_visible()
    assert "motion.actions=turns" in page.url


def files(folder: Path) -> dict[Path, str]:
    """Files that cannot be used, and words of the sentence for each."""
    text = bvh_text(Clip(moving(40)))
    objects, schema = folder / "objects.npz", folder / "schema.npz"
    np.savez(objects, joints=np.array([{}], dtype=object))
    np.savez(schema, weights=np.ones(2))
    written = {
        "empty.bvh": ("", "is empty"),
        "nan.bvh": (f"{text.rsplit(' ', 1)[0]} nan\n", "a finite number is required"),
        "channels.bvh": (text.replace("CHANNELS 3", "CHANNELS 2"), "2 channels are declared"),
        "frames.bvh": (text.replace("Frames: 40", "Frames: 0"), "number of frames must be"),
    }
    found = {objects: "holds Python objects", schema: "it holds weights"}
    for name, (content, says) in written.items():
        (folder / name).write_text(content)
        found[folder / name] = says
    return found


def bring(page: Page, label: str, path: Path) -> None:
    """Put a file into the uploader that opens below ``label``."""
    page.get_by_role("button", name=label).first.click()
    page.locator("input[type=file]").first.set_input_files(path)


@pytest.mark.parametrize(
    ("link", "label"),
    [
        ("motion.view=lens", "Your own motion"),
        ("motion.view=lanes&motion.beside=file", "BVH or NPZ file"),
        ("motion.view=export&motion.clip_from=file", "Motion file"),
    ],
)
def test_a_bad_file_gets_one_sentence_at_each_place_for_files(
    visitor: BrowserContext, server: str, tmp_path: Path, link: str, label: str
) -> None:
    page = open_page(visitor, f"{server}/motion?{link}")
    charts = page.locator('[data-testid="stPlotlyChart"]')
    before = charts.count()
    for path, says in files(tmp_path).items():
        bring(page, label, path)
        expect(page.get_by_text(says)).to_have_count(1)
        settle(page)
        assert charts.count() == before  # nothing is lost
        page.keyboard.press("Escape")
