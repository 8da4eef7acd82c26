"""Collected reports: kept by an address of chance, within limits, whole or not at all."""

from __future__ import annotations

import json

import pytest

from engine.core import LimitExceeded, NotFound
from engine.store import Store
from engine.store.reports import MOST_ENTRIES, Document, Entry

FIGURE = json.dumps({"data": [], "layout": {"title": {"text": "x"}}})


def entry(number: int = 0) -> Entry:
    return Entry(id=f"{number:08x}", figure="0" * 16, title="T", alt="A.", page="tiny")


def test_a_report_is_read_back_by_another_store() -> None:
    store = Store.open()
    key = store.reports.create()
    store.reports.add(key, entry(), FIGURE)
    again = Store(store.home).reports
    document = again.load(key)
    assert document.entries[0].title == "T"
    assert again.figure(key, document.entries[0]) == json.loads(FIGURE)


def test_a_figure_that_is_named_no_more_goes() -> None:
    reports = Store.open().reports
    key = reports.create()
    document = reports.add(key, entry(1), FIGURE)
    reports.save(key, Document(title="empty"))
    with pytest.raises(NotFound, match="is not kept here"):
        reports.figure(key, document.entries[0])
    assert reports.load(key).title == "empty"


@pytest.mark.parametrize("key", ["", "../../x", "f" * 31, "F" * 32, "0" * 32, "<img src=x>"])
def test_an_address_that_is_none_finds_nothing(key: str) -> None:
    reports = Store.open().reports
    with pytest.raises(NotFound):
        reports.load(key)
    with pytest.raises(NotFound):
        reports.save(key, Document())


def test_a_damaged_report_or_figure_is_said_and_never_shown() -> None:
    reports = Store.open().reports
    key = reports.create()
    document = reports.add(key, entry(), FIGURE)
    (reports.folder / key / f"{document.entries[0].figure}.json").write_text("{}")
    with pytest.raises(NotFound, match="is not kept here"):
        reports.figure(key, document.entries[0])
    (reports.folder / key / "report.json").write_text('{"entries": [{"id": "../x"}]}')
    with pytest.raises(NotFound, match="damaged"):
        reports.load(key)


def test_limits_are_kept_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = Store.open().reports
    key = reports.create()
    for number in range(MOST_ENTRIES):
        reports.add(key, entry(number), FIGURE)
    with pytest.raises(LimitExceeded, match="40 figures"):
        reports.add(key, entry(99), FIGURE)
    monkeypatch.setenv("ENGRAM_REPORT_MB", "1")
    other = reports.create()
    with pytest.raises(LimitExceeded, match="1 MB together"):
        reports.add(other, entry(), json.dumps("x" * 1_100_000))
    assert reports.load(other).entries == ()


def test_deleting_leaves_nothing() -> None:
    reports = Store.open().reports
    key = reports.create()
    reports.delete(key)
    assert not (reports.folder / key).exists()
    reports.delete(key)


def test_a_browser_finds_the_report_that_it_collects_until_it_goes() -> None:
    store = Store.open()
    reports = store.reports
    assert reports.held("a") is None
    key, other = reports.create(), reports.create()
    reports.hold("a", key)
    reports.hold("b", other)
    again = Store(store.home).reports
    assert (again.held("a"), again.held("b"), again.held("c")) == (key, other, None)
    assert "a" not in {path.name for path in (reports.folder / "visits").iterdir()}
    reports.hold("a", None)
    reports.delete(other)
    assert reports.held("a") is None and reports.held("b") is None
    reports.sweep()
    assert not list((reports.folder / "visits").iterdir())


def test_a_report_that_begins_while_others_are_swept_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = Store.open().reports
    key = reports.create()
    reports.hold("a", key)
    monkeypatch.setattr(reports, "_all", list)  # listed before it began
    reports.sweep()
    assert reports.held("a") == key


@pytest.mark.parametrize("key", ["../../x", "F" * 32, ""])
def test_a_browser_cannot_hold_what_is_no_address(key: str) -> None:
    reports = Store.open().reports
    with pytest.raises(NotFound):
        reports.hold("a", key)
    reports.hold("a", reports.create())
    [path] = (reports.folder / "visits").iterdir()
    path.write_text(key)
    assert reports.held("a") is None
