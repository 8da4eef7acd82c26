"""nginx in front of the lab, with the configuration that deploy/compose.yaml mounts."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.browser.server import PATIENCE_SECONDS, ROOT, free_port

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
# What nginx would keep in folders of the system lies in a folder of the test.
MAIN = """daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
    include {types};
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/lab.conf;
}}
"""


def find() -> str | None:
    """The nginx of this machine, or None."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def provide() -> str | None:
    """Find nginx, else install Debian's package as root; None where neither is possible."""
    if found := find():
        print(f"Deployment tests use {found}.")
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("No nginx on this machine: installing the package nginx-light with apt.")
        # The package would start a server of its own.
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        subprocess.run(["apt-get", "update", "-q"], check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", "nginx-light"],
            check=False,
            env=quiet,
        )
    if found := find():
        return found
    print("No nginx on this machine: the deployment tests that need it will skip.")
    return None


@contextlib.contextmanager
def proxy(folder: Path, upstream: str, path: str = "/") -> Iterator[str]:
    """Serve ``upstream``, an http address, through nginx; yields the address of its root."""
    program = find()
    if program is None:
        raise RuntimeError("there is no nginx on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    text = TEMPLATE.read_text("utf-8")
    for name, value in {
        "ENGRAM_LISTEN": f"127.0.0.1:{port}",
        "ENGRAM_UPSTREAM": upstream.removeprefix("http://"),
        "ENGRAM_PATH": path,
    }.items():
        text = text.replace(f"${{{name}}}", value)
    (folder / "lab.conf").write_text(text, "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    settings = MAIN.format(folder=folder, user=user, types="/etc/nginx/mime.types")
    (folder / "nginx.conf").write_text(settings, "utf-8")
    process = subprocess.Popen(
        [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", folder / "nginx.conf"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(process, f"{address}{path}_stcore/health", folder / "error.log")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    raise RuntimeError(f"the proxy did not start:\n{said}")


if __name__ == "__main__":
    provide()
