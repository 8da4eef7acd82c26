"""The page of papers: every source, and what was measured beside a claim, as the labs show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import STANDINGS, labs
from engine.store import lookup
from pages.kit import shown_labs
from pages.kit.links import query

pytestmark = pytest.mark.usefixtures("runner_off")

ROOT = Path(__file__).parents[2]
COMPARED = [
    pytest.param(lab, comparison, id=f"{lab.name}-{comparison.claims.__name__}")
    for lab in labs().values()
    for comparison in lab.comparisons()
]


def visit(page: str, **pairs: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=90).run()
    for name, value in pairs.items():
        app.query_params[name] = value
    app.switch_page(f"{page}.py").run()
    assert not app.exception and not app.error
    return app


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.subheader]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def claims_of(lab, comparison):
    experiment = lab.experiment(comparison.experiment)
    config = experiment.config.build(comparison.config)
    result = lookup(lab, experiment, config)
    assert result is not None, "what the page of papers compares is shipped"
    return experiment, config, comparison.claims(result)


def test_every_paper_stands_on_the_page_with_its_address():
    page = words(visit("papers"))
    for lab in shown_labs():
        for paper in lab.papers:
            assert paper.title in page
            assert paper.link and paper.link in page


def test_every_lab_with_papers_puts_a_claim_beside_a_measurement():
    with_papers = {lab.name for lab in labs().values() if lab.papers}
    assert with_papers == {lab.name for lab in labs().values() if lab.comparisons()}
    assert len(with_papers) >= 5


@pytest.mark.parametrize(("lab", "comparison"), COMPARED)
def test_a_claim_names_a_paper_of_the_lab_and_its_link_shows_the_same_words(lab, comparison):
    experiment, config, claims = claims_of(lab, comparison)
    assert claims
    page = {"view": experiment.name, **comparison.page}
    here = words(visit("papers", **{"papers.lab": lab.name}))
    there = words(visit(lab.name, **query(lab, experiment, config, page)))
    for claim in claims:
        assert claim.paper in {paper.link for paper in lab.papers}
        assert claim.statement and claim.source and claim.measured
        for shown in (here, there):
            assert claim.statement in shown
            assert claim.verdict in shown
            assert claim.measured in shown


def test_what_nothing_here_can_test_stands_on_the_page_with_the_reason():
    for lab in labs().values():
        if not lab.unmeasured():
            continue
        page = words(visit("papers", **{"papers.lab": lab.name}))
        for claim in lab.unmeasured():
            assert claim.paper in {paper.link for paper in lab.papers}
            assert claim.because
            for text in (claim.statement, claim.because, claim.source, claim.published or ""):
                assert text in page


def test_every_claim_is_counted_by_how_it_stands():
    for lab in shown_labs():
        page = words(visit("papers", **{"papers.lab": lab.name}))
        claims = [
            claim for comparison in lab.comparisons() for claim in claims_of(lab, comparison)[2]
        ]
        assert f"{len(claims) + len(lab.unmeasured())} claims: " in page
        for standing, said in STANDINGS.items():
            of = sum(claim.standing == standing for claim in claims)
            assert (f"{said} {of}" in page) == bool(of)


def test_the_words_of_a_claim_show_how_it_stands():
    app = visit("papers", **{"papers.lab": "motion"})
    badges = "\n".join(element.value for element in app.markdown)
    _, _, claims = claims_of(labs()["motion"], labs()["motion"].comparisons()[0])
    assert STANDINGS[claims[0].standing] in badges


def test_one_lab_can_be_chosen_by_the_link():
    app = visit("papers", **{"papers.lab": "motion"})
    assert "published: " in words(app)
    assert [heading.value for heading in app.header] == [labs()["motion"].title]


def test_what_is_not_computed_yet_is_said_and_no_verdict_stands(monkeypatch, tmp_path):
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path))
    app = visit("papers", **{"papers.lab": "memory_hardware"})
    shown = words(app)
    assert "not computed here yet" in shown
    assert "claims: " not in shown
    assert "published: " not in shown
    for paper in labs()["memory_hardware"].papers:
        assert paper.title in shown
