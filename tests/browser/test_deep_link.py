"""The first visitor of a fresh server comes by a link."""

from __future__ import annotations

import urllib.request

import pytest

from tests.browser.looks import open_page, paths
from tests.browser.server import serve


@pytest.mark.parametrize("script", ["app.py", "pages/frame.py"])
def test_a_deep_link_on_a_fresh_server_shows_the_page_in_its_frame(visitor, tmp_path, script):
    with serve(tmp_path / "home", script) as address:
        page = open_page(visitor, f"{address}/about")
        assert page.locator("h1").inner_text() == "Sources"
        # The menu of the frame, not the one that Streamlit makes of file names.
        for name in ("Gallery", "Runs", "Sources"):
            assert page.get_by_role("link", name=name, exact=True).count() == 1
        assert page.get_by_role("link", name="frame", exact=True).count() == 0
        assert page.get_by_text("Engram Lab 0.").count() == 1


def test_ready_and_headers(server):
    for path in ("api/ready", "", "_stcore/health", "app/static/fonts/inter.LICENSE.txt"):
        with urllib.request.urlopen(f"{server}/{path}") as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors" in answer.headers["Content-Security-Policy"]


def test_an_unknown_page_leads_back(visitor, server):
    page = open_page(visitor, f"{server}/no_such_lab")
    assert page.get_by_text("Page not found").count() >= 1
    assert paths()[0] == ""


@pytest.mark.parametrize(
    "query", ["run=%3Cimg%20src%3Dx%20onerror%3Dwindow.__x%3D1%3E", "run=ffff"]
)
def test_a_run_that_does_not_exist_gives_a_sentence(visitor, server, query):
    page = open_page(visitor, f"{server}/runs?{query}")
    assert page.get_by_text("there is no run", exact=False).count() == 1
    assert page.evaluate("() => window.__x") is None
