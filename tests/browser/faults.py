"""What no page may have, in any of its looks."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def violations(page: Page) -> list[str]:
    """What axe-core finds, one line a node."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands: barriers, errors, and what is wider than it."""
    found = violations(page)
    if page.locator('[data-testid="stException"]').count():
        found.append("an exception is shown")
    if page.get_by_text("Something went wrong").count():
        found.append("something went wrong")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        found.append(f"it scrolls sideways by {wide} px")
    return found
