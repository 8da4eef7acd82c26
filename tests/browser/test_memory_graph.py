"""The memory-graph page in Chromium: steps, clicks, links, counterfactuals, accessibility."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import settle


def open_page(visitor: BrowserContext, server: str, query: str = "") -> Page:
    page = visitor.new_page()
    page.goto(f"{server}/memory_graph{query}")
    settle(page)
    return page


def test_the_step_on_the_map_is_the_step_of_the_table_and_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server)
    expect(page.get_by_role("heading", name="Passages after step 2")).to_be_visible()
    page.locator(".st-key-memory_graph_map input.step").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="Passages after step 1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.step=1"))
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="Passages after step 1")).to_be_visible()


def test_a_chosen_passage_shows_its_text_and_is_part_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server)
    plot = page.locator(".st-key-memory_graph_map canvas.plot")
    plot.focus()
    page.keyboard.press("ArrowRight")  # the heaviest node, a passage
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"memory_graph\.node=\d+"))
    expect(page.get_by_text("Casimir Ode cooked for eight").first).to_be_visible()


def unfold(page: Page, label: str) -> None:
    """Open a menu below the fold: one that is opened while the page still scrolls closes again."""
    box = page.get_by_role("combobox", name=label)
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    box.click()


def test_another_question_is_computed_by_itself(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server)
    page.get_by_role("combobox", name="Question").first.click()
    page.get_by_role("option", name=re.compile("^1. Where is the builder of Heron")).click()
    expect(page.get_by_text("Where is the builder of Heron from?").last).to_be_visible()
    expect(page.get_by_text("Wodnica").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.question=0"))


def test_a_dropped_seed_changes_the_rank(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, "?memory_graph.view=why&memory_graph.passage=91")
    expect(page.get_by_text("Rank 5, with and without")).to_be_visible()
    unfold(page, "Without seeds")
    page.get_by_role("option", name=re.compile("deep thistle")).click()
    expect(page).to_have_url(re.compile(r"without_seeds=1"))
    other = open_page(visitor, server, page.url.partition("/memory_graph")[2])
    expect(other.get_by_text("Rank 5, with and without")).to_be_visible()
    unfold(other, "Without edges")
    other.get_by_role("option").nth(1).click()
    expect(other).to_have_url(re.compile(r"without_edges=\d+-\d+"))


def test_a_dropped_fact_is_part_of_the_link(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, "?memory_graph.view=why&memory_graph.passage=91")
    unfold(page, "Without facts")
    page.get_by_role("option").nth(1).click()
    expect(page).to_have_url(re.compile(r"without_facts=\d+"))
    expect(page.get_by_text("taken out of the whole memory")).to_be_visible()
    other = open_page(visitor, server, page.url.partition("/memory_graph")[2])
    expect(
        other.get_by_text(re.compile("Rank 5, and [0-9]+ without|Rank 5, with|Rank 5; without"))
    ).to_be_visible()


def test_the_date_on_the_map_is_that_of_the_page_and_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    query = "?memory_graph.view=forgetting&memory_graph.day=2025-06-02"
    page = open_page(visitor, server, query)
    expect(page.get_by_role("heading", name="Forgotten on 2025-06-02")).to_be_visible()
    page.locator(".st-key-memory_graph_season input.step").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Forgotten on 2025-06-03")).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.day=2025-06-03"))


def test_a_cell_chooses_memory_and_date_and_a_ghost_is_named(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, "?memory_graph.view=forgetting")
    cells = page.locator(".st-key-memory_graph_cells canvas.cells")
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box
    cells.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.3})
    expect(page).to_have_url(re.compile(r"memory_graph\.memory=\d+"))
    expect(page).to_have_url(re.compile(r"memory_graph\.day=2025|memory_graph\.day=2026"))
    settle(page)
    number = re.search(r"memory_graph\.memory=(\d+)", page.url)
    assert number
    query = f"?memory_graph.view=forgetting&memory_graph.memory={number[1]}"
    ghost = open_page(
        visitor, server, f"{query}&memory_graph.day=2026-01-29&memory_graph.formula=code"
    )
    # Under the code nothing is left at the end: whatever is chosen is a ghost by then.
    expect(ghost.locator(".st-key-memory_graph_season .readout")).to_contain_text("forgotten")


def test_settings_of_a_view_outlive_its_absence_and_are_in_its_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, "?memory_graph.damping=0.3")
    expect(page.get_by_text("0.30", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Why this passage").or_(
        page.get_by_role("button", name="Why this passage", exact=True)
    ).first.click()
    settle(page)
    expect(page.get_by_text("Why this passage?").first).to_be_visible()
    expect(page.get_by_text("0.30", exact=True)).to_be_visible()
