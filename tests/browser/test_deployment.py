"""The deployment of DEPLOY.md without a container engine: the same files, the same limits.

The server runs as a user without rights on a file system that is read-only but for its home and a
scratch folder, with the settings of deploy/public.env, below a path, behind nginx with the
configuration that compose mounts.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

import pytest
import streamlit
from playwright.sync_api import BrowserContext, expect

from engine.core import labs
from pages.kit import links
from tests.browser import proxy
from tests.browser.looks import open_page, paths
from tests.browser.server import PATIENCE_SECONDS, ROOT, serve

PATH = "/engram/"
USER = "48731"
# Reading is allowed to it everywhere, as in an image; writing only where it is the owner.
AS_USER = (
    *("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"),
    "--bounding-set=-all,+dac_read_search",
)
READ_ONLY = (
    'mount --make-rprivate / && mount --bind {0} {0} && mount -o remount,ro,bind / && exec "$@"'
)


def boxed(folder: Path) -> tuple[str, ...]:
    """The command that runs another one as the user, with only ``folder`` to write to."""
    return (*("unshare", "--mount", "sh", "-c", READ_ONLY.format(folder), "sh"), *AS_USER)


def public_settings() -> dict[str, str]:
    """The variables of deploy/public.env."""
    lines = (ROOT / "deploy" / "public.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Site:
    """A deployment: the folder it writes to and its address, with and without the proxy."""

    folder: Path
    public: str
    direct: str

    @property
    def home(self) -> Path:
        return self.folder / "home"


@contextlib.contextmanager
def deployed(folder: Path, **changed: str) -> Iterator[Site]:
    environment = {
        **public_settings(),
        "STREAMLIT_SERVER_BASE_URL_PATH": PATH,
        "HOME": str(folder / "scratch"),
        "TMPDIR": str(folder / "scratch"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ENGRAM_NO_CC": "1",
        **changed,
    }
    with (
        serve(folder / "home", prefix=boxed(folder), path=PATH, **environment) as direct,
        proxy.proxy(folder.with_name(f"{folder.name}-proxy"), direct, PATH) as public,
    ):
        yield Site(folder, f"{public}{PATH}", f"{direct}{PATH}")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder of the user's; pytest's own are closed to others."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can run the server as another user on a read-only disk")
    if proxy.find() is None:
        pytest.skip("no nginx here; `make test` provides one where it can")
    made = Path(tempfile.mkdtemp(prefix="engram-deploy-"))
    for name in ("home", "scratch"):
        (made / name).mkdir()
        os.chown(made / name, int(USER), int(USER))
    try_it = subprocess.run([*boxed(made), "true"], capture_output=True, text=True, check=False)
    if try_it.returncode:
        pytest.skip(f"this machine allows no mounts or users of one's own: {try_it.stderr[:200]}")
    yield made
    shutil.rmtree(made)
    shutil.rmtree(made.with_name(f"{made.name}-proxy"), ignore_errors=True)


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    with deployed(folder) as made:
        yield made


def fetch(address: str, **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_every_page_opens_below_the_path_and_talks_over_its_websocket(
    site: Site, visitor: BrowserContext
) -> None:
    for path in paths():
        page = visitor.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket, sockets=sockets: sockets.append(socket.url))
        page.goto(f"{site.public}{path}")
        expect(page.locator("h1")).to_be_visible()
        assert sockets and all(f"{PATH}_stcore/stream" in url for url in sockets), path
        assert page.get_by_text("Something went wrong").count() == 0
        page.close()


def test_scripts_and_the_page_itself_arrive_compressed(site: Site) -> None:
    [chart] = Path(streamlit.__file__).parent.glob("static/static/js/PlotlyChart.*")
    for address, by_the_lab in ((f"static/js/{chart.name}", True), ("", False)):
        whole = fetch(f"{site.direct}{address}", **{"Accept-Encoding": "identity"})[2]
        _, direct, _ = fetch(f"{site.direct}{address}", **{"Accept-Encoding": "gzip"})
        _, packed, small = fetch(f"{site.public}{address}", **{"Accept-Encoding": "gzip"})
        assert ("Content-Encoding" in direct) == by_the_lab, "what is left for the proxy to do"
        assert packed["Content-Encoding"] == "gzip"
        assert gzip.decompress(small) == whole
        assert len(small) < len(whole) / 2
        # Headers of the lab come through.
        assert "script-src" in packed["Content-Security-Policy"]


def test_the_health_check_of_the_image_sees_a_lab_that_lives_and_one_that_does_not(
    site: Site,
) -> None:
    def check(port: str, path: str) -> int:
        return subprocess.run(
            [sys.executable, ROOT / "deploy" / "health.py", port],
            env={**os.environ, "STREAMLIT_SERVER_BASE_URL_PATH": path},
            check=False,
        ).returncode

    port = site.direct.split(":")[2].split("/")[0]
    assert check(port, PATH) == 0
    assert check(port, "/elsewhere/") == 1
    assert check("9", PATH) == 1
    assert fetch(f"{site.public}_stcore/health")[2] == b"ok"
    assert fetch(f"{site.public}api/ready")[0] == 200


def test_programs_cannot_drive_a_public_lab(site: Site) -> None:
    assert fetch(f"{site.public}_stcore/agent/openapi.json")[0] == 404
    request = urllib.request.Request(f"{site.direct}_stcore/agent/interact", b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code in (403, 404)


def kept(site: Site) -> dict[str, bytes]:
    """Every file of every result, by its name below the home."""
    results = site.home / "results"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in results.rglob("*")
        if path.is_file()
    }


def test_a_restart_keeps_results_and_nothing_else_was_written(
    folder: Path, visitor: BrowserContext
) -> None:
    lab = labs()["memory_hardware"]
    experiment = lab.experiment("generation")
    config = experiment.config(tokens=37)
    query = urlencode(links.query(lab, experiment, config, {"view": "generation"}))
    manifest = folder / "home" / "results" / experiment.digest(lab.name, config) / "manifest.json"
    with deployed(folder) as site:
        assert not manifest.exists()
        page = open_page(visitor, f"{site.public}memory_hardware?{query}")
        end = time.monotonic() + PATIENCE_SECONDS
        while not manifest.exists() and time.monotonic() < end:
            page.wait_for_timeout(200)
        before = kept(site)
        assert before
        page.close()
    # A server that computes nothing can only show what was kept.
    with deployed(folder, ENGRAM_RUNNER="off") as site:
        page = open_page(visitor, f"{site.public}memory_hardware?{query}")
        assert page.get_by_text("New runs are switched off").count() == 0
        assert page.locator('[data-testid="stPlotlyChart"]').count() > 0
        other = query.replace("tokens=37", "tokens=38")
        page = open_page(visitor, f"{site.public}memory_hardware?{other}")
        expect(page.get_by_text("New runs are switched off")).to_be_visible()
        assert kept(site) == before
    written = subprocess.run(
        ["find", "/", "-uid", USER, "-not", "-path", "/proc/*", "-not", "-path", f"{folder}/*"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    assert [path for path in written if path] == []
    assert [path for path in (folder / "scratch").rglob("*") if path.is_file()] == []
