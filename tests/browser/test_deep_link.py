"""The first visitor of a fresh server comes by a link."""

from __future__ import annotations

import urllib.request

import pytest

from engine.core import get_lab, labs
from tests.browser.looks import open_page, paths, settle
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


# A view that is not the first one of its lab, and what is written on its button.
VIEWS = {
    "diffusion": ("atlas", "Neuron atlas"),
    "kv_cache": ("pareto", "Bits and damage"),
    "memory_graph": ("forgetting", "Forgetting"),
    "memory_hardware": ("training", "Offload"),
    "motion": ("storyline", "Story timeline"),
}


def links() -> list[tuple[str, str]]:
    """Every page; of a lab the link to a view."""
    return [
        (f"{path}?{path}.view={VIEWS[path][0]}", VIEWS[path][1]) if path in labs() else (path, "")
        for path in paths()
    ]


@pytest.mark.parametrize(("link", "seen"), links())
def test_a_link_to_every_page_and_a_view_of_every_lab_opens_on_a_fresh_server(
    visitor, tmp_path, link, seen
):
    with serve(tmp_path / "home", ENGRAM_RUNNER="off") as address:
        page = open_page(visitor, f"{address}/{link}")
        assert page.locator("h1").count() == 1
        assert page.get_by_text("Something went wrong").count() == 0
        if seen:
            lab, view = link.split("?")[0], link.split("=")[-1]
            assert page.locator("h1").inner_text() == get_lab(lab).title
            chosen = page.get_by_role("radio", name=seen, exact=True)
            assert chosen.get_attribute("aria-checked") == "true"
            assert f"{lab}.view={view}" in page.url
            assert page.get_by_role("button", name="Add to report").count() >= 1


def test_a_comparison_opens_on_a_fresh_server_by_its_link(visitor, tmp_path):
    lab = get_lab("memory_hardware")
    experiment = lab.experiment("generation")
    kept = experiment.digest(lab.name, experiment.config())
    link = (
        "memory_hardware?memory_hardware.view=generation&memory_hardware.model=llama-3.2-1b"
        f"&memory_hardware.tokens=4096&memory_hardware.kept-result={kept}"
    )
    with serve(tmp_path / "home", ENGRAM_RUNNER="off") as address:
        page = open_page(visitor, f"{address}/{link}")
        assert page.get_by_role("heading", name="A against B").count() == 1
        assert page.get_by_text("its shapes differ", exact=False).count() == 2
        assert f"memory_hardware.kept-result={kept}" in page.url
        tables = page.locator('[data-testid="stDataFrame"] .dvn-scroller')
        cut = "all => all.filter(e => e.scrollHeight > e.clientHeight).length"
        assert tables.count() >= 3 and tables.evaluate_all(cut) == 0


def test_a_report_opens_on_another_server_with_the_same_store(visitor, tmp_path):
    home = tmp_path / "home"
    with serve(home, ENGRAM_RUNNER="off") as address:
        page = open_page(visitor, f"{address}/memory_hardware?memory_hardware.view=generation")
        page.get_by_role("button", name="Add to report").first.click()
        page.get_by_text("The report has 1 figure now.").wait_for()
        page.get_by_role("link", name="Report", exact=True).click()
        page.get_by_role("heading", name="Report", exact=True).wait_for()
        settle(page)
        page.wait_for_url("**/report?report.key=*")
        query = page.url.split("?")[1]
    with serve(home, ENGRAM_RUNNER="off") as address:
        page = open_page(visitor, f"{address}/report?{query}")
        assert page.locator('[data-testid="stPlotlyChart"] .main-svg').count() >= 1
        assert page.get_by_role("textbox", name="Title of figure 1").count() == 1


def test_ready_and_headers(server):
    for path in (
        *("api/ready", "", "_stcore/health"),
        *("app/static/fonts/inter.LICENSE.txt", "app/static/three/three.min.js"),
    ):
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
