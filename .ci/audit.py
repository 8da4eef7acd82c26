"""The packages of this environment: as pinned, and without a known vulnerability.

The first is checked here. The second asks a database over the network, by pip-audit: where that
cannot be reached or does not know the packages, it is said and passes.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"([A-Za-z0-9._-]+)==([\w.!+]+)")
SECONDS = 120


def pins(text: str) -> dict[str, str]:
    """Name and version of every line; raises ValueError for one that is not pinned exactly."""
    found = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line or line.startswith("-r "):
            continue
        pin = PIN.fullmatch(line)
        if pin is None:
            raise ValueError(f"{line!r} names no exact version")
        found[pin[1]] = pin[2]
    return found


def differing(wanted: dict[str, str]) -> list[str]:
    """Packages that are installed in another version than wanted, in words."""
    said = []
    for name, version in wanted.items():
        try:
            # A build of the same version, such as +cpu, is the same version.
            here = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            here = "not at all"
        if here != version:
            said.append(f"{name} is wanted in {version} and installed {here}")
    return said


def judge(report: dict) -> tuple[list[str], int]:
    """What pip-audit's JSON says: a line for each vulnerability, and how many were looked up."""
    looked_up = [one for one in report["dependencies"] if "skip_reason" not in one]
    lines = []
    for one in looked_up:
        for vulnerability in one.get("vulns", []):
            mended = ", ".join(vulnerability.get("fix_versions", [])) or "none yet"
            name = f"{one['name']} {one['version']}"
            lines.append(f"{name}: {vulnerability['id']}, mended in {mended}")
    return lines, len(looked_up)


def ask(file: Path) -> dict | None:
    """pip-audit's report on a file of pins, or None where it could not make one."""
    command = [
        *(sys.executable, "-m", "pip_audit", "-r", str(file), "--no-deps", "--disable-pip"),
        *("--format", "json", "--progress-spinner", "off", "--timeout", "10"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def main() -> int:
    """Print what was found; 0 unless something is wrong."""
    wanted = {}
    for name in FILES:
        wanted |= pins((ROOT / name).read_text("utf-8"))
    if wrong := differing(wanted):
        print("\n".join(wrong))
        return 1
    report = ask(ROOT / FILES[0])
    if report is None:
        print("Audit skipped: the database of vulnerabilities cannot be reached from here.")
        return 0
    lines, looked_up = judge(report)
    if lines:
        print("\n".join(lines))
        return 1
    if not looked_up:
        print("Audit skipped: the database that is reached from here knows none of the packages.")
        return 0
    print(
        f"Audit: {looked_up} of {len(report['dependencies'])} packages looked up, no known fault."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
