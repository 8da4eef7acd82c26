"""Response headers that Streamlit leaves to the host."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Scripts of a page in a sandboxed frame carry it: the frame inherits the policy of the lab.
NONCE = secrets.token_urlsafe(18)
_INLINE = re.compile(r"<script>(.*?)</script>", re.S)


class SecurityHeaders:
    """Adds a content policy, nosniff, a referrer policy and what a page may use of a device.

    The policy lets a page run and fetch what this server sends and nothing else;
    ENGRAM_FRAME_ANCESTORS says who may frame the lab.
    """

    def __init__(self, app: ASGIApp):
        self.app = app
        self.headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
            (b"content-security-policy", policy().encode("latin-1")),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; complete the headers of HTTP responses."""
        ours = {name for name, _ in self.headers}

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() not in ours]
                message["headers"] = [*kept, *self.headers]
            await send(message)

        await self.app(scope, receive, complete if scope["type"] == "http" else send)


def policy() -> str:
    """The content policy of every response.

    Components of ours are modules at blob addresses, and Streamlit and its charts write styles into
    the page; inline scripts run only when they are Streamlit's own or carry the nonce.
    """
    ancestors = os.environ.get("ENGRAM_FRAME_ANCESTORS", "'self'")
    inline = " ".join(f"'sha256-{digest}'" for digest in _inline_of_streamlit())
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' blob: 'nonce-{NONCE}' {inline}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
        ]
    )


@cache
def _inline_of_streamlit() -> tuple[str, ...]:
    """Checksums of the scripts that stand in Streamlit's page itself, as the policy names them."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    return tuple(
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in _INLINE.findall(page)
    )
