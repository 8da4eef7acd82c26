"""The bench in Chromium: a chosen cell, files to take away, A against B, questions without gold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.faults import faults
from tests.browser.looks import LOOKS, context, settle
from tests.browser.test_memory_graph import open_page

BENCH = "?memory_graph.view=bench"
COMPARE = f"{BENCH}&memory_graph.bench=compare&memory_graph.method=bm25"


def test_a_chosen_cell_is_told_and_is_part_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, BENCH)
    expect(page.get_by_text("This is the cell that the others are compared with")).to_be_visible()
    grid = page.locator(".st-key-memory_graph_grid canvas.cells").first
    grid.focus()
    page.keyboard.press("ArrowRight")  # the chosen cell
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"memory_graph\.cell=8"))
    expect(page.get_by_text("Threshold 0.8 with damping 0.7: recall@5")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text("Threshold 0.8 with damping 0.7: recall@5")).to_be_visible()


def test_the_whole_grid_is_a_file(visitor: BrowserContext, server: str, tmp_path: Path) -> None:
    page = open_page(visitor, server, BENCH)
    with page.expect_download() as download:
        page.get_by_role("button", name="Whole grid (JSON)").click()
    path = tmp_path / "grid.json"
    download.value.save_as(path)
    cells = json.loads(path.read_text())["cells"]
    assert len(cells["threshold"]) == 15 and cells["questions"] == [52] * 15


def test_another_grid_is_computed_by_itself(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, f"{BENCH}&memory_graph.thresholds=0.8&memory_graph.seed=3")
    expect(page.get_by_text("Of the 4 other cells")).to_be_visible()


def test_a_lost_question_opens_elsewhere_and_b_is_kept(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, f"{COMPARE}&memory_graph.b.damping=0.9")
    expect(page.get_by_role("heading", name=re.compile("B loses"))).to_be_visible()
    page.locator('[class*="st-key-memory_graph-b-loses-duel"] button').first.click()
    expect(page.get_by_role("heading", name="Retrievers side by side")).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.question=\d+"))
    page.get_by_role("radio", name="Bench").or_(page.get_by_role("button", name="Bench")).click()
    expect(page.get_by_text("B: damping 0.9.")).to_be_visible()


def test_a_question_without_gold_is_followed(visitor: BrowserContext, server: str) -> None:
    query = "?memory_graph.view=duel&memory_graph.ask=Where+does+Joana+Brites+work%3F"
    page = open_page(visitor, server, query)
    expect(page.get_by_text("This question came without gold passages").first).to_be_visible()
    expect(page.get_by_text("Where each ranks what was found")).to_be_visible()
    assert page.get_by_text("nan").count() == 0
    assert page.get_by_text("Recall@5 of each retriever").count() == 0


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_two_settings_have_no_barrier(
    browser: Browser, server: str, theme: str, width: int
) -> None:
    with context(browser, theme, width) as visitor:
        assert faults(open_page(visitor, server, COMPARE)) == []
