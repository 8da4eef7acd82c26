"""Headers and routes of the launcher, asked for over ASGI."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.kit.headers import SecurityHeaders


def client() -> TestClient:
    def answer(request):
        return PlainTextResponse("ok", headers={"X-Content-Type-Options": "sniff"})

    return TestClient(
        Starlette(routes=[Route("/", answer)], middleware=[Middleware(SecurityHeaders)])
    )


def test_every_response_has_the_headers_once():
    response = client().get("/")
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["content-security-policy"] == "frame-ancestors 'self'"
    assert client().get("/missing").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("ancestors", ["'none'", "https://example.org"])
def test_who_may_frame_the_lab_is_configurable(monkeypatch, ancestors):
    monkeypatch.setenv("ENGRAM_FRAME_ANCESTORS", ancestors)
    header = client().get("/").headers["content-security-policy"]
    assert header == f"frame-ancestors {ancestors}"
