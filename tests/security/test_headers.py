"""Headers of every response, asked for over ASGI."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.kit.headers import NONCE, SecurityHeaders


def client() -> TestClient:
    def answer(request):
        return PlainTextResponse("ok", headers={"X-Content-Type-Options": "sniff"})

    return TestClient(
        Starlette(routes=[Route("/", answer)], middleware=[Middleware(SecurityHeaders)])
    )


def policy() -> dict[str, list[str]]:
    header = client().get("/").headers["content-security-policy"]
    rules = [rule.split() for rule in header.split(";")]
    assert len({name for name, *_ in rules}) == len(rules), "a rule that stands twice counts once"
    return {name: sources for name, *sources in rules}


def test_every_response_has_the_headers_once():
    response = client().get("/")
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert response.headers["referrer-policy"] == "same-origin"
    assert len(response.headers.get_list("content-security-policy")) == 1
    missing = client().get("/missing").headers
    assert missing["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in missing


def test_the_policy_names_no_other_host_and_lets_no_inline_script_run():
    rules = policy()
    assert rules["default-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert rules["base-uri"] == rules["form-action"] == ["'self'"]
    scripts = set(rules["script-src"])
    assert not scripts & {"'unsafe-inline'", "'unsafe-eval'", "data:", "*"}
    assert f"'nonce-{NONCE}'" in scripts
    for sources in rules.values():
        for source in sources:
            assert source in {"data:", "blob:"} or re.fullmatch(r"'[\w+/=-]+'", source), source


@pytest.mark.parametrize("ancestors", ["'none'", "https://example.org"])
def test_who_may_frame_the_lab_is_configurable(monkeypatch, ancestors):
    assert policy()["frame-ancestors"] == ["'self'"]
    monkeypatch.setenv("ENGRAM_FRAME_ANCESTORS", ancestors)
    assert policy()["frame-ancestors"] == [ancestors]
