"""Fields that hold a file: a shipped sample, or the visitor's own, kept in the store by content."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from engine.core import BadInput
from engine.core.errors import EngramError
from engine.core.settings import MB
from engine.io.archive import is_zip
from engine.io.pack import pack_files
from engine.io.text import read_text
from engine.store import Store
from pages.kit.control import Control
from pages.kit.errors import complain
from pages.kit.linked import linked, select

UPLOAD_MB = 2
DOCUMENTS_MB = 20
# Kept as they are: their first bytes tell what they are.
WHOLE = (".json", ".jsonl", ".ndjson", ".gz", ".memory")
LONGEST_PASTE = 200_000
Take = Callable[[str], str | None]
"""From a widget's key to the address of what was brought; None: nothing was."""


def draw_source(control: Control) -> None:
    """A shipped sample or a text file of the visitor's own; lines to paste where a field says so.

    ``upload_mb`` and ``paste`` of the field's ``json_schema_extra`` change the limit and add the
    place to paste into.
    """
    _choose(control)
    most = int(control.extra.get("upload_mb", UPLOAD_MB))
    with st.popover("Your own file", icon=":material/upload_file:", type="tertiary"):
        st.file_uploader(
            f"{control.label} (a text file in UTF-8, at most {most} MB)",
            key=f"{control.key}#upload",
            max_upload_size=most,
            on_change=_keep,
            args=(control.key, partial(_one_text, most=most)),
        )
        if control.extra.get("paste"):
            key = control.key
            st.text_area("Or paste lines", key=f"{key}#lines", max_chars=LONGEST_PASTE, height=120)
            st.button("Take these lines", key=f"{key}#taken", on_click=_keep, args=(key, _lines))
        _say_refused(control.key)


def draw_documents(control: Control) -> None:
    """A shipped sample, or files, a folder or pasted words of the visitor's own."""
    _choose(control)
    key = control.key
    # Not a popover: one that is closed too early drops the files that are still on their way.
    with st.expander("Your own", icon=":material/upload_file:"):
        st.file_uploader(
            f"Files: text, Markdown, PDF, chats (JSON), GraphML, a kept memory, or a zip; at most "
            f"{DOCUMENTS_MB} MB each",
            key=f"{key}#files",
            accept_multiple_files=True,
            max_upload_size=DOCUMENTS_MB,
            on_change=_keep,
            args=(key, _files),
        )
        st.file_uploader(
            "A folder, such as a vault of notes",
            key=f"{key}#folder",
            accept_multiple_files="directory",
            max_upload_size=DOCUMENTS_MB,
            on_change=_keep,
            args=(key, _folder),
        )
        st.text_area("Or paste words", key=f"{key}#paste", max_chars=LONGEST_PASTE, height=120)
        st.button("Take these words", key=f"{key}#pasted", on_click=_keep, args=(key, _paste))
        _say_refused(key)


def draw_file(control: Control) -> None:
    """A file that may be there, of any kind; without one the field is empty."""
    key = control.key
    own = linked(key, "")
    label = control.label
    if name := _name_of(control, own):
        label = f"{label}: {name}"
    with st.popover(label, icon=":material/attach_file:", type="tertiary", help=control.help):
        st.file_uploader(
            f"{control.label} (at most {DOCUMENTS_MB} MB)",
            key=f"{key}#file",
            max_upload_size=DOCUMENTS_MB,
            on_change=_keep,
            args=(key, _one_file),
        )
        if own:
            st.button("Remove", key=f"{key}#remove", on_click=select, args=(key, ""))
        _say_refused(key)


def _choose(control: Control) -> None:
    """The samples and the file brought last."""
    choices = list(dict.fromkeys([control.default, *control.choices]))
    own = st.session_state.get(control.key) or st.query_params.get(control.key, "")
    name = ""
    if isinstance(own, str) and own.startswith("input:"):
        if name := _name_of(control, own):
            choices.append(own)
    elif isinstance(own, str) and own and own not in choices:
        allowed = ", ".join(str(choice) for choice in choices)
        complain(BadInput(control.label, f"must be one of {allowed} or an uploaded file"))
    held = linked(control.key, control.default, options=choices)
    # A bound widget would write what it shows into the URL, and an address is no name.
    widget = f"{control.key}#menu"
    st.session_state[widget] = held
    st.selectbox(
        control.label,
        choices,
        format_func=lambda value: f"Your own: {name}" if value == own and name else value,
        key=widget,
        help=control.help,
        on_change=lambda: select(control.key, st.session_state[widget]),
    )


def _name_of(control: Control, own: str) -> str:
    """What the visitor called it; an address that is not kept any more is dropped and told."""
    if not own:
        return ""
    try:
        return Store.open().inputs.name(own)
    except EngramError:
        st.session_state.pop(control.key, None)
        complain(BadInput(control.label, f"{own[:40]!r} is not kept here; bring the file again"))
        return ""


def _say_refused(key: str) -> None:
    """Inside the popover: it would cover a sentence below it."""
    if refused := st.session_state.get(f"{key}#refused"):
        complain(refused)


def _keep(key: str, take: Take) -> None:
    st.session_state.pop(f"{key}#refused", None)
    try:
        address = take(key)
        if address is not None:
            select(key, address)
            st.session_state.pop(f"{key}#complaint", None)
    except EngramError as error:
        st.session_state[f"{key}#refused"] = str(error)


def _put(data: bytes, name: str) -> str:
    return Store.open().inputs.put(data, name)


def _one_text(key: str, *, most: int) -> str | None:
    upload = st.session_state.get(f"{key}#upload")
    if upload is None:
        return None
    data = uploaded_bytes(upload)
    read_text(data, limit=most * MB, field="file")
    return _put(data, upload.name)


def _lines(key: str) -> str | None:
    lines = st.session_state.get(f"{key}#lines", "")
    if not lines.strip():
        raise BadInput("lines", "there are none yet: paste some first")
    return _put(lines.encode(), "pasted lines")


def _one_file(key: str) -> str | None:
    upload = st.session_state.get(f"{key}#file")
    return None if upload is None else _put(_some(uploaded_bytes(upload), upload.name), upload.name)


def _files(key: str) -> str | None:
    return _documents(st.session_state.get(f"{key}#files"))


def _folder(key: str) -> str | None:
    return _documents(st.session_state.get(f"{key}#folder"))


def _paste(key: str) -> str | None:
    words = st.session_state.get(f"{key}#paste", "")
    if not words.strip():
        raise BadInput("words", "there are none yet: paste some first")
    return _put(pack_files([("pasted.md", words.encode())]), "pasted words")


def _documents(uploads: list[Any] | None) -> str | None:
    """Rows, a memory or a zip as they are, all else packed: a file's kind is in its name."""
    if not uploads:
        return None
    contents = [uploaded_bytes(upload) for upload in uploads]
    files = [(upload.name, data) for upload, data in zip(uploads, contents, strict=True)]
    if len(files) == 1:
        name, data = files[0]
        _some(data, name)
        if is_zip(data) or name.lower().endswith(WHOLE):
            return _put(data, name)
        return _put(pack_files(files), name)
    if all(not data.strip() for _, data in files):
        raise BadInput("files", "all of them are empty")
    return _put(pack_files(files), f"{len(files)} files")


def uploaded_bytes(upload: Any) -> bytes:
    """What was brought; a browser may name a file that its server has lost by a restart."""
    if not isinstance(upload, UploadedFile):
        raise BadInput("file", "it is not here any more; bring it again")
    return upload.getvalue()


def _some(data: bytes, name: str) -> bytes:
    if not data.strip():
        raise BadInput("file", f"{name[:80]!r} is empty")
    return data
