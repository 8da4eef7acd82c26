"""The door for the address of an endpoint: what it may look like, and where it may lead.

On a server for everybody a visitor's address must not reach what only the server can reach. So its
name is resolved, every address behind it is judged, and the connection goes to a judged one.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.core.errors import BadInput
from engine.labs.memory_graph.language.chat import ChatError

FIELD = "endpoint"
LONGEST = 500
CALL = "/chat/completions"
PORTS = {"http": 80, "https": 443}

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9.])?")
_PATH = re.compile(r"[\w./~-]*", re.ASCII)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_WRITE = "write it as https://host/v1"

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Place = tuple[socket.AddressFamily, Any]  # what socket.connect takes


@dataclass(frozen=True)
class Address:
    """A base URL, taken apart; ``path`` is that of the call."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def site(self) -> str:
        """Host and, where it is not the scheme's own, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.site}{self.path.removesuffix(CALL)}"


def check_address(text: str) -> Address:
    """A base URL ("https://host/v1"); raises BadInput("endpoint").

    Schemes other than http and https, user names, passwords and queries are refused: keys have no
    place in an address. What was typed is shown in no sentence, as it may hold one.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable():
        raise BadInput(FIELD, f"an address of 1 to {LONGEST} plain characters; {_WRITE}")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(FIELD, f"this is no address; {_WRITE}") from None
    if parts.scheme not in PORTS:
        raise BadInput(FIELD, f"only http and https are spoken; {_WRITE}")
    if "@" in parts.netloc:
        raise BadInput(FIELD, "an address holds no user name and no password; give the key apart")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise BadInput(FIELD, "an address ends before ? and #; give the key apart")
    if not (_NAME.fullmatch(host) or _literal(host)) or port == 0:
        raise BadInput(FIELD, f"this names no host; {_WRITE}")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or ".." in path:
        raise BadInput(FIELD, f"its path has letters, digits and . / _ ~ - only; {_WRITE}")
    path = path if path.endswith(CALL) else path + CALL
    return Address(parts.scheme, host, port or PORTS[parts.scheme], path)


def resolve(address: Address, *, private: bool) -> tuple[Place, ...]:
    """Where to connect, the first choice first; raises BadInput("endpoint") and ChatError.

    Without ``private`` a name is refused if any of its addresses is not one of the open network:
    private, loopback, link-local, shared, reserved or multicast, also inside IPv6.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ChatError(f"{address.site}: the name cannot be resolved") from None
    places = tuple((entry[0], entry[4]) for entry in found)
    if not places:
        raise ChatError(f"{address.site}: the name has no address")
    if not private and not all(is_open(str(place[0])) for _, place in places):
        raise BadInput(
            FIELD,
            f"{address.site} leads into a private network, which this server does not enter; "
            "run the lab on your own machine to reach it",
        )
    return places


# Withdrawn, and still routed inside some networks: site-local addresses and the 6to4 relay.
_OLD = (ipaddress.ip_network("fec0::/10"), ipaddress.ip_network("192.88.99.0/24"))


def is_open(text: str) -> bool:
    """Whether an IP address belongs to the open network, as every address inside it must."""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if ip in _NAT64:  # what is meant is the address inside
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return all(
        one.is_global
        and not any(one in net for net in _OLD if net.version == one.version)
        and not (one.is_multicast or one.is_reserved or one.is_unspecified)
        for one in (ip, *_inside(ip))
    )


def _inside(ip: IP) -> list[IP]:
    """IPv4 addresses that an IPv6 address leads to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    return [one for one in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if one is not None]


def _literal(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host
