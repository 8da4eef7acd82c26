"""A report is collected from labs, ordered, described and taken as one file."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import get_lab
from engine.store import Store
from engine.store.reports import Document
from pages.kit.report import build_page
from tests.app.test_pages import texts, visit
from tests.unit.test_report import Page

pytestmark = pytest.mark.usefixtures("runner_off")
EVIL = "</script><img src=x onerror=window.__x=1>[a](javascript:x)"


def collected() -> tuple[AppTest, str]:
    app = visit("memory_hardware", **{"memory_hardware.view": "generation"})
    for at in (0, 1):
        app = [b for b in app.button if b.label == "Add to report"][at].click().run()
        assert not app.exception
    app.switch_page("report.py").run()
    assert not app.exception and not app.warning
    return app, str(app.query_params["report.key"])


def kept(key: str):
    return Store.open().reports.load(key)


def test_an_empty_report_says_what_to_do() -> None:
    assert "Open a lab" in visit("report").info[0].value


def test_figures_are_ordered_described_and_removed() -> None:
    app, key = collected()
    first, second = (entry.id for entry in kept(key).entries)
    app.button(key=f"Down-{first}").click().run()
    assert [entry.id for entry in kept(key).entries] == [second, first]
    app.text_area(key=f"note-{first}").input("A note.").run()
    app.text_input(key=f"title-{first}").input("A title").run()
    app.text_input(key=f"report-title-{key}").input("My report").run()
    document = kept(key)
    assert document.title == "My report"
    assert (document.entries[1].title, document.entries[1].note) == ("A title", "A note.")
    app.button(key=f"Remove-{second}").click().run()
    assert [entry.id for entry in kept(key).entries] == [first]
    assert not app.exception
    app = visit("report", **{"report.key": key})
    assert app.text_area(key=f"note-{first}").value == "A note."


def test_the_file_tells_settings_origin_link_and_papers_of_each_figure() -> None:
    _, key = collected()
    lab = get_lab("memory_hardware")
    experiment = lab.experiment("generation")
    words = " ".join(Page(build_page(key, kept(key)).decode()).words)
    digest = experiment.digest(lab.name, experiment.config())
    assert words.count(digest) == 2
    assert words.count("memory_hardware.view=generation") == 2
    assert words.count("gpt2-xl") >= 2
    for paper in lab.papers:
        assert words.count(paper.title) >= 2
    assert "@software{engramlab_memoryhardware" in words and "@misc{wu2023" in words


def test_words_of_a_visitor_stay_words() -> None:
    app, key = collected()
    first = kept(key).entries[0].id
    for widget in (
        *(app.text_input(key=f"report-title-{key}"), app.text_input(key=f"title-{first}")),
        *(app.text_area(key=f"report-intro-{key}"), app.text_area(key=f"note-{first}")),
    ):
        widget.input(EVIL).run()
    text = build_page(key, kept(key)).decode()
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"img", "iframe", "a", "form", "object", "link"}
    assert "".join(page.words).count(EVIL) == 5
    assert "onerror" not in texts(app)


def test_plotly_is_there_once_and_nothing_is_fetched() -> None:
    from plotly.offline import get_plotlyjs

    _, key = collected()
    text = build_page(key, kept(key)).decode()
    assert text.count(get_plotlyjs()) == 1
    tags = Page(text).tags
    assert not [a for _, attributes in tags for a in attributes if a in ("src", "href")]


@pytest.mark.parametrize("key", ["0" * 32, "../../etc/passwd", EVIL])
def test_a_report_that_is_not_here_gives_a_sentence(key: str) -> None:
    app = visit("report", **{"report.key": key})
    assert len(app.warning) == 1
    app.button(key="report-anew").click().run()
    assert not app.warning and app.info


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that takes the cookie of the lab."""
    monkeypatch.setattr("pages.kit.report.visit", lambda: "1" * 32)


def add(app: AppTest) -> AppTest:
    app = next(b for b in app.button if b.label == "Add to report").click().run()
    assert not app.exception and not app.warning
    return app


@pytest.mark.usefixtures("named")
def test_a_browser_finds_its_report_in_every_tab_and_begins_another() -> None:
    add(visit("memory_hardware"))
    add(visit("kv_cache"))  # another session: a reload, or a second tab
    app = visit("report")
    key = str(app.query_params["report.key"])
    assert [entry.page for entry in kept(key).entries] == ["memory_hardware", "kv_cache"]
    app.button(key="report-new").click().run()
    assert app.info and "report.key" not in app.query_params
    add(visit("kv_cache"))
    assert str(visit("report").query_params["report.key"]) != key
    assert len(kept(key).entries) == 2


@pytest.mark.usefixtures("named")
def test_a_report_opened_by_its_link_holds_in_its_tab_and_leads_back() -> None:
    add(visit("memory_hardware"))
    own = str(visit("report").query_params["report.key"])
    other = Store.open().reports.create()
    reports = Store.open().reports
    reports.save(own, Document(title="Mine", intro="My words"))
    reports.save(other, Document(title="Theirs", intro="Their words"))
    app = visit("report", **{"report.key": other})
    assert app.button(key="report-new").label == "Back to your own"
    assert (app.text_input[0].value, app.text_area[0].value) == ("Theirs", "Their words")
    app.switch_page("kv_cache.py").run()
    add(app)
    assert len(kept(other).entries) == 1 and not kept(own).entries
    app.switch_page("report.py").run()
    app.button(key="report-new").click().run()
    assert str(app.query_params["report.key"]) == own
    assert app.button(key="report-new").label == "Begin a new one"
    assert (app.text_input[0].value, app.text_area[0].value) == ("Mine", "My words")


@pytest.mark.usefixtures("named")
def test_a_link_to_a_report_that_is_gone_leaves_the_own_one_in_use() -> None:
    add(visit("memory_hardware"))
    own = str(visit("report").query_params["report.key"])
    app = visit("report", **{"report.key": "0" * 32})
    assert len(app.warning) == 1 and app.button(key="report-anew").label == "Back to your own"
    app.switch_page("kv_cache.py").run()
    add(app)
    assert len(kept(own).entries) == 2
    app = visit("report", **{"report.key": "0" * 32}).button(key="report-anew").click().run()
    assert str(app.query_params["report.key"]) == own and len(kept(own).entries) == 2


@pytest.mark.usefixtures("named")
def test_an_own_report_that_is_damaged_is_left_for_a_new_one() -> None:
    add(visit("memory_hardware"))
    app = visit("report")
    key = str(app.query_params["report.key"])
    (Store.open().reports.folder / key / "report.json").write_text("{ damaged")
    app = visit("report")
    assert len(app.warning) == 1 and app.button(key="report-anew").label == "Begin a new one"
    app.button(key="report-anew").click().run()
    assert not app.warning and app.info
    add(visit("kv_cache"))
    assert str(visit("report").query_params["report.key"]) != key


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("button", ["report-new", "report-delete"])
def test_a_store_that_cannot_be_written_keeps_the_report_and_says_so(
    button: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(visit("memory_hardware"))
    app = visit("report")
    key = str(app.query_params["report.key"])

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        app.button(key=button).click().run()
    assert not app.exception and len(app.warning) == 1
    assert len(kept(key).entries) == 1 and str(visit("report").query_params["report.key"]) == key
