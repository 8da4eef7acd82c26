"""Markup in a visitor's words is shown as words: file names, run names, links."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from engine.core import labs
from pages.kit.links import field_key
from tests.browser.looks import open_page, paths, settle

HOSTILE = "<img src=x onerror='window.__x=1'>[a](javascript:window.__x=1)"


def unharmed(page: Page) -> bool:
    return page.evaluate("() => window.__x === undefined && !document.querySelector('img[src=x]')")


def test_a_file_name_with_markup_is_a_file_name(visitor: BrowserContext, server: str) -> None:
    page = open_page(visitor, f"{server}/kv_cache?kv_cache.source=model")
    page.get_by_role("button", name=re.compile("Your own file")).click()
    story = b"One day a small key met a large value and both were stored. " * 400
    page.locator("input[type=file]").set_input_files(
        {"name": f"{HOSTILE.replace('/', ' ')}.txt", "mimeType": "text/plain", "buffer": story}
    )
    expect(page.get_by_role("combobox", name=re.compile("^Text"))).to_have_value(
        re.compile("Your own:")
    )
    expect(page.get_by_text("256 tokens", exact=False).first).to_be_visible()
    assert unharmed(page)
    # The run of that file, on the page of runs, and under a name of the same kind.
    runs = open_page(visitor, f"{server}/runs")
    runs.get_by_role("button", name="Name").first.click()
    field = runs.get_by_role("textbox", name="A name of your own")
    field.fill(HOSTILE)
    field.press("Enter")
    expect(runs.get_by_text(HOSTILE).first).to_be_visible()
    runs.reload()
    settle(runs)
    expect(runs.get_by_text(HOSTILE).first).to_be_visible()
    assert unharmed(runs)


def test_a_refused_file_is_explained_where_the_visitor_looks(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/kv_cache")
    page.get_by_role("button", name=re.compile("Your own file")).click()
    page.locator("input[type=file]").set_input_files(
        {"name": "bad.txt", "mimeType": "text/plain", "buffer": b"\xff\xfe\x00bad"}
    )
    said = page.locator('[data-testid="stPopoverBody"]').get_by_role("alert")
    expect(said).to_contain_text("UTF-8")
    assert page.locator('[data-testid="stAlert"]').count() == 1


@pytest.mark.parametrize("path", paths(), ids=lambda path: path or "home")
def test_words_in_a_link_are_words_on_every_page_and_no_markup_runs_there(
    visitor: BrowserContext, server: str, path: str
) -> None:
    """Every setting of the page, its view and its run at once, as a hostile link has them.

    Then the second wall: the content policy, should markup get into the page all the same.
    """
    names = {"run", "view"}
    if path in labs():
        lab = labs()[path]
        names |= {f"{path}.view", f"{path}.cell", f"{path}.at", f"{path}.prompt"}
        names |= {
            field_key(lab, experiment, field)
            for experiment in lab.experiments
            for field in experiment.config.model_fields
        }
    page = open_page(visitor, f"{server}/{path}?{urlencode(dict.fromkeys(names, HOSTILE))}")
    assert unharmed(page)
    assert page.get_by_text("Something went wrong").count() == 0
    page.evaluate(
        """markup => { const hole = document.createElement('div');
            hole.innerHTML = markup; document.body.append(hole);
            const script = document.createElement('script');
            script.textContent = 'window.__x = 2'; document.body.append(script);
            const other = document.createElement('script');
            other.src = 'https://127.0.0.2/evil.js'; document.body.append(other); }""",
        HOSTILE,
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.__x") is None


# The keys of the file fields in sight; a field of folders takes no single file.
KEYS = """fields => fields.filter(field => !field.webkitdirectory).map(field =>
    [...field.closest('[class*="st-key-"]').classList].find(name => name.startsWith('st-key-')))"""
VIEWS = [
    ("kv_cache", "map", ""),
    ("memory_hardware", "replay", ""),
    ("memory_graph", "wavefront", ""),
    ("diffusion", "scores", ""),
    ("motion", "export", "motion.clip_from=file"),
]
FILE = {
    "name": f"{HOSTILE.replace('/', ' ')}.txt",
    "mimeType": "text/plain",
    "buffer": f"{HOSTILE}\n# {HOSTILE}\nAda Marsh built the {HOSTILE} Bridge.\n".encode() * 40,
}


def bring_everywhere(page: Page) -> set[str]:
    """Bring the hostile file to every field in sight; returns the keys of what took it."""
    more = page.locator("details:not([open]) > summary").filter(
        has_text="More settings", visible=True
    )
    while more.count():
        more.first.click()
        settle(page)
    met: set[str] = set()
    openers = page.locator('[data-testid="stPopoverButton"], summary').filter(
        has_text=re.compile("upload_file|attach_file"), visible=True
    )
    number = 0
    while number < openers.count():
        openers.nth(number).click()
        number += 1
        fields = page.locator("input[type=file]")
        expect(fields.first).to_be_attached()
        # Looked for anew after each file: a page with a file of one's own may have other fields.
        while new := [key for key in fields.evaluate_all(KEYS) if key not in met]:
            met.add(new[0])
            page.locator(f".{new[0]} input[type=file]").first.set_input_files(FILE)
            settle(page)
            assert unharmed(page), new[0]
        page.keyboard.press("Escape")
    return met


@pytest.mark.parametrize(("lab", "view", "more"), VIEWS)
def test_a_hostile_file_in_a_view_with_uploads(
    visitor: BrowserContext, server: str, lab: str, view: str, more: str
) -> None:
    page = open_page(visitor, f"{server}/{lab}?{lab}.view={view}&{more}")
    assert bring_everywhere(page)
    assert page.get_by_text("Something went wrong").count() == 0
