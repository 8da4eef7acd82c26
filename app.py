"""The launcher: `streamlit run app.py` serves pages/frame.py with routes and headers of our own.

The main script lies inside pages/, because Streamlit would otherwise answer a deep link on a
fresh server by its automatic multipage mode, which knows nothing of the frame.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from engine import __version__
from engine.core.errors import EngramError
from engine.runtime import get_runner
from pages.kit.headers import SecurityHeaders
from pages.kit.packed import PackedStatic
from pages.kit.static import base, static_routes
from pages.kit.visits import VisitCookie

ROOT = Path(__file__).parent

# Here and not in the lifespan, whose errors are told with a traceback.
try:
    runner = get_runner()
except EngramError as error:
    sys.exit(f"error: {error}")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Jobs live as long as the server."""
    runner.start()
    yield None
    runner.stop()


async def ready(request: Request) -> JSONResponse:
    """What a load balancer asks."""
    return JSONResponse({"ready": True, "version": __version__})


app = st.App(
    ROOT / "pages" / "frame.py",
    lifespan=lifespan,
    routes=[Route(f"{base()}/api/ready", ready), *static_routes()],
    middleware=[Middleware(SecurityHeaders), Middleware(VisitCookie), Middleware(PackedStatic)],
)
