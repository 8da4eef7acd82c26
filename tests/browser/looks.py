"""Pages and the two themes and widths in which each is looked at."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from engine.core import labs

PAGES = Path(__file__).parents[2] / "pages"
THEMES = ("light", "dark")
WIDTHS = {1440: 900, 390: 844}
# A page costs seconds: every theme and every width, not every pair of them.
LOOKS = (("light", 1440), ("dark", 390))
PHONE = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36"
)
PATIENCE_MS = 120_000
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def paths() -> list[str]:
    """The address of every page, the labs with a page included."""
    shown = [name for name in labs() if (PAGES / f"{name}.py").is_file()]
    return ["", *shown, "papers", "runs", "report", "about"]


def context(browser: Browser, theme: str = "light", width: int = 1440) -> BrowserContext:
    """A visitor with that theme and window."""
    phone = {"user_agent": PHONE} if width < 640 else {}
    made = browser.new_context(
        **phone,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": WIDTHS[width]},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    made.set_default_timeout(PATIENCE_MS)
    return made


def settle(page: Page, patience_ms: float = PATIENCE_MS) -> None:
    """Wait until the script has run and its figures are drawn."""
    page.wait_for_selector(READY, timeout=patience_ms)
    page.wait_for_function(
        """() => document.querySelectorAll('[data-testid="stSkeleton"]').length === 0
              && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
                 .every(chart => chart.querySelector('.main-svg'))""",
        timeout=patience_ms,
    )
    page.wait_for_selector(READY, timeout=patience_ms)


def open_page(made: BrowserContext, address: str) -> Page:
    """A new tab at ``address``, drawn."""
    page = made.new_page()
    page.goto(address)
    settle(page)
    return page
