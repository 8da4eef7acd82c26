"""The form of the optional language model: asking, running, going on, replaying, and its key."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.labs.memory_graph.corpus import as_corpus
from engine.labs.memory_graph.language.extraction import replay
from engine.labs.memory_graph.openie import load_triples
from engine.store import Store
from tests.app.test_pages import texts
from tests.fake_endpoint import KEY, Exchange, FakeEndpoint, completion, obey, rule_model
from tests.memory_corpora import PASSAGES

APP = Path(__file__).parents[1] / "browser" / "language_app.py"
FIELD = "memory_graph#language"


def filled(server: FakeEndpoint, url: str = "", key: str = KEY) -> AppTest:
    """The page with its form filled in."""
    app = AppTest.from_file(str(APP), default_timeout=30).run()
    app.text_input(f"{FIELD}.url").set_value(url or server.url)
    app.text_input(f"{FIELD}.model").set_value("m-1")
    app.text_input(f"{FIELD}.key").set_value(key)
    return clean(app.run())


def clean(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


def over(app: AppTest) -> AppTest:
    """The page once its run is over."""
    if "#language.memory.task" in app.session_state:
        app.session_state["#language.memory.task"].join(20)
        app.run()
    return clean(app)


def said(app: AppTest) -> str:
    return texts(app) + "\n".join(part.value for part in app.text)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor at their own machine."""
    monkeypatch.setenv("ENGRAM_LOCAL", "1")


def test_nothing_is_offered_before_there_is_an_address() -> None:
    app = clean(AppTest.from_file(str(APP), default_timeout=30).run())
    assert "model None" in said(app)
    assert "they leave this machine for the address below" in said(app)
    assert not app.button


@pytest.mark.usefixtures("local")
def test_a_run_over_the_passages(own_home: Path) -> None:
    with FakeEndpoint() as server:
        app = filled(server)
        assert server.paths == []  # nothing is sent by typing
        assert f"4 passages go to **127.0.0.1:{server.server_port}**" in said(app)
        app.button(f"{FIELD}.memory.start").click().run()
        app = over(app)
    assert len(server.paths) == 8
    words = said(app)
    assert "m-1**: 4 of 4 passages read" in words and "560 tokens" not in words
    assert "400 tokens sent and 160 received" in words
    kept = words.partition("kept ")[2].split()[:2]
    inputs = Store.open().inputs
    found = replay(inputs.get(kept[0]), PASSAGES)
    assert f"digest {found.digest}" in words
    read = load_triples(inputs.get(kept[1]), as_corpus(PASSAGES))
    assert read.triples == found.triples
    # A widget's state and the query are all that a browser could be told.
    assert not any(KEY in str(value) for value in app.query_params.values())
    assert KEY not in words
    for file in own_home.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


@pytest.mark.usefixtures("local")
def test_the_test_button_makes_one_small_call() -> None:
    with FakeEndpoint(lambda exchange: exchange.give(200, completion("yes", 14, 1))) as server:
        app = filled(server)
        app.button(f"{FIELD}.test").click().run()
        assert "14 tokens sent, 1 received" in said(clean(app))
        assert len(server.bodies) == 1 and server.bodies[0]["max_tokens"] == 16
        assert "14 tokens sent" in said(app.run())
        app.text_input(f"{FIELD}.model").set_value("m-2").run()
        assert "14 tokens sent" not in said(clean(app))  # of another model nothing is known
        server.respond = lambda exchange: exchange.give(401, b"")
        app.button(f"{FIELD}.test").click().run()
        assert "refuses the key (answer 401)" in said(clean(app))


@pytest.mark.usefixtures("local")
def test_a_stopped_run_is_kept_and_goes_on() -> None:
    def respond(exchange: Exchange) -> None:
        late = len(exchange.server.paths) > 3
        exchange.give(*((403, b"") if late else (200, completion(rule_model(exchange.sent)))))

    with FakeEndpoint(respond) as server:
        app = filled(server)
        app.button(f"{FIELD}.memory.start").click().run()
        app = over(app)
        assert "Stopped early" in said(app) and "refuses the key (answer 403)" in said(app)
        calls = len(server.paths)
        server.respond = obey
        app.button(f"{FIELD}.memory.start").click().run()
        app = over(app)
    assert "4 of 4 passages read" in said(app) and "Stopped" not in said(app)
    assert len(server.paths) - calls < 8


def test_a_record_is_replayed_without_a_model() -> None:
    from engine.labs.memory_graph.language.extraction import extract_with
    from engine.labs.memory_graph.language.record import Recorder
    from tests.language_chats import Spoken

    recorder = Recorder(Spoken())
    found = extract_with(recorder, PASSAGES)
    app = clean(AppTest.from_file(str(APP), default_timeout=30).run())
    upload = app.file_uploader[0]
    upload.upload("record.jsonl", recorder.record).run()
    assert f"digest {found.digest}" in said(clean(app))
    other = clean(AppTest.from_file(str(APP), default_timeout=30).run())
    other.file_uploader[0].upload("record.jsonl", b"hello").run()
    assert "Record: line 1: this is not JSON" in said(clean(other))


def test_a_public_server_reaches_no_machine_inside() -> None:
    with FakeEndpoint() as server:
        app = filled(server)
        app.button(f"{FIELD}.test").click().run()
        assert "leads into a private network" in said(clean(app))
        app.button(f"{FIELD}.memory.start").click().run()
        app = over(app)
        assert "leads into a private network" in said(app)
    assert server.paths == []


@pytest.mark.parametrize("url", ["nowhere", f"https://user:{KEY}@host/v1", f"https://h/v1?k={KEY}"])
def test_a_bad_address_gets_one_sentence_without_what_was_typed(url: str) -> None:
    with FakeEndpoint() as server:
        app = filled(server, url)
    assert len(app.warning) == 1 and app.warning[0].value.startswith("Endpoint")
    assert KEY not in app.warning[0].value and "model None" in said(app)


def test_an_operator_switches_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_ENDPOINTS", "off")
    app = clean(AppTest.from_file(str(APP), default_timeout=30).run())
    assert "This server asks no language models" in said(app) and not app.text_input


@pytest.mark.usefixtures("local")
def test_a_run_shows_how_far_it_is_and_is_cancelled() -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.4)
        obey(exchange)

    with FakeEndpoint(slow) as server:
        app = filled(server)
        app.button(f"{FIELD}.memory.start").click().run()
        assert "of 4 passages, " in app.get("progress")[0].proto.text
        assert [button.label for button in app.button][-1] == "Cancel"
        app.button(f"{FIELD}.memory.cancel").click().run()
        task = app.session_state["#language.memory.task"]
        assert task.cancelling
        app = over(app)
    assert "Stopped early: cancelled" in said(app) or "4 of 4" in said(app)


@pytest.mark.usefixtures("local")
def test_a_reading_is_forgotten_and_another_model_begins_anew() -> None:
    with FakeEndpoint() as server:
        app = filled(server)
        app.button(f"{FIELD}.memory.start").click().run()
        app = over(app)
        assert not [button for button in app.button if button.label in ("Read", "Go on")]
        app.text_input(f"{FIELD}.model").set_value("m-2").run()
        assert "m-1**: 4 of 4 passages read" in said(clean(app))
        app.button(f"{FIELD}.memory.start").click().run()
        app = over(app)
        assert len(server.paths) == 16 and "m-2**: 4 of 4 passages read" in said(app)
        app.button(f"{FIELD}.memory.forget").click().run()
    assert "passages read" not in said(clean(app)) and "4 passages go to" in said(app)


@pytest.mark.usefixtures("local")
def test_what_was_typed_outlives_a_view_without_the_form() -> None:
    with FakeEndpoint() as server:
        app = filled(server)
        app.number_input(f"{FIELD}.limit").set_value(60_000).run()
        app.toggle[0].set_value(False).run()
        assert "model None" in said(clean(app)) and not app.text_input
        app.toggle[0].set_value(True).run()
        assert "model='m-1'" in said(clean(app)) and "ceiling=60000" in said(app)
        app.button(f"{FIELD}.memory.start").click().run()
        assert "4 of 4 passages read" in said(over(app))
    assert server.heads[0]["Authorization"] == f"Bearer {KEY}"
