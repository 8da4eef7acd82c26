"""Finds a Chromium for the browser tests, or provides one and says how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine.figures.export import find_browser

# The shell without windows first: a page costs it two thirds of the processor's time.
PACKAGES = ("chromium-headless-shell", "chromium")
ARGS = ["--no-sandbox", "--disable-dev-shm-usage"]


def on_this_machine() -> str | None:
    """The path of an installed Chromium: the one that draws the lab's exports."""
    found = find_browser()
    return str(found) if found else None


def from_playwright() -> str | None:
    """The path of the Chromium that Playwright downloaded, if it did."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """The Chromium to use, or None."""
    return on_this_machine() or from_playwright()


def provide() -> str:
    """Find a Chromium, else install a package of Debian's as root, else let Playwright download."""
    if found := on_this_machine():
        print(f"Browser tests use {found}.")
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("No Chromium on this machine: installing its package with apt.")
        subprocess.run(["apt-get", "update", "-q"], check=False)
        for package in PACKAGES:
            subprocess.run(
                ["apt-get", "install", "-y", "-q", "--no-install-recommends", package], check=False
            )
            if found := on_this_machine():
                return found
    if found := from_playwright():
        print(f"Browser tests use the Chromium that Playwright keeps: {found}.")
        return found
    print("No Chromium on this machine: Playwright downloads its own.")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    if found := from_playwright():
        return found
    raise SystemExit("No Chromium could be provided; install one and set BROWSER_PATH to it.")


if __name__ == "__main__":
    provide()
