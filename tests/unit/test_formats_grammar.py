"""Ids: what they mean, how they are written, and what is said about wrong ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.core import BadInput
from engine.labs.kv_cache.formats import EXAMPLES, list_formats, parse_format


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("bfp12", "bfp12:b32"),
        (" BFP12:B32 ", "bfp12:b32"),
        ("bfp12:asym:b16", "bfp12:b16:asym"),
        ("int4", "int4:token"),
        ("int4:head", "int4:token:head"),
        ("int4:sym:token", "int4:token:sym"),
        ("int4:channel", "int4:channel:g32"),
        ("int4:s4:r128", "int4:token:r128:s4"),
        ("kivi-2", "kivi-2:g32:r128"),
        ("kivi-4:r64", "kivi-4:g32:r64"),
        ("hqq4", "hqq4:g64"),
        ("hqq4:axis1", "hqq4:g64"),
        ("nuq3:sparse1.00", "nuq3:sparse1"),
        ("nuq3:sparse0.5", "nuq3:sparse0.5"),
        ("turbo3:qjl", "turbo3:qjl"),
        ("int4+pre-rope+hadamard", "int4:token+hadamard+pre-rope"),
        ("fp16+pre-rope", "fp16+pre-rope"),
    ],
)
def test_canonical_ids(text: str, canonical: str) -> None:
    chosen = parse_format(text)
    assert chosen.id == canonical
    assert parse_format(canonical) == chosen
    assert chosen.pre_rope == ("pre-rope" in canonical)
    assert chosen.hadamard == ("hadamard" in canonical)


BAD = [
    "",
    "   ",
    "bfp9:b32",
    "bfp25",
    "bfp012",
    "bfp12:b0",
    "bfp12:b",
    "bfp12:b-4",
    "bfp12:b32:b16",
    "bfp12:b32:b32",
    "bfp12:b99999",
    "bfp12:g32",
    "bfp12::b32",
    "bfp12:b32+",
    "bfp12:b32+rope",
    "bfp12+hadamard+hadamard",
    "int1:token",
    "int9",
    "int4:token:channel",
    "int4:head:g32",
    "int4:channel:head",
    "int4:token:q8",
    "int4:r0",
    "mxfp4:b32",
    "mxfp8",
    "mxfp8-e3m4",
    "mxfp6-e4m3",
    "nvfp4:g16",
    "fp8",
    "fp8-e4m3:tensor:head",
    "fp64",
    "fp16:r128",
    "fp16+hadamard",
    "kivi-3",
    "kivi-2:g32:r100",
    "kivi2",
    "nuq5",
    "nuq3:sparse",
    "nuq3:sparse50",
    "nuq3:sparse1.234",
    "q4_2",
    "q4_0:g32",
    "hqq5",
    "hqq4:axis0:axis1",
    "turbo5",
    "turbo3:qjl:qjl",
    "int4:token;drop",
    "int4 token",
    "<img src=x onerror=alert(1)>",
    "a" * 101,
    "int٤:token",
]


@pytest.mark.parametrize("text", BAD)
def test_bad_ids_get_one_sentence(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_format(text)
    assert caught.value.field == "format"
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert 20 < len(sentence) < 260
    assert "Traceback" not in sentence


def test_not_even_text() -> None:
    for value in (None, 4, b"bfp12", ["bfp12"]):
        with pytest.raises(BadInput):
            parse_format(value)  # type: ignore[arg-type]


def test_sentences_name_the_range() -> None:
    for text, part in (
        ("bfp9", "10 to 24"),
        ("int4:g0", "1 to 4096"),
        ("kivi-2:g32:r100", "multiple"),
        ("hqq5", "1, 2, 3, 4, 8"),
        ("nuq3:sparse50", "0.01 to 10"),
    ):
        with pytest.raises(BadInput, match=part):
            parse_format(text)


def test_catalogue_and_examples_parse() -> None:
    families = {info.family for info in list_formats()}
    assert families == {parse_format(text).family for text in EXAMPLES}
    for info in list_formats():
        assert parse_format(info.example).family == info.family
        assert info.meaning.endswith(".")
        assert info.source
    assert len(set(EXAMPLES)) == len(EXAMPLES)


ISSUE_IDS = """
fp32 fp16 bfp16:b64 bfp12:b32 int4:token int4:token:head int4:channel:g32 int8:token:sym mxint8
mxfp8-e4m3 mxfp6-e2m3 mxfp4 nvfp4 fp8-e4m3 kivi-2:g32:r128 nuq3:sparse1 q4_0 q8_0 hqq4:g64
int4:token:head+hadamard int4:channel:g32+pre-rope
"""


@pytest.mark.parametrize("text", ISSUE_IDS.split())
def test_ids_in_use_are_canonical(text: str) -> None:
    assert parse_format(text).id == text


def test_importing_loads_no_torch() -> None:
    code = (
        "import sys, engine.labs.kv_cache.formats as f; f.parse_format('turbo3'); "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
