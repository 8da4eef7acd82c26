"""The picture grid as a visitor meets it: pixels, clicks, keys, words that stay words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.looks import LOOKS, context, open_page
from tests.browser.server import serve

APP = "tests/browser/fixtures/pictures_app.py"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("pictures"), APP) as address:
        yield address


def grid(page: Page, key: str = "grid") -> Locator:
    return page.locator(f".st-key-{key} .pictures")


def test_a_picture_has_its_own_pixels_and_is_enlarged_without_smoothing(
    browser: Browser, app: str
) -> None:
    with context(browser) as made:
        page = open_page(made, app)
        canvas = grid(page).locator("canvas").nth(2)
        pixel = canvas.evaluate(
            "(c) => [c.width, c.height, ...c.getContext('2d').getImageData(3, 3, 1, 1).data]"
        )
        assert pixel == [4, 4, 60, 160, 200, 255]
        assert canvas.evaluate("(c) => getComputedStyle(c).imageRendering") == "pixelated"
        assert canvas.bounding_box()["width"] == 72
        assert grid(page).locator("canvas").count() == 5


def test_a_click_chooses_and_a_second_takes_it_back(browser: Browser, app: str) -> None:
    with context(browser) as made:
        page = open_page(made, app)
        cell = grid(page).get_by_role("button", name="SSIM .91")
        cell.click()
        expect(page.get_by_text("chosen: (1, 0)")).to_be_visible()
        expect(cell).to_have_attribute("aria-pressed", "true")
        page.wait_for_url("**pictures.place=3**")
        cell.click()
        expect(page.get_by_text("chosen: None")).to_be_visible()
        page.goto(f"{app}?pictures.place=1")
        expect(page.get_by_text("chosen: (0, 1)")).to_be_visible()
        expect(grid(page).locator('[aria-pressed="true"]')).to_have_count(1)


def test_arrows_walk_past_places_without_a_picture(browser: Browser, app: str) -> None:
    with context(browser) as made:
        page = open_page(made, app)
        cells = grid(page).get_by_role("button")
        cells.nth(2).focus()
        page.keyboard.press("ArrowDown")  # nothing stands there
        expect(cells.nth(2)).to_be_focused()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowDown")
        expect(cells.nth(4)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_text("chosen: (1, 1)")).to_be_visible()
        assert grid(page).locator('button[tabindex="0"]').count() == 1


def test_words_are_never_markup(browser: Browser, app: str) -> None:
    with context(browser) as made:
        page = open_page(made, app)
        expect(grid(page).locator("th", has_text="<img src=x")).to_be_visible()
        assert page.evaluate("window.__x") is None
        expect(grid(page).locator(".mark")).to_have_text("extracted")


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_grid_has_no_barrier(browser: Browser, app: str, theme: str, width: int) -> None:
    with context(browser, theme, width) as made:
        page = open_page(made, app)
        expect(grid(page).locator("canvas")).to_have_count(5)
        found = Axe().run(page, context=".st-key-grid, .st-key-plain").response["violations"]
        assert found == [], [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
