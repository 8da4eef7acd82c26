"""Response headers that Streamlit leaves to the host."""

from __future__ import annotations

import os

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SecurityHeaders:
    """Adds nosniff, a referrer policy and who may frame the lab (ENGRAM_FRAME_ANCESTORS)."""

    def __init__(self, app: ASGIApp):
        self.app = app
        ancestors = os.environ.get("ENGRAM_FRAME_ANCESTORS", "'self'")
        self.headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"content-security-policy", f"frame-ancestors {ancestors}".encode("latin-1")),
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
