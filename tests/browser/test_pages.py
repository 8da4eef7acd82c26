"""Every page in a browser: it loads, it is clean, it can be used by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.core import labs
from tests.browser.faults import faults
from tests.browser.looks import LOOKS, THEMES, context, open_page, paths, settle


def each_view(page: Page, path: str) -> Iterator[str]:
    """The page as it opens, then, where it is a lab's, with each of its views chosen in turn."""
    yield "as it opens"
    if path not in labs():
        return
    for view in page.get_by_role("radiogroup", name="View").get_by_role("radio").all()[1:]:
        before = page.url
        view.click()
        page.wait_for_url(lambda url: url != before)  # noqa: B023 - called before the next view
        settle(page)
        expect(view).to_be_checked()
        yield view.inner_text()


@pytest.mark.parametrize("path", paths(), ids=lambda path: path or "home")
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_page_and_all_its_views_load_clean_and_accessible(
    browser: Browser, server: str, path: str, theme: str, width: int
) -> None:
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
    wrong = {view: found for view in each_view(page, path) if (found := faults(page))}
    made.close()
    assert wrong == {}
    assert errors == []
    assert not [url for url in missing if f"/{path}/_stcore/" not in url]
    assert {host for host in hosts if host} == {urlsplit(server).netloc}


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
