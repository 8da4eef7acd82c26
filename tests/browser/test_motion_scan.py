"""The race, the floor and the export desk in Chromium: linked choices, and files that come back."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, expect

from engine.labs.motion.files.incoming import read_motion
from tests.browser.looks import PATIENCE_MS, open_page

CELLS = ".st-key-motion_joint_speeds canvas.cells"
PLAYER = ".st-key-motion_floor_player .skeletons"


def test_a_cell_of_the_map_moves_the_playhead_and_is_part_of_the_address(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/motion?motion.view=floor")
    cells = page.locator(CELLS).first
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    cells.click(position={"x": 0.6 * box["width"], "y": 0.5 * box["height"]})
    expect(page).to_have_url(re.compile(r"motion\.frame=\d+"))
    chosen = parse_qs(urlsplit(page.url).query)
    frame, joint = int(chosen["motion.frame"][0]), int(chosen["motion.joint"][0])
    assert 50 <= frame <= 70 and 9 <= joint <= 12
    expect(page.locator(PLAYER)).to_have_attribute("data-frame", str(frame))
    expect(page.get_by_text(f"at frame {frame},").first).to_be_visible()


def test_a_written_bvh_file_is_brought_back(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/motion?motion.view=export&motion.stretch=true")
    with page.expect_download() as waiting:
        page.locator('[data-testid="stDownloadButton"]', has_text="BVH").click()
    data = waiting.value.path().read_bytes()
    assert len(read_motion(data).found.clip.positions) == 101
    page.get_by_label("Clip", exact=True).first.click()
    page.get_by_role("option", name="file", exact=True).click()
    page.get_by_role("button", name="Motion file").click()
    page.locator('input[type="file"]').set_input_files(
        {"name": "mine.bvh", "mimeType": "text/plain", "buffer": data}
    )
    expect(page).to_have_url(re.compile(r"motion\.motion_file=input"), timeout=PATIENCE_MS)
    found = page.get_by_text("BVH, Engram Lab; one unit is 10 mm.")
    expect(found).to_be_visible(timeout=2 * PATIENCE_MS)
