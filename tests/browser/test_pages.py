"""Every page in a browser: it loads, it is clean, it can be used by everyone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.looks import THEMES, WIDTHS, context, open_page, paths, settle

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
LOOKS = [(theme, width) for theme in THEMES for width in WIDTHS]


def violations(page: Page) -> list[str]:
    """What axe-core finds, one line a node."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("path", paths(), ids=lambda path: path or "home")
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_page_loads_clean_and_accessible(browser: Browser, server, path, theme, width):
    made = context(browser, theme, width)
    hosts, errors, missing = set(), [], []
    made.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    made.on(
        "response",
        lambda answer: missing.append(answer.url) if answer.status >= 400 else None,
    )
    page = made.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda line: (
            errors.append(line.text)
            # Streamlit looks for its server below the page's path first; counted in `missing`.
            if line.type == "error" and "status of 404" not in line.text
            else None
        ),
    )
    page.goto(f"{server}/{path}")
    settle(page)
    assert page.locator("h1").count() == 1
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.get_by_text("Something went wrong").count() == 0
    assert not violations(page)
    made.close()
    assert errors == []
    assert not [url for url in missing if f"/{path}/_stcore/" not in url]
    assert {host for host in hosts if host} == {urlsplit(server).netloc}


def test_nothing_is_wider_than_a_phone(browser: Browser, server):
    made = context(browser, "light", 390)
    for path in paths():
        page = open_page(made, f"{server}/{path}")
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390, path
        page.close()
    made.close()


def test_the_keyboard_reaches_the_pages_and_shows_where_it_is(visitor, server):
    page = open_page(visitor, server)
    reached = set()
    for _ in range(16):
        page.keyboard.press("Tab")
        name, width = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
                 return [e.innerText || e.getAttribute('aria-label') || '',
                         s.outlineStyle === 'none' && s.boxShadow === 'none'
                           ? 0 : parseFloat(s.outlineWidth) || 1]; }"""
        )
        if name.strip() in {"Gallery", "Runs", "Sources"}:
            assert width > 0, f"{name} has no visible focus"
            reached.add(name.strip())
    assert reached == {"Gallery", "Runs", "Sources"}


def test_both_themes_follow_the_system(browser: Browser, server):
    grounds = {}
    for theme in THEMES:
        made = context(browser, theme)
        page = open_page(made, server)
        grounds[theme] = page.locator('[data-testid="stApp"]').evaluate(
            "e => getComputedStyle(e).backgroundColor"
        )
        fonts = page.evaluate("() => [...document.fonts].filter(f => f.status === 'loaded').length")
        assert fonts >= 2, "the shipped fonts are in use"
        made.close()
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 29)"}
