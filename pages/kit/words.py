"""Words around figures: headings, badges, notes with the present numbers, claims, code."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from engine.core import (
    STANDINGS,
    Claim,
    Config,
    Experiment,
    Lab,
    NotFound,
    Result,
    Standing,
    Unmeasured,
)
from pages.kit.errors import plain
from pages.kit.links import query
from pages.kit.theme import palette

Kind = Literal[
    "measured", "published", "assumed", "synthetic", "exact", "good", "warn", "bad", "unsaid"
]
_BADGES: dict[str, tuple[str, str]] = {
    "measured": ("blue", ":material/straighten:"),
    "published": ("violet", ":material/article:"),
    "assumed": ("orange", ":material/edit_note:"),
    "synthetic": ("gray", ":material/science:"),
    "exact": ("green", ":material/check:"),
    "good": ("green", ":material/check:"),
    "warn": ("orange", ":material/warning:"),
    "bad": ("red", ":material/close:"),
    "unsaid": ("gray", ":material/question_mark:"),
}
_STANDING: dict[Standing, Kind] = {
    "holds": "good",
    "partly": "warn",
    "not here": "bad",
    "apart": "unsaid",
}
# What begins a picture, a link, a formula or a tag, and the marks that make bare links.
_LIVELY = re.compile(r"(?<!\\)(?:[\[\]<>$]|(?<=http):|(?<=https):|(?<=www)\.|@)", re.IGNORECASE)
_NUMBER = re.compile(r"@\{(\w+)\}")
_MET = "#terms"
_LINES = "#lines"
# Two levels of braces inside, as in \\frac{\\sum_{j} ...}{...}.
_SYMBOL = re.compile(r"\\c([1-8])\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")


def section(title: str, lead: str | None = None, *, anchor: str | None = None) -> None:
    """A heading with room above it and one or two sentences that say what to look at."""
    st.space("small")
    st.header(title, anchor=anchor or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-"))
    if lead:
        st.markdown(lead)


def badge(text: str, kind: Kind, help: str | None = None) -> None:
    """A word with a sign and a colour: where a number comes from, or what it means."""
    colour, icon = _BADGES[kind]
    st.badge(plain(text), color=colour, icon=icon, help=help)


def _marked(text: str, kind: Kind) -> str:
    """The same as a part of a text. A page of many papers has hundreds: parts cost less."""
    colour, icon = _BADGES[kind]
    return f":{colour}-badge[{icon} {plain(text)}]"


def explain(lab: Lab, heading: str, **numbers: float | int | str) -> None:
    """The section ``heading`` of the lab's NOTES.md, with the numbers of the present example.

    In the notes ``@{name}`` stands for a number given here, and ``\\c2{K}`` inside a formula
    colours a symbol like the second category of the figures. A line that asks for a number which
    the page does not have at the moment is left out.
    """
    text = filled(_note(lab, heading), numbers)
    st.markdown(text, help=_first_met(lab, text))


def say(lab: Lab, text: str) -> None:
    """``text``, with a tooltip that defines the terms of the lab which appear here first.

    Stars for bold and italics hold. Links, pictures, formulas and HTML do not: sentences carry
    titles and names out of files that a visitor or a stranger wrote.
    """
    st.markdown(_calm(text), help=_first_met(lab, text))


def _calm(text: str) -> str:
    return _LIVELY.sub(r"\\\g<0>", text)


def show_terms(lab: Lab) -> None:
    """A button that opens the list of all terms."""
    with st.popover("Terms", icon=":material/menu_book:", type="tertiary"):
        for term, meaning in lab.terms.items():
            st.markdown(f"**{term}**: {meaning}")


def begin_words() -> None:
    """Forget the terms and lines of the run before; the frame calls this."""
    st.session_state[_MET] = set()
    st.session_state[_LINES] = {}


def _first_met(lab: Lab, text: str) -> str | None:
    met = st.session_state.setdefault(_MET, set())
    fresh = [
        f"**{term}**: {meaning}"
        for term, meaning in lab.terms.items()
        if term not in met and names_of(term).search(text)
    ]
    met.update(term for term in lab.terms if names_of(term).search(text))
    return "\n\n".join(fresh) or None


def names_of(term: str) -> re.Pattern[str]:
    """Any of a term's forms as a word of its own, in singular or plural."""
    forms = "|".join(re.escape(form.strip()) for form in term.split(","))
    return re.compile(rf"(?i)(?<![\w-])(?:{forms})s?(?![\w-])")


def filled(text: str, numbers: Mapping[str, float | int | str]) -> str:
    """``text`` with its numbers and coloured symbols, without lines whose numbers are missing."""
    known = [line for line in text.splitlines() if set(_NUMBER.findall(line)) <= numbers.keys()]

    def number(match: re.Match[str]) -> str:
        value = numbers[match[1]]
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    colours = palette()

    def symbol(match: re.Match[str]) -> str:
        return f"\\textcolor{{{colours.category(int(match[1]) - 1)}}}{{{match[2]}}}"

    return _SYMBOL.sub(symbol, _NUMBER.sub(number, "\n".join(known)))


def show_claims(claims: Iterable[Claim]) -> None:
    """Each published statement beside what was measured here, and the difference in words."""
    for claim in claims:
        _show_claim(claim)


def _show_claim(claim: Claim) -> None:
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        with left:
            _show_published(claim)
        with right:
            standing = _marked(STANDINGS[claim.standing], _STANDING[claim.standing])
            st.markdown(f"{_marked(claim.ours, 'measured')} {standing}\n\n{_calm(claim.measured)}")
        caveat = f" {claim.caveat}" if claim.caveat else ""
        st.markdown(f"**{_calm(claim.verdict)}**{caveat}")


def show_unmeasured(claims: Iterable[Unmeasured]) -> None:
    """Published statements that nothing here can test, each with the reason."""
    for claim in claims:
        with st.container(border=True):
            left, right = st.columns(2, gap="large")
            with left:
                _show_published(claim)
            with right:
                st.markdown(f"{_marked('not measured here', 'unsaid')}\n\n{_calm(claim.because)}")


def _show_published(claim: Claim | Unmeasured) -> None:
    """What was published, and where it was read."""
    mark = _marked(f"published: {claim.mark}", "published")
    figures = f"  \n**{claim.published}**" if claim.published else ""
    source = f":small[[{claim.source}]({claim.url or claim.paper})]"
    st.markdown(f"{mark}\n\n{claim.statement}{figures}\n\n{source}")


def copy_as_python(
    lab: Lab, experiment: Experiment, config: Config, result: Result | None = None
) -> None:
    """The lines that give the same result in a script, the command line and the link."""
    with st.popover("Copy as Python", icon=":material/code:", type="tertiary"):
        st.code(python_lines(lab, experiment, config, result), language="python")
        for title, lines in st.session_state.get(_LINES, {}).items():
            if title == experiment.title:
                continue
            st.caption(title)
            st.code(lines, language="python")
        st.caption("On the command line")
        st.code(command_line(lab, experiment, config), language="bash", wrap_lines=True)
        st.caption("As a link to this page as it stands, below the address of this server")
        pairs = page_query(lab, experiment, config)
        st.code(f"/{lab.name}?{urlencode(pairs)}", language=None, wrap_lines=True)


def page_query(lab: Lab, experiment: Experiment, config: Config) -> dict[str, str]:
    """The query that reopens the page as it stands, with ``config`` and its view."""
    own = {k: v for k, v in st.query_params.items() if k.startswith(f"{lab.name}.")}
    # The view that a page shows at first is not in its address.
    view = st.session_state.get(f"{lab.name}.view") or experiment.name
    return {**query(lab, experiment, config, {"view": view}), **own}


def remember_lines(title: str, lines: str) -> None:
    """Further lines for "Copy as Python": how another figure of the page is made.

    The first of a title stays: what is compared with a result comes after it.
    """
    st.session_state.setdefault(_LINES, {}).setdefault(title, lines)


def python_lines(
    lab: Lab, experiment: Experiment, config: Config, result: Result | None = None
) -> str:
    """A script of three statements, and what else the result holds."""
    arguments = "".join(f", {name}={value!r}" for name, value in config.changed().items())
    arrays = "".join(
        f"# result[{name!r}].array: ({', '.join(field.axes)}) in {field.unit}\n"
        for name, field in (result.fields.items() if result else ())
    )
    return (
        "import engine\n\n"
        f"result = engine.run({lab.name!r}, {experiment.name!r}{arguments})\n"
        f"print(result.metrics)\n{arrays}"
    )


def command_line(lab: Lab, experiment: Experiment, config: Config) -> str:
    """The same run with ``python -m engine``."""
    parts = ["python", "-m", "engine", lab.name, experiment.name]
    for name, value in config.changed().items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            parts.append(f"--{flag}" if value else f"--no-{flag}")
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        # What begins with a dash would be read as the next option.
        parts += [f"--{flag}={text}"] if text.startswith("-") else [f"--{flag}", text]
    return shlex.join(parts)


def _note(lab: Lab, heading: str) -> str:
    try:
        return lab.notes[heading]
    except KeyError:
        known = ", ".join(lab.notes) or "none"
        raise NotFound(
            f"NOTES.md of {lab.name} has no section {heading!r}; it has: {known}"
        ) from None
