"""Static files packed once and kept: they are most of a first visit, and Streamlit sends them as
they are. A proxy that compresses passes them on untouched.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = {"application/javascript", "image/svg+xml", "text/css", "text/javascript"}
LEAST_BYTES = 1000
# All scripts and styles of Streamlit and of the components take about 8 MB packed.
MOST_BYTES = 32_000_000


class PackedStatic:
    """Sends scripts and styles below ``/static/`` with gzip to browsers that take it."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self.kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; pack what is worth it."""
        if scope["type"] == "http" and _wanted(scope):
            await self.app(scope, receive, _Packing(self, scope["path"], send))
        else:
            await self.app(scope, receive, send)

    async def pack(self, path: str, tag: str, body: bytes) -> bytes:
        """``body`` packed; the files asked for last are kept by path and ``tag``."""
        packed = self.kept.get((path, tag))
        if packed is None:
            packed = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
            if tag:
                self.kept[path, tag] = packed
                while sum(map(len, self.kept.values())) > MOST_BYTES:
                    self.kept.popitem(last=False)
        else:
            self.kept.move_to_end((path, tag))
        return packed


class _Packing:
    """One response on its way."""

    def __init__(self, owner: PackedStatic, path: str, send: Send):
        self.owner, self.path, self.send = owner, path, send
        self.start: Message | None = None
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _worth_it(message):
            self.start = message
        elif message["type"] == "http.response.body" and self.start is not None:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self.start)
        else:
            await self.send(message)

    async def _finish(self, start: Message) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        tag = headers.get("etag", "")
        packed = await self.owner.pack(self.path, tag, bytes(self.body))
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(packed))
        headers.add_vary_header("Accept-Encoding")
        if tag and not tag.startswith("W/"):
            headers["etag"] = f"W/{tag}"  # the same file, in other bytes
        await self.send({**start, "headers": headers.raw})
        await self.send({"type": "http.response.body", "body": packed})


def _wanted(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    accepted = headers.get("accept-encoding", "").replace(" ", "").split(",")
    return (
        scope["method"] == "GET"
        and "/static/" in scope["path"]
        and "gzip" in accepted
        and "range" not in headers
    )


def _worth_it(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == 200
        and headers.get("content-type", "").split(";")[0] in KINDS
        and "content-encoding" not in headers
        and int(headers.get("content-length", LEAST_BYTES)) >= LEAST_BYTES
    )
