"""A browser's name, by chance: a reload or a second tab finds what this browser collected."""

from __future__ import annotations

import re
import secrets
from http.cookies import SimpleCookie

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.kit.static import base

COOKIE = "engram_visit"
YEAR_SECONDS = 365 * 86_400
_NAME = re.compile(r"[0-9a-f]{32}")


def visit() -> str | None:
    """The name of the browser in use; None where it takes no cookies."""
    name = st.context.cookies.get(COOKIE)
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None


class VisitCookie:
    """Gives a browser that opens a page a name, in a cookie that lasts a year from its last visit.

    Scripts and other sites cannot read it, no other site's form or frame sends it, and nothing but
    a report is kept by it.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; name the browser with the page that it opens."""
        if not _opens_a_page(scope):
            await self.app(scope, receive, send)
            return
        name = _name(scope) or secrets.token_hex(16)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                headers.append("set-cookie", _cookie(name, scope["scheme"] == "https"))
                headers["cache-control"] = "private, no-cache"  # the name is one browser's alone
                message = {**message, "headers": headers.raw}
            await send(message)

        await self.app(scope, receive, named)


def _opens_a_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    # What a browser asks for when it opens a page, and for nothing that the page loads.
    return "text/html" in Headers(scope=scope).get("accept", "")


def _name(scope: Scope) -> str | None:
    name = cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")
    return name if _NAME.fullmatch(name) else None


def _cookie(name: str, secure: bool) -> str:
    cookie = SimpleCookie({COOKIE: name})
    cookie[COOKIE].update(
        {"path": base() or "/", "max-age": YEAR_SECONDS, "httponly": True, "samesite": "Lax"}
    )
    if secure:
        cookie[COOKIE]["secure"] = True
    return cookie[COOKIE].OutputString()
