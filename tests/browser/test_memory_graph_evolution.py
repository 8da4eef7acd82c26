"""A-MEM's evolution in Chromium: the growing map, differences as elements, links, no barrier."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.faults import violations
from tests.browser.looks import THEMES, context, settle
from tests.browser.test_memory_graph import open_page

QUERY = "?memory_graph.view=evolution"
MAP = ".st-key-memory_graph_evolution"


def test_a_step_on_the_map_is_the_step_below_and_part_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, QUERY)
    expect(page.get_by_role("heading", name="Step 107: what this note did")).to_be_visible()
    page.locator(f"{MAP} input.step").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="Step 106: what this note did")).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.arrival=105"))
    page.get_by_role("button", name="Next change").click()
    expect(page.get_by_role("heading", name="Step 107: what this note did")).to_be_visible()


def test_words_that_came_are_inserted_elements_with_a_sign(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, QUERY)
    step = page.locator(".st-key-memory_graph_step_changes")
    expect(step.get_by_role("listitem")).to_have_count(3)
    came = step.locator("ins").first
    expect(came).to_contain_text("+")
    assert came.locator(".spoken").text_content() == "inserted: "
    assert came.evaluate("e => getComputedStyle(e).textDecorationLine") == "underline"


def test_words_that_went_are_deleted_elements(visitor: BrowserContext, server: str) -> None:
    # Switch (b) overwrites a note's context with that of another.
    query = f"{QUERY}&memory_graph.ranks_as_positions=true"
    page = open_page(visitor, server, query)
    went = page.locator(".st-key-memory_graph_note_changes del").first
    expect(went).to_contain_text("−")
    assert went.evaluate("e => getComputedStyle(e).textDecorationLine") == "line-through"
    assert went.locator(".spoken").text_content() == "deleted: "


def test_a_note_chosen_on_the_map_shows_its_history_and_is_part_of_the_link(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server, QUERY)
    plot = page.locator(f"{MAP} canvas.plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"memory_graph\.note=\d+"))
    number = int(re.search(r"memory_graph\.note=(\d+)", page.url)[1]) + 1
    menu = page.get_by_role("combobox", name="Note", exact=True)
    expect(menu).to_have_value(re.compile(rf"^{number}\. "))


def test_a_note_is_pale_until_it_comes(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, f"{QUERY}&memory_graph.arrival=0&memory_graph.note=100")
    expect(page.locator(f"{MAP} .readout")).to_contain_text("not there yet")
    page.locator(f"{MAP} input.step").focus()
    page.keyboard.press("End")
    expect(page.locator(f"{MAP} .readout")).not_to_contain_text("not there yet")


def test_markup_in_notes_is_shown_and_not_run(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server, QUERY)
    hostile = "<script>window.__x=1</script><img src=x onerror='window.__x=1'> Genoa harbour"
    rows = [
        {"id": str(i), "title": f"{hostile} {i % 2}", "text": f"{hostile} paint {i % 3}"}
        for i in range(12)
    ]
    data = "\n".join(map(json.dumps, rows)).encode()
    page.locator("summary", has_text="Your own").first.click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "notes.jsonl", "mimeType": "application/json", "buffer": data}
    )
    step = page.locator(".st-key-memory_graph_step_changes")
    expect(step.get_by_text("script>window.__x=1").first).to_be_visible()
    settle(page)
    assert page.evaluate("() => window.__x") is None
    assert step.locator("script, img").count() == 0


def test_the_history_and_the_differences_have_no_barrier(browser: Browser, server: str) -> None:
    for theme in THEMES:
        made = context(browser, theme=theme, width=390)
        page = open_page(made, server, f"{QUERY}&memory_graph.ranks_as_positions=true")
        expect(page.locator(".st-key-memory_graph_note_changes del").first).to_be_visible()
        assert not violations(page)
        made.close()
