"""The three tabs of "More memories" in Chromium: clicks, Play, links, accessibility."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.faults import faults
from tests.browser.looks import LOOKS, context, settle


def open_tab(visitor: BrowserContext, server: str, tab: str, rest: str = "") -> Page:
    page = visitor.new_page()
    query = f"memory_graph.view=more&memory_graph.tab={tab}{rest}"
    page.goto(f"{server}/memory_graph?{query}")
    settle(page)
    return page


def test_a_tab_is_part_of_the_link_and_has_its_own_settings(
    visitor: BrowserContext, server: str
) -> None:
    page = open_tab(visitor, server, "buckets")
    expect(page.get_by_text("Hash seed", exact=True)).to_be_visible()
    page.get_by_text("HiAgent timeline", exact=True).click()
    expect(page).to_have_url(re.compile(r"memory_graph\.tab=hiagent"))
    expect(page.get_by_role("heading", name="Working memory by subgoals")).to_be_visible()
    expect(page.get_by_text("Budget (tokens)", exact=True)).to_be_visible()
    expect(page.get_by_text("Hash seed", exact=True)).to_have_count(0)


def test_a_clicked_bucket_shows_its_thoughts(visitor: BrowserContext, server: str) -> None:
    page = open_tab(visitor, server, "buckets")
    expect(page.get_by_role("heading", name="Bucket 25: 38 thoughts")).to_be_visible()
    bar = page.locator(".st-key-memory_graph_occupancy .barlayer .point path").nth(22)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(400)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile(r"memory_graph\.bucket=22"))
    expect(page.get_by_role("heading", name="Bucket 22: 75 thoughts")).to_be_visible()


def test_an_inserted_sentence_meets_its_rival_under_another_seed(
    visitor: BrowserContext, server: str
) -> None:
    page = open_tab(visitor, server, "buckets")
    page.get_by_role("link", name="A contradiction unseen").last.click()
    expect(page.get_by_text("so both are kept")).to_be_visible()
    page.get_by_role("spinbutton", name="Hash seed").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("was forgotten for it")).to_be_visible()


def test_the_tree_plays_and_a_thought_is_read_by_keyboard(
    visitor: BrowserContext, server: str
) -> None:
    page = open_tab(visitor, server, "coat", "&memory_graph.frame=0")
    tree = page.locator(".st-key-memory_graph_tree")
    expect(tree.locator(".step-name")).to_have_text("after 0 simulations")
    tree.get_by_role("button", name="Play").click()
    expect(tree.locator(".step-name")).to_have_text(re.compile("after [2-9] simulations"))
    tree.get_by_role("button", name="Pause").click()
    expect(page).to_have_url(re.compile(r"memory_graph\.frame=\d+"))
    plot = tree.locator("canvas.plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"memory_graph\.tree_node=\d+"))
    expect(page.get_by_text("The path covers")).to_be_visible()


def test_a_clicked_step_is_told_in_words(visitor: BrowserContext, server: str) -> None:
    page = open_tab(visitor, server, "hiagent")
    expect(page.get_by_text("After step 9 the prompt holds")).to_be_visible()
    bar = page.locator(".st-key-memory_graph_timeline .barlayer .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(400)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text("After step 1 the prompt holds")).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.agent_step=0"))


@pytest.mark.parametrize("tab", ["coat", "hiagent"])
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_no_tab_has_a_barrier(
    browser: Browser, server: str, tab: str, theme: str, width: int
) -> None:
    with context(browser, theme, width) as visitor:
        assert faults(open_tab(visitor, server, tab)) == []
