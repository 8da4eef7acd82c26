"""One POST to one judged address: no redirects, no proxies, bounded in time and in bytes."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.core.errors import EngramError
from engine.labs.memory_graph.language.address import Address, Place

LIMIT_BYTES = 2_000_000
CHUNK = 1 << 16
CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """A status, the headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UnreachableError(EngramError):
    """No answer; ``passing``: a second try may have one."""

    def __init__(self, sentence: str, *, passing: bool):
        self.passing = passing
        super().__init__(sentence)


def post(
    address: Address,
    places: Sequence[Place],
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> Answer:
    """Send JSON to the first of ``places`` that answers the phone.

    The name in ``address`` is not looked up again. ``seconds`` limit the whole exchange, however
    slowly bytes drip. Raises UnreachableError.
    """
    deadline = time.monotonic() + seconds
    with _Line(_connect(places, deadline), deadline) as line:
        try:
            if address.scheme == "https":
                line.secure(address.host)
            answer = _exchange(line.socket, address, body, headers)
            # A line that was cut at the deadline looks like one that ended.
            if time.monotonic() < deadline:
                return answer
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
            raise UnreachableError(f"no safe connection ({reason})", passing=False) from None
        except (OSError, http.client.HTTPException):
            if time.monotonic() < deadline:
                raise UnreachableError("the connection broke off", passing=True) from None
    raise UnreachableError(f"no answer within {seconds:g} s", passing=False)


class _Line:
    """A connected socket that is cut at ``deadline``.

    A limit on each read alone would let a slow server hold on for ever.
    """

    def __init__(self, raw: socket.socket, deadline: float):
        self.socket = raw
        left = max(0.01, deadline - time.monotonic())
        raw.settimeout(left)
        self._watch = threading.Timer(left, self._cut)
        self._watch.daemon = True

    def __enter__(self) -> _Line:
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._watch.cancel()
        self.socket.close()

    def secure(self, name: str) -> None:
        """Go on in TLS; the certificate is that of the name, although a number was called."""
        context = ssl.create_default_context()
        self.socket = context.wrap_socket(
            self.socket, server_hostname=name, do_handshake_on_connect=False
        )
        self.socket.do_handshake()

    def _cut(self) -> None:
        with suppress(OSError):
            # TLS's own shutdown is not made for another thread.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


def _exchange(
    line: socket.socket, address: Address, body: bytes, headers: Mapping[str, str]
) -> Answer:
    connection = http.client.HTTPConnection(address.host, address.port)
    connection.sock = line
    sent = {
        "Host": address.site,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Connection": "close",
        **headers,
    }
    connection.request("POST", address.path, body, sent)
    response = connection.getresponse()
    received = _read(response)
    fields = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, fields, received)


def _connect(places: Sequence[Place], deadline: float) -> socket.socket:
    reason = "no address"
    for family, place in places:
        line = socket.socket(family, socket.SOCK_STREAM)
        line.settimeout(min(CONNECT_SECONDS, max(0.01, deadline - time.monotonic())))
        try:
            line.connect(place)
            return line
        except OSError as error:
            reason = "it takes too long" if isinstance(error, TimeoutError) else str(error.strerror)
            line.close()
    raise UnreachableError(f"cannot be reached ({reason})", passing=False)


def _read(response: http.client.HTTPResponse) -> bytes:
    parts, total = [], 0
    while part := response.read(CHUNK):
        total += len(part)
        if total > LIMIT_BYTES:
            raise UnreachableError(
                f"the answer is larger than {LIMIT_BYTES / 1e6:g} MB", passing=False
            )
        parts.append(part)
    if response.length:  # fewer bytes than announced
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)
