"""PDF files from strangers: capped in bytes, pages and characters, one sentence for each fault."""

from __future__ import annotations

import subprocess
import sys
import zlib
from io import BytesIO
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.io import pdf
from engine.io.pdf import read_pdf


def paper(*pages: str, packed: bool = False) -> bytes:
    """A PDF by hand: one line of Helvetica a page; no library made it."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, words in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode() if words else b""
        stream = zlib.compress(drawn) if packed else drawn
        how = b"/Filter /FlateDecode " if packed else b""
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * i} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            b"<< %s/Length %d >>\nstream\n%s\nendstream" % (how, len(stream), stream),
        ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(places) + 1, table, len(places) + 1, len(out))
    )


def encrypted() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(paper("secret"))))
    writer.encrypt("password", algorithm="RC4-128")
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


GOOD = paper("A heron on the weir.", "", "Two herons.")
BAD = {
    "empty": (b"", "no PDF"),
    "a text": (b"hello", "no PDF"),
    "binary": (bytes(range(256)) * 9, "no PDF"),
    "head only": (b"%PDF-1.7\n", "damaged"),
    "cut in half": (GOOD[: len(GOOD) // 2].replace(b"/Catalog", b"/Catalug"), "damaged"),
    "no pages": (paper(), "no text"),
    "pictures only": (paper("", ""), "no text, only pictures"),
    "encrypted": (encrypted(), "encrypted"),
    "own parent": (GOOD.replace(b"/Kids [4 0 R", b"/Kids [2 0 R"), "damaged"),
    "drawing bomb": (paper("x" * 5_000_000, packed=True), "more than 4 MB of drawing"),
}


def test_pages_with_text_come_with_their_numbers() -> None:
    assert read_pdf(GOOD) == [(1, "A heron on the weir."), (3, "Two herons.")]
    assert read_pdf(paper("packed", packed=True)) == [(1, "packed")]
    assert read_pdf(b"junk\n" + GOOD)[0][1] == "A heron on the weir."


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_sentence(name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(BadInput, match=words) as caught:
        read_pdf(data, field="paper")
    assert caught.value.field == "paper"
    assert "\n" not in str(caught.value)


def test_bytes_pages_characters_and_time_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="it has 3 pages; at most 2 are read"):
        read_pdf(GOOD, max_pages=2)
    with pytest.raises(BadInput, match="more than 25 characters"):
        read_pdf(GOOD, max_characters=25)
    monkeypatch.setattr(pdf, "MAX_SECONDS", -1)
    with pytest.raises(BadInput, match="seconds"):
        read_pdf(GOOD)
    monkeypatch.setattr(pdf, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="at most"):
        read_pdf(GOOD)


def test_a_page_made_to_be_slow_stops_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(pdf, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert read_pdf(GOOD)
    with pytest.raises(BadInput, match="more than 120 seconds"):
        read_pdf(paper("a) Tj (b" * 200))


def test_oddities_that_the_library_mends_fill_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    assert read_pdf(GOOD.replace(b"startxref\n", b"startxref\n1"))
    assert capfd.readouterr() == ("", "")


def test_the_library_loads_only_with_a_pdf() -> None:
    script = (
        "import sys, engine.labs.memory_graph.ingest.read\n"
        "assert not {'pypdf', 'networkx', 'torch'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=120).returncode == 0


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_give_text_or_a_sentence(data: bytes) -> None:
    for start in (b"", b"%PDF-1.4\n"):
        try:
            read_pdf(start + data)
        except BadInput as error:
            assert "\n" not in str(error)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_gives_text_or_a_sentence(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for place, value in changes:
        data[place] = value
    try:
        read_pdf(bytes(data))
    except BadInput as error:
        assert "\n" not in str(error)
