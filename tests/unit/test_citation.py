"""BibTeX of every lab's papers: well formed, complete, and inert."""

from __future__ import annotations

import re

import pytest

from engine.core import Paper, labs
from engine.core.citation import bibtex, cited, paper_key, references

ENTRY = re.compile(r"(?ms)^@(misc|software)\{([a-z0-9_]+),\n(.*?)^\}$")


def balanced(text: str) -> bool:
    depth = 0
    for letter in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize("lab", labs().values(), ids=lambda lab: lab.name)
def test_every_paper_of_a_lab_is_an_entry_of_its_own(lab) -> None:
    text = references(lab, "1.2.3")
    entries = ENTRY.findall(text)
    keys = [key for _, key, _ in entries]
    assert len(keys) == len(set(keys)) == len(lab.papers) + 1
    assert balanced(text) and "version = {1.2.3}" in text
    for paper in lab.papers:
        if paper.arxiv:
            assert f"eprint = {{{paper.arxiv}}}" in text


def test_names_keep_their_form() -> None:
    paper = Paper("On Keys & Values", "Ada Ünal, NVIDIA team, and others", 2024, arxiv="2401.00001")
    assert paper_key(paper) == "unal2024keys"
    assert "author = {Ada Ünal and {NVIDIA team} and others}" in bibtex(paper)
    assert r"On Keys \& Values" in bibtex(paper)
    assert cited(paper).endswith("On Keys & Values, arXiv:2401.00001")


def test_braces_and_commands_stay_letters() -> None:
    paper = Paper(r"A } \input{x} $y$ 100%", "B } C", 2020, url="https://x.org/a}b\\c d")
    text = bibtex(paper)
    assert balanced(text) and r"\input" not in text and "https://x.org/abcd" in text
