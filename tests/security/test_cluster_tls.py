"""A cluster whose scheduler asks for certificates: runs pass, strangers do not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.runtime.cluster import DaskRunner
from engine.store import Store
from tests.conformance.cluster import LABS, cluster
from tests.conformance.runner_lab import Steps
from tests.security.test_faults import LIMITS, ended

KNOCK = """
import sys
from distributed import Client
try:
    Client(sys.argv[1], timeout=int(sys.argv[2]))
except Exception:
    print("refused")
else:
    print("let in")
"""


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """An authority, a certificate of its, and one that signed itself."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path / "certificates"
    folder.mkdir()
    for name in ("ca", "stranger"):
        openssl(
            folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2",
        )  # fmt: skip
    openssl(
        folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=node",
        "-keyout", "node.key", "-out", "node.csr",
    )  # fmt: skip
    openssl(
        folder, "x509", "-req", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-out", "node.pem", "-days", "2",
    )  # fmt: skip
    return folder


def settings(folder: Path, name: str) -> dict[str, str]:
    """Dask's own variables, as the page on clusters names them."""
    prefix = "DASK_DISTRIBUTED__COMM__"
    found = {
        f"{prefix}REQUIRE_ENCRYPTION": "True",
        f"{prefix}TLS__CA_FILE": str(folder / "ca.pem"),
    }
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        found[f"{prefix}TLS__{role}__CERT"] = str(folder / f"{name}.pem")
        found[f"{prefix}TLS__{role}__KEY"] = str(folder / f"{name}.key")
    return found


def knock(address: str, more: Mapping[str, str], patience: int = 10) -> str:
    """What a client with these settings hears within ``patience`` seconds."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    said = subprocess.run(
        [sys.executable, "-c", KNOCK, address, str(patience)],
        env={**variables, **more}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return said.stdout.strip()


def test_runs_pass_and_strangers_do_not(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings(certificates, "node").items():
        monkeypatch.setenv(name, value)
    with cluster(tmp_path / "cluster", workers=1, host="tls://127.0.0.1") as running:
        assert running.address.startswith("tls://")
        store = Store.open(tmp_path / "home", running.url)
        runner = DaskRunner(running.address, store, labs=[LABS], limits=LIMITS)
        row = ended(store, runner.submit("runner_lab", "count", Steps(steps=3)))
        runner.stop()
        assert row.state == "done" and (row.machine or "").startswith("tls://")
        plain = running.address.replace("tls://", "tcp://")
        assert knock(running.address, settings(certificates, "node"), patience=600) == "let in"
        assert knock(running.address, settings(certificates, "stranger")) == "refused"
        assert knock(running.address, {}) == "refused"
        assert knock(plain, {}) == "refused"
