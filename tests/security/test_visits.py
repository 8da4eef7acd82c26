"""The cookie that names a browser: given once, with a page, to nobody else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookies import SimpleCookie

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.kit.visits import COOKIE, YEAR_SECONDS, VisitCookie

PAGE = {"accept": "text/html,application/xhtml+xml"}


def client(address: str = "http://testserver") -> TestClient:
    def answer(request):
        return PlainTextResponse("ok", headers={"cache-control": "public, max-age=99"})

    app = Starlette(routes=[Route("/{path:path}", answer)], middleware=[Middleware(VisitCookie)])
    return TestClient(app, base_url=address)


def name_in(headers: Mapping[str, str]) -> str:
    return SimpleCookie(headers["set-cookie"])[COOKIE].value


def given(address: str = "http://testserver") -> SimpleCookie:
    return SimpleCookie(client(address).get("/", headers=PAGE).headers["set-cookie"])


def test_a_page_names_a_browser_once_and_the_name_lasts_a_year_from_then_on():
    browser = client()
    first, again = (browser.get("/", headers=PAGE).headers for _ in range(2))
    assert first["cache-control"] == again["cache-control"] == "private, no-cache"
    assert name_in(first) == name_in(again)
    assert SimpleCookie(again["set-cookie"])[COOKIE]["max-age"] == str(YEAR_SECONDS)


def test_every_browser_has_a_name_of_its_own_that_no_script_and_no_other_site_uses():
    one, other = given()[COOKIE], given()[COOKIE]
    assert one.value != other.value and re.fullmatch(r"[0-9a-f]{32}", one.value)
    assert one["httponly"] and one["samesite"] == "Lax" and one["path"] == "/"
    assert not one["secure"] and given("https://testserver")[COOKIE]["secure"]


def test_the_cookie_belongs_to_the_path_of_the_lab(monkeypatch):
    monkeypatch.setattr(st, "get_option", lambda name: "engram")
    browser = client()
    first = browser.get("/engram/", headers=PAGE).headers
    assert "path=/engram;" in first["set-cookie"].lower()
    for path in ("/engram", "/engram/kv_cache"):  # the name stays, with and without a slash
        assert name_in(browser.get(path, headers=PAGE).headers) == name_in(first)
    assert name_in(browser.get("/other", headers=PAGE).headers) != name_in(first)


def test_what_a_page_loads_gets_none():
    assert "set-cookie" not in client().get("/", headers={"accept": "*/*"}).headers


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "F" * 32, "0" * 31])
def test_a_name_that_cannot_be_is_replaced(name):
    headers = {**PAGE, "cookie": f"{COOKIE}={name}"}
    assert name_in(client().get("/", headers=headers).headers) != name
