"""Files that a browser fetches on its own: fonts, and the library of a component that is large."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

VENDOR = Path(__file__).parents[2] / "assets" / "vendor"
SERVED = ("fonts", "three")


def base() -> str:
    """The path below which the lab is served, "" or "/engram"."""
    return "/".join(["", *filter(None, str(st.get_option("server.baseUrlPath") or "").split("/"))])


def static_routes() -> list[BaseRoute]:
    """The routes of the served folders of assets/vendor, for the launcher."""
    return [
        Mount(f"{base()}/app/static/{name}", StaticFiles(directory=VENDOR / name))
        for name in SERVED
    ]


def static_address(name: str) -> str:
    """Where a browser finds a file of assets/vendor, such as "three/three.min.js".

    The checksum is part of the address: another version of the file is never taken from a cache.
    """
    return f"{base()}/app/static/{name}?{_checksums()[name][:16]}"


@cache
def _checksums() -> dict[str, str]:
    parts = json.loads((VENDOR / "MANIFEST.json").read_text("utf-8"))["parts"]
    return {name: digest for part in parts for name, digest in part["files"].items()}
