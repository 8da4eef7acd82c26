"""Everything that others made and that is shipped has a licence and a checksum."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

from engine.figures.palette import Palette, contrast
from pages.kit.static import static_address

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "assets" / "vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_the_manifest_lists_every_file_with_its_checksum():
    listed = {name: digest for part in MANIFEST["parts"] for name, digest in part["files"].items()}
    present = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "MANIFEST.json"
    }
    assert listed == present


def test_every_part_has_a_licence_file():
    for part in MANIFEST["parts"]:
        assert part["licence"] and part["version"] and part["source"]
        [licence] = [name for name in part["files"] if "LICENSE" in name.upper()]
        assert len((VENDOR / licence).read_text(encoding="utf-8")) > 500


def test_no_shipped_script_fetches_another() -> None:
    scripts = sorted(VENDOR.rglob("*.js"))
    assert {path.name for path in scripts} >= {"three.min.js", "vis-network.min.js"}
    fetched = re.compile(
        r"""(?:\bfrom|\bimport|\bimport\(|importScripts\()\s*["'`](?:https?:)?//"""
    )
    for path in scripts:
        assert not fetched.search(path.read_text(encoding="utf-8")), path.name


def test_the_served_library_is_the_version_that_is_named() -> None:
    [three] = [part for part in MANIFEST["parts"] if part["name"] == "three.js"]
    library = (VENDOR / "three" / "three.min.js").read_text(encoding="utf-8")
    revision = three["version"].split(".")[1]
    assert f'"{revision}"' in library
    assert f"three@{three['version']}" in (VENDOR / "three" / "entry.js").read_text("utf-8")
    digest = three["files"]["three/three.min.js"]
    assert static_address("three/three.min.js") == f"/app/static/three/three.min.js?{digest[:16]}"


def test_the_theme_names_only_fonts_that_are_shipped():
    for face in CONFIG["theme"]["fontFaces"]:
        assert not face["url"].startswith(("http", "//"))
        assert (VENDOR / "fonts" / Path(face["url"]).name).is_file()


def test_theme_and_figures_have_the_same_colours():
    for palette in (Palette.light(), Palette.dark()):
        theme = CONFIG["theme"][palette.theme]
        assert theme["backgroundColor"] == palette.paper
        assert theme["secondaryBackgroundColor"] == palette.panel
        assert theme["textColor"] == palette.ink
        assert theme["primaryColor"] == palette.accent
        assert tuple(theme["chartCategoricalColors"]) == palette.categories
        for name in ("textColor", "linkColor", "grayTextColor", "redTextColor", "greenTextColor"):
            assert contrast(theme[name], theme["backgroundColor"]) >= 4.5, name


def test_the_server_is_set_up_with_care():
    assert CONFIG["server"]["maxUploadSize"] <= 20
    assert CONFIG["server"]["enableXsrfProtection"] is True
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert "enableAgentApi" not in CONFIG["server"]
