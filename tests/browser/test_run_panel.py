"""A run through a reload, in a second browser, cancelled, and taken away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import PATIENCE_MS, context, open_page
from tests.browser.server import serve

SLOW = "tiny.steps=400&tiny.pause=0.2"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("panel"), "tests/browser/panel_app.py") as address:
        yield address


def wait_for(page: Page, text: str | re.Pattern[str]) -> None:
    page.get_by_text(text).first.wait_for(timeout=PATIENCE_MS)


def progress_of(page: Page) -> int:
    """The step that the panel shows."""
    line = page.get_by_text(re.compile(r"^\d+ of 400")).first
    line.wait_for(timeout=PATIENCE_MS)
    return int(line.inner_text().split()[0])


def test_a_cheap_run_starts_by_itself_and_its_result_arrives(visitor, server):
    page = open_page(visitor, server)
    wait_for(page, "last 2")
    expect(
        page.locator(".stBadge, [data-testid=stMarkdownBadge], .stMarkdownBadge").filter(
            has_text="now"
        )
    ).to_be_visible()
    assert page.get_by_text("Compute", exact=True).count() == 0


def test_a_heavy_run_says_its_cost_and_survives_a_reload_and_a_second_browser(
    browser: Browser, visitor, server
):
    page = open_page(visitor, server)
    wait_for(page, "last 2")
    page.goto(f"{server}/?{SLOW}&tiny.seed=1")
    wait_for(page, "A run takes about")
    # The default result stays on the page, marked as such.
    wait_for(page, "last 2")
    wait_for(page, "The figures below are for the previous settings")
    page.get_by_role("button", name="Compute", exact=True).click()
    first = progress_of(page)
    page.get_by_text("square").first.wait_for()

    page.reload()
    settle_live(page)
    again = progress_of(page)
    assert again >= first

    other = context(browser, "dark")
    second = other.new_page()
    second.goto(f"{server}/?{SLOW}&tiny.seed=1")
    assert progress_of(second) >= again
    assert second.get_by_role("button", name="Compute", exact=True).count() == 0

    second.get_by_role("button", name="Cancel", exact=True).click()
    for seen in (second, page):
        wait_for(seen, "The last try was cancelled")
        expect(seen.get_by_role("button", name="Compute", exact=True)).to_be_visible()
    other.close()


def test_the_page_stays_usable_while_a_run_goes_on(visitor, server):
    page = visitor.new_page()
    page.goto(f"{server}/?{SLOW}&tiny.seed=2")
    page.get_by_role("button", name="Compute", exact=True).click()
    progress_of(page)
    page.get_by_role("radio", name="From above").click()
    wait_for(page, "view high")
    assert "tiny.view=high" in page.url
    assert "tiny.seed=2" in page.url
    page.get_by_role("button", name="Cancel", exact=True).click()
    wait_for(page, "The last try was cancelled")


def test_a_choice_with_labels_keeps_its_name_in_the_link(visitor, server):
    page = open_page(visitor, f"{server}/?tiny.view=high&tiny.cell=7")
    wait_for(page, "cell 7, view high")
    assert page.get_by_role("radio", name="From above").get_attribute("aria-checked") == "true"
    page = open_page(visitor, f"{server}/?tiny.view=nonsense&tiny.cell=99")
    wait_for(page, "cell 9, view low")


def test_a_slider_moves_by_keyboard_and_writes_the_link(visitor, server):
    page = open_page(visitor, f"{server}/?tiny.steps=10")
    wait_for(page, "last 9")
    slider = page.locator(".st-key-tiny-steps input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "last 10")
    page.wait_for_url(re.compile(r"tiny\.steps=11"))


@pytest.mark.parametrize("ending", ["csv", "parquet", "html", "png", "svg"])
def test_a_figure_can_be_taken_away(visitor, server, ending, tmp_path):
    page = open_page(visitor, server)
    wait_for(page, "last 2")
    page.get_by_role("button", name="Export").click()
    label = {"csv": "CSV", "parquet": "Parquet"}.get(ending, ending.upper())
    with page.expect_download(timeout=PATIENCE_MS) as waiting:
        page.get_by_role("button", name=label, exact=True).click()
    path = tmp_path / "figure"
    waiting.value.save_as(path)
    data = path.read_bytes()
    assert waiting.value.suggested_filename == f"count.{ending}"
    heads = {"csv": b"count", "parquet": b"PAR1", "html": b"<", "png": b"\x89PNG", "svg": b"<svg"}
    assert data.startswith(heads[ending])
    if ending == "html":
        text = data.decode()
        assert 'src="http' not in text and "count" in text


@pytest.mark.parametrize(("label", "head"), [("Arrays (npz)", b"PK"), ("Report (HTML)", b"<!")])
def test_a_run_can_be_taken_away(visitor, server, label, head, tmp_path):
    page = open_page(visitor, server)
    wait_for(page, "last 2")
    with page.expect_download(timeout=PATIENCE_MS) as waiting:
        page.get_by_role("button", name=label).click()
    waiting.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes().startswith(head)


def settle_live(page: Page) -> None:
    """A page with a live run never rests for long; wait for its heading."""
    page.get_by_role("heading", name="Tiny").wait_for(timeout=PATIENCE_MS)


def test_the_link_keeps_what_widgets_and_choices_wrote(visitor, server):
    page = open_page(visitor, server)
    wait_for(page, "last 2")
    page.locator(".st-key-tiny-steps input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "last 3")
    page.get_by_role("radio", name="From above").click()
    wait_for(page, "view high")
    page.wait_for_url(re.compile(r"tiny\.view=high"))
    assert "tiny.steps=4" in page.url
    again = open_page(visitor, page.url)
    wait_for(again, "last 3")
    wait_for(again, "view high")
