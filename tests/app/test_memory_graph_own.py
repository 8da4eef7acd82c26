"""A visitor's own memory through the page: what is brought, kept and changed, and what is wrong."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from engine.labs.memory_graph import Memory
from engine.store import Store
from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("at_once")

VIEW = {"memory_graph.view": "overview"}
NOTES = {
    "ada.md": b"---\ndate: 1871-05-02\n---\n# Ada Marsh\nAda Marsh built the Heron Bridge.",
    "bridge.md": b"# Heron Bridge\nThe Heron Bridge spans the River Wodnica. [[Ada Marsh]]",
}


def packed(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def pdf_without_text() -> bytes:
    from pypdf import PdfWriter

    out = BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()


def memory_file() -> bytes:
    with Memory.open() as memory:
        memory.add("Ada Marsh built the Heron Bridge.", "1871-05-02", "Ada Marsh")
        memory.add("Casimir Ode repaired the Heron Bridge.", "1901-01-01", "Casimir Ode")
        return memory.to_bytes()


def bring(name: str, data: bytes, app: AppTest | None = None, **query: str) -> AppTest:
    app = app or visit("memory_graph", **VIEW, **query)
    app.file_uploader(key="memory_graph.corpus#files").upload(name, data, "text/plain").run()
    return again(app)


def again(app: AppTest) -> AppTest:
    """The run that a live one asks for: what was submitted before is there now."""
    app.run()
    assert not app.exception
    assert not app.error
    return app


def complaints(app: AppTest) -> list[str]:
    """What the page complains of: at its widget, or in the panel of a run that failed."""
    said = [warning.value.replace("\\", "") for warning in app.warning]
    failed = [
        part.value.replace("\\", "")
        for part in app.markdown
        if part.value.startswith("The last try failed")
    ]
    return list(dict.fromkeys([*said, *failed]))


def newer() -> bytes:
    data = bytearray(memory_file())
    data[60:64] = (99).to_bytes(4)  # user_version in the head of an SQLite file
    return bytes(data)


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("empty.md", lambda: b"  \n ", "is empty"),
    "binary": ("noise.txt", lambda: bytes(range(256)) * 40, "UTF-8"),
    "not UTF-8": ("latin.txt", lambda: "Caf\xe9 des Fleurs".encode("latin-1"), "UTF-8"),
    "zip bomb": ("bomb.zip", lambda: packed({"a.md": b"0" * 150_000_000}), "unpack"),
    "a way up": ("up.zip", lambda: packed({"../../etc/evil.md": b"Ada Marsh was here."}), "name"),
    "PDF without text": ("scan.pdf", pdf_without_text, "text"),
    "bad line": (
        "chat.jsonl",
        lambda: b'{"role": "user", "content": "Ada Marsh came."}\n{"role": "user", \n',
        "line 2",
    ),
    "half a memory": ("half.memory", lambda: memory_file()[: len(memory_file()) // 2], "cut off"),
    "a newer memory": ("newer.memory", newer, "newer Engram Lab"),
    "a damaged memory": (
        "damaged.memory",
        lambda: memory_file()[:4096] + b"\xff" * (len(memory_file()) - 4096),
        "damaged",
    ),
    "half an export": (
        "half.jsonl",
        lambda: Memory.read(memory_file()).lines().rsplit(b"\n", 2)[0],
        "cut off",
    ),
}


@pytest.mark.parametrize(("name", "make", "words"), BAD.values(), ids=BAD)
def test_a_bad_upload_gets_one_sentence_and_the_figures_stay(
    name: str, make: Callable[[], bytes], words: str
) -> None:
    app = bring(name, make())
    [sentence] = complaints(app)
    assert words in sentence, sentence
    assert sentence.count(". ") <= 1 + sentence.count("The last try failed"), sentence
    assert app.get("plotly_chart"), "the diary's figures stay"
    # Nothing is lost: the next upload is taken as if nothing had been.
    good = bring("notes.zip", packed(NOTES), app)
    assert not complaints(good)
    assert "heron bridge" in texts(good)


def test_a_bad_line_is_left_out_and_told_where_the_visitor_says_so() -> None:
    data = b'{"role": "user", "content": "Ada Marsh came."}\n{"role": "user", \n'
    app = bring("chat.jsonl", data, **{"memory_graph.keep_rest": "true"})
    assert not complaints(app)
    assert any("line 2" in text.value for text in app.text)
    assert "the largest" in texts(app)


def test_a_date_in_the_future_is_told_and_kept() -> None:
    app = bring("late.md", b"---\ndate: 2999-01-01\n---\n# Late\nAda Marsh met Casimir Ode.")
    assert not complaints(app)
    assert any("in the future" in text.value for text in app.text)


def test_markup_in_a_title_stays_text() -> None:
    data = (
        b"# <script>window.__x=1</script>\nAda Marsh met <img src=x onerror=alert(1)> Casimir Ode."
    )
    app = bring("hostile.md", data)
    app.query_params["memory_graph.at"] = "1"
    app.run()
    assert not app.exception
    for part in [*app.markdown, *app.caption, *app.subheader]:
        assert not getattr(part.proto, "allow_html", False)
        assert not re.search(r"(?<!\\)<(?:script|img)", part.value), part.value


@pytest.mark.parametrize("question", ["Кто построил мост?", "誰が橋を架けたか", "🙂🙂", "a" * 300])
def test_a_question_that_means_nothing_here_is_no_error(question: str) -> None:
    app = bring("notes.zip", packed(NOTES), **{"memory_graph.search": question})
    assert not complaints(app)
    assert app.get("plotly_chart")


def test_a_chosen_note_is_read_with_its_date_its_source_and_its_history() -> None:
    app = bring("notes.zip", packed(NOTES))
    app.query_params["memory_graph.search"] = "Who built the Heron Bridge?"
    app.query_params["memory_graph.at"] = "1"
    app.run()
    said = texts(app)
    assert any("Ada Marsh built the Heron Bridge." in text.value for text in app.text)
    assert "dated 1871-05-02" in said and "ada.md" in said
    assert "the walk gives it" in said
    assert app.subheader[0].value == "ada"


def test_what_was_chosen_in_one_memory_is_let_go_in_another() -> None:
    app = visit("memory_graph", **VIEW, **{"memory_graph.at": "43", "memory_graph.group": "3"})
    assert "Note 43" in texts(app)
    bring("notes.zip", packed(NOTES), app)
    assert not complaints(app)
    assert not {"memory_graph.at", "memory_graph.group"} & set(app.query_params)


def kept_app() -> AppTest:
    app = bring("notes.zip", packed(NOTES))
    app.text_input(key="memory_graph#keep-name").set_value("Bridges")
    press(app, "Keep this memory")
    assert not complaints(app)
    return app


def press(app: AppTest, label: str) -> AppTest:
    [button] = [button for button in app.button if button.label == label]
    button.click().run()
    assert not app.exception
    assert not app.error
    return app


def said(app: AppTest) -> str:
    return " ".join(box.value.replace("\\", "") for box in app.success)


def key_of(app: AppTest) -> str:
    found = app.query_params["memory_graph.kept"]
    return found if isinstance(found, str) else found[0]


def test_a_kept_memory_grows_asks_forgets_and_is_found_under_its_link() -> None:
    app = kept_app()
    assert "Bridges is kept" in said(app)
    key = key_of(app)
    assert re.fullmatch("[0-9a-f]{32}", key)

    app.text_area(key="memory_graph#text").set_value("Casimir Ode repaired the Heron Bridge.")
    app.text_input(key="memory_graph#title").set_value("Repairs")
    assert "Note 3 was added." in said(press(app, "Add"))
    assert app.text_area(key="memory_graph#text").value == ""
    assert "1 note came after the map was drawn" in texts(app)

    app.text_input(key="memory_graph#question").set_value("Who repaired the Heron Bridge?")
    assert "recalled on" in said(press(app, "Ask and recall"))
    assert "Repairs" in str([frame.value.to_dict() for frame in app.dataframe])

    other = visit("memory_graph", **VIEW, **{"memory_graph.kept": key})
    assert "**Bridges** has 3 notes, 0 of them forgotten" in texts(other)
    other.date_input(key="memory_graph#day").set_value("2020-01-01")
    press(other, "Forget")
    assert "dated notes were forgotten" in said(other)
    with Memory.open(Store.open().memories.path(key), create=False) as memory:
        assert len(memory) == 3

    assert "The map is drawn from all notes." in said(press(other, "Draw the map again"))
    again(other)
    assert "came after the map was drawn" not in texts(other)
    assert "3 notes" in texts(other)


def test_an_empty_note_is_refused_and_what_was_written_stays() -> None:
    app = kept_app()
    app.text_input(key="memory_graph#title").set_value("Only a title")
    app.text_area(key="memory_graph#text").set_value("\0")
    press(app, "Add")
    assert "zero bytes" in " ".join(complaints(app))
    assert app.text_input(key="memory_graph#title").value == "Only a title"


@pytest.mark.parametrize("form", ["memory", "jsonl"])
def test_another_memory_is_merged_and_its_equal_notes_stand_once(form: str) -> None:
    data = memory_file() if form == "memory" else Memory.read(memory_file()).lines()
    app = kept_app()
    app.file_uploader(key="memory_graph#merge").upload(f"other.{form}", data, "text/plain")
    assert "2 of 2 notes were new here." in said(press(app, "Merge"))
    assert "0 of 2 notes were new here." in said(press(app, "Merge"))


def test_half_a_memory_is_not_merged() -> None:
    app = kept_app()
    half = memory_file()[: len(memory_file()) // 2]
    app.file_uploader(key="memory_graph#merge").upload("half.memory", half, "text/plain")
    [sentence] = complaints(press(app, "Merge"))
    assert "cut off" in sentence
    assert "**Bridges** has 2 notes" in texts(app)


def test_a_deleted_memory_is_gone_and_its_link_says_so() -> None:
    app = kept_app()
    key = key_of(app)
    assert "tick the box" in " ".join(complaints(press(app, "Delete")))
    app.checkbox(key="memory_graph#sure").check()
    assert "was deleted" in said(press(app, "Delete"))
    assert not list(Store.open().memories.folder.iterdir())
    later = visit("memory_graph", **VIEW, **{"memory_graph.kept": key})
    [sentence] = complaints(later)
    assert "not kept here" in sentence
    assert later.get("plotly_chart")


def test_another_memory_chosen_lets_the_kept_one_go() -> None:
    app = kept_app()
    app.selectbox(key="memory_graph.corpus#menu").set_value("diary").run()
    assert "memory_graph.kept" not in app.query_params
    assert "Keep this memory" in [button.label for button in app.button]


def test_a_full_server_refuses_and_throws_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_MEMORIES", "1")
    first = key_of(kept_app())
    app = bring("notes.zip", packed(NOTES))
    press(app, "Keep this memory")
    [sentence] = complaints(app)
    assert "download this one instead" in sentence
    assert Store.open().memories.path(first).is_file()


def test_a_kept_memory_opens_again_from_its_file_in_every_view() -> None:
    app = bring("bridges.memory", memory_file())
    assert not complaints(app)
    assert "heron bridge" in texts(app)
    query = {
        "memory_graph.view": "why",
        "memory_graph.corpus": app.session_state["memory_graph.corpus"],
    }
    assert not complaints(visit("memory_graph", **query))
