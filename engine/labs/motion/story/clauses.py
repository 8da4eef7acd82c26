"""A text as clauses in the order in which they happen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engine.labs.motion.story.lexicon import verb_of
from engine.labs.motion.story.numbers import FIGURE, number_at

WORD = re.compile(FIGURE + r"|[A-Za-z]+(?:['’][A-Za-z]+)?|[.!?;:,\n]|[^\s\w]|[^\W\d]+|\w")
ENDS = frozenset(".!?;:\n")
JOINTS = frozenset(("then", "next", "afterwards", "afterward", "later", "finally", "and", ",",
                    "while", "until", "but"))  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A word or a mark, as it was written and in lower case; ``at`` counts the text's tokens.

    A number of several words is one token; ``value`` is the number, None of everything else.
    """

    said: str
    at: int
    value: float | None = None

    @property
    def word(self) -> str:
        """In lower case."""
        return self.said.lower()

    @property
    def is_word(self) -> bool:
        """Whether it is a word or a number, and no mark."""
        return self.value is not None or any(character.isalnum() for character in self.said)


@dataclass(frozen=True)
class Clause:
    """Words that belong together.

    ``joint`` is the word before them ("while" tells of two things at once); ``earlier`` says that
    they happened before the clause that was told before them.
    """

    tokens: tuple[Token, ...]
    joint: str = ""
    earlier: bool = False


@dataclass
class _Sentence:
    clauses: list[Clause] = field(default_factory=list)
    words: list[Token] = field(default_factory=list)
    joint: str = ""
    earlier: bool = False

    def close(self, joint: str = "") -> None:
        if self.words:
            self.clauses.append(Clause(tuple(self.words), self.joint, self.earlier))
            self.words, self.earlier = [], False
        self.joint = joint


def tokens_of(text: str) -> list[Token]:
    """Words, numbers and marks of a text."""
    text = text.replace("’", "'")
    spans = [match.span() for match in WORD.finditer(text)]
    words = [text[start:end].lower() for start, end in spans]
    found: list[Token] = []
    at = 0
    while at < len(words):
        number = number_at(words, at)
        last = at + (number.words if number else 1) - 1
        said = " ".join(text[spans[at][0] : spans[last][1]].split()) or "\n"
        found.append(Token(said, len(found), number.value if number else None))
        at = last + 1
    return found


def clauses_of(tokens: list[Token]) -> list[Clause]:
    """The clauses, sentence by sentence, each sentence's in the order in which they happen."""
    found: list[Clause] = []
    start = 0
    for place in range(len(tokens) + 1):
        if place == len(tokens) or tokens[place].said in ENDS:
            found += _ordered(tokens[start:place])
            start = place + 1
    return found


def _ordered(tokens: list[Token]) -> list[Clause]:
    words = [token.word for token in tokens]
    if words[:2] == ["before", "that"]:
        return _clauses(tokens[2:], earlier=True)
    if words[:1] in (["before"], ["after"], ["when"], ["once"]) and "," in words:
        comma = words.index(",")
        first, second = _clauses(tokens[1:comma]), _clauses(tokens[comma + 1 :])
        return second + first if words[0] == "before" else first + second
    if words[:1] == ["before"] and (cut := _second_subject(words)) is not None:
        return _clauses(tokens[cut:]) + _clauses(tokens[1:cut])
    return _clauses(tokens)


def _second_subject(words: list[str]) -> int | None:
    """Where the main clause begins that no comma parts from one before it; None without any.

    "Before he sits down he waves": at the word in front of a further verb that no "and" joins.
    """
    verbs = [at for at, word in enumerate(words) if verb_of(word)]
    free = (at for at in verbs[1:] if words[at - 1] not in JOINTS)
    return next((max(at - 1, verbs[0] + 1) for at in free), None)


def _clauses(tokens: list[Token], *, earlier: bool = False) -> list[Clause]:
    sentence = _Sentence(earlier=earlier)
    for place, token in enumerate(tokens):
        word = token.word
        following = tokens[place + 1].word if place + 1 < len(tokens) else ""
        previous = tokens[place - 1].word if place else ""
        if word == "after" and following != "that":
            # What stands behind "after" happened first.
            sentence.close()
            before = _clauses(tokens[place + 1 :])
            return [*sentence.clauses[:-1], *before, *sentence.clauses[-1:]]
        vague = word == "while" and previous == "a"
        if word in ("before", "after") or (word in JOINTS and not vague):
            sentence.close(word)
        elif not (word == "that" and previous == "after"):
            sentence.words.append(token)
    sentence.close()
    return sentence.clauses
