"""A report of two labs, taken as one file and opened from disk with no network."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.looks import LOOKS, PATIENCE_MS, context, open_page, settle

EVIL = "</script><img src=x onerror=window.__x=1>\n\n[a](javascript:x) <b>kept</b>"

# More than titles, axes and grid of the two figures take.
DRAWN = 0.08


def ink(figure: Locator) -> float:
    """The share of a figure's pixels that do not have the colour of its ground."""
    figure.scroll_into_view_if_needed()
    pixels = np.asarray(Image.open(BytesIO(figure.screenshot())).convert("RGB")).reshape(-1, 3)
    _, counts = np.unique(pixels, axis=0, return_counts=True)
    return float(1 - counts.max() / counts.sum())


def wait_drawn(figure: Locator) -> None:
    """Wait for the traces: plotly draws titles first, and the rest some frames later."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while (seen := ink(figure)) < DRAWN:
        assert time.monotonic() < end, f"only {seen:.1%} of the figure is drawn"
        time.sleep(0.3)


def add_first(page: Page, count: int) -> None:
    """Add the first figure of the page, which is then the report's ``count``-th."""
    settle(page)
    page.get_by_role("button", name="Add to report").first.click()
    page.get_by_text(f"The report has {count} figure").wait_for()
    settle(page)


def go_to(page: Page, title: str, heading: str) -> None:
    page.get_by_role("link", name=title, exact=True).first.click()
    page.get_by_role("heading", name=heading, exact=True, level=1).wait_for()
    settle(page)


@pytest.fixture(scope="module")
def taken(browser: Browser, server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a report with a figure of two labs, the second put first, and hostile words."""
    made = context(browser)
    page = open_page(made, f"{server}/memory_hardware?memory_hardware.view=generation")
    add_first(page, 1)
    go_to(page, "KV cache", "KV cache")
    add_first(page, 2)
    go_to(page, "Report", "Report")
    shown = page.locator(".js-plotly-plot")
    expect(shown).to_have_count(2)
    for at in range(2):
        wait_drawn(shown.nth(at))
    page.get_by_role("button", name="Down").first.click()
    expect(page.locator('[class*="st-key-entry-"]').first).to_contain_text("KV cache:")
    for name in ("Introduction", "Note on figure 1", "Note on figure 2"):
        page.get_by_role("textbox", name=name).fill(EVIL)
        page.keyboard.press("Control+Enter")
        settle(page)
    # What was written last may have its run only now, and a click on a button that is drawn anew
    # is lost: the page is opened again before its file is asked for.
    page.reload()
    settle(page)
    expect(page.get_by_role("textbox", name="Note on figure 2")).to_have_value(EVIL)
    with page.expect_download(timeout=3 * PATIENCE_MS) as coming:
        page.get_by_role("button", name="Report (HTML)").click()
    path = tmp_path_factory.mktemp("taken") / "report.html"
    coming.value.save_as(path)
    made.close()
    return path


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_file_shows_every_figure_and_asks_for_nothing(
    browser: Browser, taken: Path, theme: str, width: int
) -> None:
    made = context(browser, theme, width)
    made.set_offline(True)
    page = made.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(taken.as_uri())
    figures = page.locator(".plot")
    expect(figures).to_have_count(2)
    for at in range(2):
        expect(figures.nth(at).locator(".main-svg").first).to_be_visible()
        wait_drawn(figures.nth(at))
        drawn, room = figures.nth(at).evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert drawn <= room
    # The order is the visitor's, and their words are words.
    expect(page.locator("code").first).to_contain_text("/kv_cache")
    for part in EVIL.split("\n\n"):
        expect(page.get_by_text(part, exact=True)).to_have_count(3)
    assert page.locator("img, main b, main a").count() == 0
    assert page.evaluate("() => window.__x") is None
    wide, room = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room
    assert (asked, said) == ([taken.as_uri()], [])
    made.close()
