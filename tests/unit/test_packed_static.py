"""Static files are packed for browsers that take it, once, and are the same when unpacked."""

from __future__ import annotations

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from pages.kit import packed
from pages.kit.packed import PackedStatic

SCRIPT = "export const one = 1;\n" * 5000


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.js").write_text(SCRIPT)
    (tmp_path / "small.js").write_text("1")
    (tmp_path / "b.png").write_bytes(b"\x89PNG" * 5000)
    return tmp_path


def client(folder) -> TestClient:
    return TestClient(
        Starlette(
            routes=[
                Mount("/static/js", StaticFiles(directory=folder)),
                Mount("/media", StaticFiles(directory=folder)),
            ],
            middleware=[Middleware(PackedStatic)],
        )
    )


def ask(server: TestClient, path: str, **headers: str):
    headers = {"accept-encoding": "gzip, deflate, br", **headers}
    with server.stream("GET", path, headers=headers) as answer:
        return answer.status_code, answer.headers, b"".join(answer.iter_raw())


def test_a_script_comes_packed_and_is_the_same(folder):
    server = client(folder)
    for _ in range(2):
        status, headers, body = ask(server, "/static/js/a.js")
        assert status == 200 and headers["content-encoding"] == "gzip"
        assert int(headers["content-length"]) == len(body) < len(SCRIPT) / 10
        assert gzip.decompress(body).decode() == SCRIPT
        assert "accept-encoding" in headers["vary"].lower()
        assert headers["etag"].startswith("W/")
    (folder / "a.js").write_text("other" * 1000)
    assert gzip.decompress(ask(server, "/static/js/a.js")[2]).decode() == "other" * 1000


def test_a_browser_that_has_the_file_is_told_so(folder):
    server = client(folder)
    tag = ask(server, "/static/js/a.js")[1]["etag"]
    status, headers, body = ask(server, "/static/js/a.js", **{"if-none-match": tag})
    assert (status, body) == (304, b"")
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/a.js", {"accept-encoding": "identity"}),
        ("/static/js/a.js", {"accept-encoding": "gzip;q=0"}),
        ("/static/js/a.js", {"range": "bytes=0-9"}),
        ("/static/js/small.js", {}),
        ("/static/js/b.png", {}),
        ("/static/js/missing.js", {}),
        ("/media/a.js", {}),
    ],
)
def test_all_else_passes_untouched(folder, path, headers):
    status, answered, body = ask(client(folder), path, **headers)
    assert "content-encoding" not in answered
    if status == 200:
        assert body == (folder / path.split("/")[-1]).read_bytes()


def test_what_is_kept_is_bounded(folder, monkeypatch):
    monkeypatch.setattr(packed, "MOST_BYTES", 0)
    server = client(folder)
    for _ in range(2):
        assert gzip.decompress(ask(server, "/static/js/a.js")[2]).decode() == SCRIPT
