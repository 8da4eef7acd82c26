"""Sample texts, presets, claims, papers and notes of the KV-cache lab."""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path

import numpy
import pytest

from engine.core.registry import Paper
from engine.labs.kv_cache import config
from engine.labs.kv_cache.analysis import softmax
from engine.labs.kv_cache.claims import CLAIMS, MARKS, Claim
from engine.labs.kv_cache.orders_grammar import is_no_op
from engine.labs.kv_cache.papers import PAPERS
from engine.labs.kv_cache.sources import EMBEDDED, SAMPLES, sample_path

FOLDER = Path(config.__file__).parent
EXPERIMENTS = {
    "capture": config.CaptureConfig,
    "synthetic": config.SyntheticConfig,
    "evaluate": config.EvaluateConfig,
    "order_check": config.OrderCheckConfig,
    "pareto": config.ParetoConfig,
    "drift": config.DriftConfig,
    "sensitivity": config.SensitivityConfig,
    "positions": config.PositionsConfig,
    "streaming": config.StreamingConfig,
}
VIEWS = {
    "map",
    "pareto",
    "drift",
    "microscope",
    "ordering",
    "sensitivity",
    "positions",
    "streaming",
}
HEADINGS = [
    "Error map",
    "Token by channel",
    "Pareto front",
    "Next-token drift",
    "Block microscope",
    "Ordering workbench",
    "Sensitivity",
    "Positions",
    "Streaming",
    "Scale-up calculator",
    "Formats",
    "Metrics",
    "Protocol",
]
PRESETS = tomllib.loads((FOLDER / "presets.toml").read_text(encoding="utf-8"))
COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
PLACEHOLDER = re.compile(r"@\{([a-z][a-z0-9_]+)\}")


def notes() -> dict[str, str]:
    parts = re.split(r"^## ", (FOLDER / "NOTES.md").read_text(encoding="utf-8"), flags=re.M)
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts[1:]}


NOTES = notes()


def test_between_four_and_eight_presets() -> None:
    assert 4 <= len(PRESETS) <= 8


@pytest.mark.parametrize("name", PRESETS)
def test_preset_builds_its_config_and_names_a_view(name: str) -> None:
    preset = PRESETS[name]
    assert set(preset) == {"title", "story", "experiment", "config", "page"}
    built = EXPERIMENTS[preset["experiment"]](**preset["config"])
    kept = built.model_dump()
    # A value that a validator rewrites would make two addresses of one result.
    assert {field: kept[field] for field in preset["config"]} == preset["config"]
    assert preset["page"]["view"] in VIEWS
    assert kept.get("model", EMBEDDED) == EMBEDDED, "a preset needs no download"
    assert kept.get("text", "handbook") in SAMPLES
    assert 1 <= len(re.findall(r"[.?!](?=\s|$)", preset["story"])) <= 2


@pytest.mark.parametrize("name", PRESETS)
def test_preset_page_formats_and_orders_are_canonical(name: str) -> None:
    page = PRESETS[name]["page"]
    if "key_format" in page:
        assert config.parse_format(page["key_format"]).id == page["key_format"]
    if "order" in page:
        assert config.parse_order(page["order"]).id == page["order"]


def test_presets_tell_different_stories() -> None:
    assert len({preset["title"] for preset in PRESETS.values()}) == len(PRESETS)
    assert len({preset["page"]["view"] for preset in PRESETS.values()}) >= 6


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_says_where_it_comes_from_and_what_stands_beside_it(claim: Claim) -> None:
    assert claim.mark in MARKS
    assert claim.source.strip()
    assert claim.url.startswith("https://")
    assert all(isinstance(figure, (int, float, str)) for figure in claim.figures.values())
    for text in (claim.statement, claim.caveat):
        assert text.endswith(".")


def test_claim_ids_are_unique() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)


def test_an_issue_claim_cites_a_thread_and_a_paper_claim_a_listed_paper() -> None:
    listed = {paper.arxiv for paper in PAPERS if paper.arxiv}
    for claim in CLAIMS:
        if claim.mark == "issue":
            assert re.search(r"github\.com/[\w.-]+/[\w.-]+/(pull|issues)/\d+$", claim.url)
        if claim.mark in ("paper", "digest"):
            assert re.search(r"\d{4}\.\d{5}$", claim.url).group() in listed


def test_seed_paper_comes_first_and_no_paper_twice() -> None:
    assert PAPERS[0].arxiv == "2403.20137"
    assert len({paper.title for paper in PAPERS}) == len(PAPERS)
    ids = [paper.arxiv for paper in PAPERS if paper.arxiv]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.title[:40])
def test_paper_can_be_found_and_its_id_fits_its_year(paper: Paper) -> None:
    assert paper.authors
    assert (paper.arxiv is None) != (paper.url is None)
    if paper.arxiv:
        match = re.fullmatch(r"(\d{2})(0[1-9]|1[0-2])\.\d{4,5}", paper.arxiv)
        assert match
        assert 2000 + int(match[1]) == paper.year
    else:
        assert paper.url.startswith("https://")


def test_notes_have_one_section_per_view() -> None:
    assert list(NOTES) == [*HEADINGS, "Terms"]


@pytest.mark.parametrize("heading", HEADINGS)
def test_note_documents_each_of_its_placeholders(heading: str) -> None:
    body = NOTES[heading]
    documented: set[str] = set()
    for comment in COMMENT.findall(body):
        head, _, rest = comment.strip().partition(":")
        assert head == "placeholders"
        documented = {entry.partition(":")[0].strip() for entry in rest.split(";")}
    text = COMMENT.sub("", body)
    assert set(PLACEHOLDER.findall(text)) == documented
    for line in text.splitlines():
        if PLACEHOLDER.search(line):
            assert line.startswith("Here "), "such a line is left out when a number is missing"
    # Filling must not touch a TeX argument of the same name.
    for name in documented:
        assert text.count(f"{{{name}}}") == len(
            [found for found in PLACEHOLDER.findall(text) if found == name]
        )


@pytest.mark.parametrize("heading", HEADINGS)
def test_note_is_short_and_has_an_equation(heading: str) -> None:
    text = COMMENT.sub("", NOTES[heading])
    assert text.count("\n$$\n") == text.count("$$"), "a display equation has lines of its own"
    pieces = text.split("$$")
    assert len(pieces) >= 3
    assert len(pieces) % 2 == 1, "an equation is left open"
    prose = " ".join(re.sub(r"\$[^$]*\$", "x", piece) for piece in pieces[::2])
    assert 60 <= len(prose.split()) <= 150
    for equation in pieces[1::2]:
        assert equation.count("{") == equation.count("}")
        assert equation.count(r"\left") - equation.count(r"\leftarrow") == equation.count(r"\right")
    assert text.isascii()


@pytest.mark.parametrize(("name", "least", "most"), [("handbook", 26, 34), ("stories", 12, 16)])
def test_sample_is_plain_and_long_enough(name: str, least: int, most: int) -> None:
    data = sample_path(name).read_bytes()
    assert least * 1024 <= len(data) <= most * 1024
    text = data.decode("ascii")
    assert "\r" not in text
    assert "\t" not in text
    lines = [line for line in text.splitlines() if len(line) > 60]
    assert len(set(lines)) == len(lines), "no paragraph comes twice"


def test_stories_are_six_and_separated_by_one_blank_line() -> None:
    text = sample_path("stories").read_text(encoding="ascii")
    stories = text.strip().split("\n\n")
    assert len(stories) == 6
    assert all(story.strip() and "\n" in story for story in stories)


def test_readme_states_the_sizes_of_the_samples() -> None:
    readme = (sample_path("handbook").parent / "README.md").read_text(encoding="utf-8")
    for name in SAMPLES:
        assert f"| {sample_path(name).stat().st_size} |" in readme


def test_examples_of_the_handbook_are_true() -> None:
    names = {
        "numpy": numpy,
        "softmax": softmax,
        "parse_format": config.parse_format,
        "parse_order": config.parse_order,
        "is_no_op": is_no_op,
    }
    text = sample_path("handbook").read_text(encoding="ascii")
    examples = doctest.DocTestParser().get_doctest(text, names, "handbook", None, 0)
    report: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        examples, out=report.append
    )
    assert results.attempted >= 6
    assert results.failed == 0, "".join(report)
