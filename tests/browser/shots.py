"""Pictures of every page, both themes and widths, into the ignored folder shots/."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.looks import THEMES, WIDTHS, context, open_page, paths
from tests.browser.server import ROOT, serve

# Above the largest texture of a browser without a graphics card, a picture repeats its top.
HIGHEST = 8000


def main(wanted: list[str]) -> None:
    """Take the pictures of ``wanted`` paths (all without any)."""
    folder = ROOT / "shots"
    folder.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
        for theme in THEMES:
            for width in WIDTHS:
                made = context(browser, theme, width)
                for path in wanted or paths():
                    page = open_page(made, f"{address}/{path}")
                    # The page scrolls inside; a picture of all of it needs a window as high.
                    height = page.locator('[data-testid="stMain"]').evaluate("e => e.scrollHeight")
                    page.set_viewport_size({"width": width, "height": min(height + 20, HIGHEST)})
                    page.wait_for_timeout(1500)
                    name = path.split("?")[0] or "home"
                    page.screenshot(path=folder / f"{name}-{theme}-{width}.png")
                    print(f"shots/{name}-{theme}-{width}.png")
                    page.close()
                made.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
