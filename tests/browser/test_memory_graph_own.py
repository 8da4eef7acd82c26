"""A memory of one's own in Chromium: search while typing, ego graphs, a memory to keep."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.browser.faults import faults
from tests.browser.looks import LOOKS, context, settle

VIEW = "?memory_graph.view=overview"
HOSTILE = "<img src=x onerror=window.__x=1>"
BOX = "Search names, titles and passages"


def open_page(visitor: BrowserContext, server: str, query: str = "") -> Page:
    page = visitor.new_page()
    page.goto(f"{server}/memory_graph{VIEW}{query}")
    settle(page)
    return page


def vault() -> FilePayload:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("ada.md", "---\ndate: 1871-05-02\n---\nAda Marsh built the Heron Bridge.")
        archive.writestr("bridge.md", f"# {HOSTILE}\nThe Heron Bridge of {HOSTILE} Ada Marsh.")
        archive.writestr("other.md", "Casimir Ode lives far away in Cape Verde.")
    return {"name": "vault.zip", "mimeType": "application/zip", "buffer": out.getvalue()}


def bring(page: Page, file: FilePayload) -> None:
    page.locator("summary", has_text="Your own").click()
    page.locator(".st-key-memory_graph-corpus-files input[type=file]").set_input_files(file)


def test_hits_come_while_one_types_and_the_keyboard_takes_one(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, server)
    box = page.get_by_role("combobox", name=BOX)
    box.press_sequentially("casim", delay=40)
    first = page.get_by_role("option").first
    expect(first).to_contain_text("casimir ode")
    expect(first.locator("mark")).to_have_text("casim")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).to_be_focused()
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "hit-0")
    box.press("ArrowDown")
    box.press("ArrowUp")
    expect(first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(page.get_by_role("heading", name="casimir ode", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"memory_graph\.at=name%3Acasimir"))
    expect(box).to_have_attribute("aria-expanded", "false")
    page.reload()
    settle(page)
    expect(page.get_by_role("combobox", name=BOX)).to_have_value("casim")
    expect(page.get_by_role("heading", name="casimir ode", exact=True)).to_be_visible()


def test_a_community_opens_and_a_member_is_read(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, server)
    plot = page.locator(".st-key-memory_graph_groups_map canvas.plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"memory_graph\.group=0"))
    members = page.locator(".st-key-memory_graph_nodes_map canvas.plot")
    members.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"memory_graph\.at="))
    expect(page.locator(".st-key-memory_graph_ego_map canvas.plot")).to_be_visible()
    page.get_by_role("button", name="All communities").click()
    expect(plot).to_be_visible()


def test_physics_runs_in_a_frame_that_reaches_nothing(
    visitor: BrowserContext, server: str, tmp_path: Path
) -> None:
    page = open_page(visitor, server, "&memory_graph.at=1&memory_graph.ego=physics")
    frame = page.locator("iframe.frame")
    expect(frame).to_have_attribute("sandbox", "allow-scripts")
    inner = page.frame_locator("iframe.frame")
    expect(inner.locator("#mynetwork canvas")).to_be_visible()
    inside = frame.element_handle().content_frame()
    assert inside is not None
    assert inside.evaluate("self.origin") == "null"
    reach = "() => { try { return String(parent.document) } catch (error) { return error.name } }"
    assert inside.evaluate(reach) == "SecurityError"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="graph.html").click()
    file = tmp_path / "graph.html"
    waiting.value.save_as(file)
    alone = visitor.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    expect(alone.locator("#mynetwork canvas")).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_ones_own_notes_are_kept_grow_and_open_again_under_their_link(
    visitor: BrowserContext, browser: Browser, server: str
) -> None:
    page = open_page(visitor, server)
    bring(page, vault())
    expect(page).to_have_url(re.compile(r"memory_graph\.corpus=input"))
    page.keyboard.press("Escape")
    expect(page.get_by_text("heron bridge").first).to_be_visible()
    box = page.get_by_role("combobox", name=BOX)
    box.fill("onerror")
    hit = page.get_by_role("option").filter(has_text="img src").first
    expect(hit).to_be_visible()
    hit.click()
    expect(page.get_by_text("The Heron Bridge of").first).to_be_visible()
    page.get_by_role("button", name="Keep this memory").click()
    expect(page).to_have_url(re.compile(r"memory_graph\.kept=[0-9a-f]{32}"))
    page.get_by_role("textbox", name="Note", exact=True).fill("Bettina Rauch painted the Bridge.")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Note 4 was added.")).to_be_visible()
    assert page.evaluate("window.__x") is None
    stranger = context(browser)
    other = stranger.new_page()
    other.goto(page.url)
    settle(other)
    expect(other.get_by_text("has 4 notes")).to_be_visible()
    other.get_by_role("combobox", name=BOX).fill("bettina")
    expect(other.get_by_role("option").first).to_contain_text("bettina rauch")
    assert other.evaluate("window.__x") is None
    stranger.close()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_view_in_use_has_no_barrier(
    browser: Browser, server: str, theme: str, width: int
) -> None:
    query = "&memory_graph.search=casimir&memory_graph.at=43&memory_graph.group=3"
    with context(browser, theme, width) as visitor:
        page = open_page(visitor, server, query)
        box = page.get_by_role("combobox", name=BOX)
        box.press("ArrowDown")
        expect(page.get_by_role("option").first).to_be_visible()
        assert faults(page) == []
