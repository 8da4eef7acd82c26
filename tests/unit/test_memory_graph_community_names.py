"""What communities are called: not by files, nor by words that begin sentences."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import engine
from engine.labs.memory_graph.config import OverviewConfig
from engine.labs.memory_graph.overview import overview


def names(notes: dict[str, str]) -> list[str]:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, text in notes.items():
            archive.writestr(name, text)
    config = OverviewConfig(corpus="input:" + "0" * 16)
    return overview(config, lambda value, field: file.getvalue()).notes["groups"]


def vault() -> dict[str, str]:
    """Two projects of eight notes each, every note with a link to another one."""
    about = {"Project Quartz": "Mira Kost", "Heron Bridge": "Wei Chen"}
    return {
        f"note{8 * p + i:02}.md": f"# Meeting {i}\n\n{who} walked to {project} in Porto. "
        f"Walked back with {who}. We walked.\n\nSee also [[note{8 * p + (i + 1) % 8:02}]].\n"
        for p, (project, who) in enumerate(about.items())
        for i in range(8)
    }


def test_a_vaults_communities_are_not_called_by_its_files() -> None:
    found = names(vault())
    assert any("project quartz" in name for name in found)
    assert any("heron bridge" in name for name in found)
    said = {part for name in found for part in name.split(", ")}
    assert not [part for part in said if part.startswith("note") or part == "walked"]


def test_a_file_names_a_community_where_nothing_else_does() -> None:
    notes = {
        f"note{i}.md": f"see [[note{(i + 1) % 4}]] and [[note{(i + 2) % 4}]]" for i in range(4)
    }
    assert any(part.startswith("note") for name in names(notes) for part in name.split(", "))


def test_no_name_of_the_diary_is_a_part_of_another_in_its_group() -> None:
    groups = engine.run("memory_graph", "overview").notes["groups"]
    assert "simon vibell, asta vibell" in groups
    for group in groups:
        own = [set(name.split()) for name in group.split(", ")]
        assert not any(a < b for a in own for b in own)
    said = {name for group in groups for name in group.split(", ")}
    assert not said & {"walked", "nothing", "march", "tuesday", "unnamed"}
