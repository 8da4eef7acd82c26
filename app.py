"""The launcher: `streamlit run app.py` serves pages/frame.py with routes and headers of our own.

The main script lies inside pages/, because Streamlit would otherwise answer a deep link on a
fresh server by its automatic multipage mode, which knows nothing of the frame.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from engine import __version__
from engine.runtime import get_runner
from pages.kit.headers import SecurityHeaders

ROOT = Path(__file__).parent
BASE = "/".join(["", *filter(None, str(st.get_option("server.baseUrlPath") or "").split("/"))])


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Jobs live as long as the server."""
    runner = get_runner()
    runner.start()
    yield None
    runner.stop()


async def ready(request: Request) -> JSONResponse:
    """What a load balancer asks."""
    return JSONResponse({"ready": True, "version": __version__})


app = st.App(
    ROOT / "pages" / "frame.py",
    lifespan=lifespan,
    routes=[
        Route(f"{BASE}/api/ready", ready),
        Mount(f"{BASE}/app/static/fonts", StaticFiles(directory=ROOT / "assets/vendor/fonts")),
    ],
    middleware=[Middleware(SecurityHeaders)],
)
