"""BibTeX of the papers of a lab, and of the lab itself."""

from __future__ import annotations

import re
import unicodedata

from engine.core.registry import Lab, Paper

# Author fields that name a body; BibTeX would turn the last word into a surname.
_BODIES = re.compile(r"(?i)\b(team|contributors|project|group|consortium)$")
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "#": r"\#",
    "_": r"\_", "$": r"\$", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def bibtex(paper: Paper) -> str:
    """One ``@misc`` entry; authors are those of the list of sources, abbreviations kept."""
    fields = {
        "title": f"{{{_tex(paper.title)}}}",
        "author": " and ".join(map(_author, _names(paper.authors))),
        "year": str(paper.year),
    }
    if paper.arxiv:
        fields |= {"eprint": paper.arxiv, "archiveprefix": "arXiv"}
    link = f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else paper.url
    if link:
        fields["url"] = re.sub(r"[{}\\\s]", "", link)
    return _entry("misc", paper_key(paper), fields)


def paper_key(paper: Paper) -> str:
    """Surname, year and the first long word of the title: ``wu2023pimgpt``."""
    names = _names(paper.authors)
    surname = (names[0].split() or [""])[-1] if names else ""
    word = next((part for part in paper.title.split() if len(_letters(part)) > 3), paper.title)
    return f"{_letters(surname)}{paper.year}{_letters(word)}"


def lab_bibtex(lab: Lab, version: str) -> str:
    """The lab as software: ``version`` is that of the engine that computed the result."""
    fields = {
        "title": f"{{Engram Lab: {_tex(lab.title)}}}",
        "author": "{The Engram Lab contributors}",
        "version": _tex(version),
        "note": "Apache License 2.0",
    }
    return _entry("software", f"engramlab_{_letters(lab.name)}", fields)


def references(lab: Lab, version: str) -> str:
    """The lab and all its papers, one entry after the other, each key once."""
    entries, seen = [lab_bibtex(lab, version)], set()
    for paper in lab.papers:
        key = paper_key(paper)
        if key not in seen:
            seen.add(key)
            entries.append(bibtex(paper))
    return "\n\n".join(entries)


def cited(paper: Paper) -> str:
    """One line for readers: authors, year, title and where it is found."""
    place = f"arXiv:{paper.arxiv}" if paper.arxiv else paper.url
    return f"{paper.authors} ({paper.year}): {paper.title}" + (f", {place}" if place else "")


def _names(authors: str) -> list[str]:
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", authors.split(": ", 1)[-1])
    return [part.strip() for part in parts if part.strip()]


def _author(name: str) -> str:
    if name in ("others", "contributors"):
        return "others"
    return f"{{{_tex(name)}}}" if _BODIES.search(name) else _tex(name)


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{key},\n{lines}}}"


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(text.split()))


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).replace("Ł", "L").replace("ł", "l")
    return re.sub(r"[^a-z0-9]", "", plain.lower())
