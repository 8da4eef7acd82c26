"""What a blind vote said, in words and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.labs.motion.shipped import MODELS
from engine.labs.motion.views.lanes import LETTERS

NEITHER = "no difference"
Tally = Mapping[str, Mapping[str, int]]


def describe_vote(
    names: Sequence[str], given: Mapping[str, str], questions: Mapping[str, str]
) -> str:
    """Who was behind the letters, and who was voted for."""
    behind = ", ".join(f"{letter} was {name}" for letter, name in zip(LETTERS, names, strict=False))
    answers = "; ".join(
        f"{question[:1].lower()}{question[1:].rstrip('?')}: "
        + (names[LETTERS.index(given[key])] if given[key] in LETTERS else NEITHER)
        for key, question in questions.items()
    )
    return f"{behind}. You voted, {answers}."


def tally_table(tally: Tally, questions: Mapping[str, str]) -> list[dict[str, str | int]]:
    """A row for each model that was voted on, and one for no difference."""
    known = [name for name in (*MODELS, "") if any(name in votes for votes in tally.values())]
    return [
        {
            "Motion": MODELS.get(name, NEITHER),
            **{question: tally[key].get(name, 0) for key, question in questions.items()},
        }
        for name in known
    ]


def describe_tally(tally: Tally) -> str:
    """How many votes there are, and that nobody else sees them."""
    votes = sum(next(iter(tally.values())).values())
    return (
        f"{votes} vote{'' if votes == 1 else 's'} of yours so far. They are kept in this session "
        "of your browser only: a reload forgets them, nobody else sees them, and so few of one "
        "person's decide nothing."
    )
