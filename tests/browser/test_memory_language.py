"""The form of the optional language model in a browser: its run, its key, its looks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.faults import violations
from tests.browser.looks import LOOKS, PATIENCE_MS, context, open_page, settle
from tests.browser.server import serve
from tests.fake_endpoint import KEY, Exchange, FakeEndpoint, obey

SHOTS = os.environ.get("ENGRAM_SHOTS", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("language")
    with serve(home, "tests/browser/language_app.py", ENGRAM_LOCAL="1") as address:
        yield address
    assert KEY.encode() not in b"".join(
        file.read_bytes() for file in home.rglob("*") if file.is_file()
    )


def slowly(exchange: Exchange) -> None:
    time.sleep(0.3)
    obey(exchange)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(slowly) as made:
        yield made


def fill(page: Page, endpoint: FakeEndpoint) -> None:
    page.get_by_text("Language model (optional)").click()
    for label, value in {"Address": endpoint.url, "Model": "m-1", "Key": KEY}.items():
        field = page.get_by_role("textbox", name=label, exact=True)
        field.fill(value)
        field.press("Enter")
    settle(page)


def keep(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"language-{name}.png", full_page=True)


def test_a_run_from_the_form_to_its_triples(
    visitor: BrowserContext, server: str, endpoint: FakeEndpoint
) -> None:
    page = open_page(visitor, server)
    fill(page, endpoint)
    page.get_by_role("button", name="Test").click()
    page.get_by_text("answers").first.wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_text("4 of 4 passages read").wait_for(timeout=PATIENCE_MS)
    assert len(endpoint.paths) == 9
    assert page.get_by_role("textbox", name="Key", exact=True).get_attribute("type") == "password"
    assert KEY not in page.url and KEY not in page.inner_text("body")
    kept = page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert KEY not in kept
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the record").click()
    record = download.value.path().read_bytes()
    assert record.count(b"\n") == 9 and KEY.encode() not in record

    # Another visitor has the record and neither a model nor a key.
    asked = len(endpoint.paths)
    digest = page.get_by_text("digest ").inner_text()
    other = open_page(visitor, server)
    other.get_by_role("button", name="Replay a record").click()
    other.locator("input[type=file]").set_input_files(
        {"name": "record.jsonl", "mimeType": "application/jsonl", "buffer": record}
    )
    other.get_by_text("4 of 4 passages read").wait_for(timeout=PATIENCE_MS)
    assert other.get_by_text("digest ").inner_text() == digest
    assert len(endpoint.paths) == asked


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_form_looks_right_and_is_accessible(
    browser: Browser, server: str, endpoint: FakeEndpoint, theme: str, width: int
) -> None:
    made = context(browser, theme, width)
    page = open_page(made, server)
    fill(page, endpoint)
    keep(page, f"form-{theme}-{width}")
    assert violations(page) == []
    page.get_by_role("button", name="Read", exact=True).click()
    page.get_by_role("button", name="Cancel").wait_for(timeout=PATIENCE_MS)
    keep(page, f"live-{theme}-{width}")
    page.get_by_text("4 of 4 passages read").wait_for(timeout=PATIENCE_MS)
    settle(page)
    keep(page, f"read-{theme}-{width}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    made.close()
