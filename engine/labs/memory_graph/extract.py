"""Names without a language model: capitalised spans and years make the triples of a passage.

An own heuristic, not a published extractor: a passage's title mentions every span of its text, and
neighbouring spans of a sentence are near each other.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.phrases import normalise
from engine.labs.memory_graph.stopwords import (
    CONNECTORS,
    FUNCTION_WORDS,
    SENTENCE_OPENERS,
    STOP_WORDS,
)

MENTIONS = "mentions"
NEAR = "near"

_WORD = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")
# What may lie between two words of one name: a space, or the point of an initial ("G. Stanley").
_JOINED = {" ", "-", " & "}
_ABBREVIATION = {"st", "dr", "mr", "mrs", "ms", "jr", "sr", "mt", "vs", "no", "sgt", "lt", "col"}
_SENTENCE_END = re.compile(r"[.!?;\n]")
# A colon ends no sentence, and yet a greeting may follow it: "Ada: Hello".
_OPENING = re.compile(rf":|{_SENTENCE_END.pattern}")
_POSSESSIVE = re.compile(r"['’]s$")
_CONTRACTED = re.compile(r"(?:n['’]t|['’](?:m|re|s|ve|ll|d))$")
_NUMBER = re.compile(r"\d{3,4}")

LONGEST_NGRAM = 8
# A text in capitals is no single name.
MOST_WORDS = 12


def spans(text: str) -> list[list[str]]:
    """The names of a text, sentence by sentence: runs of capitalised words, and 3-4 digit numbers.

    Small words may stand inside a name and no function word begins one.

    >>> spans("The prize went to Marie Curie in 1903. She was born in Warsaw.")
    [['Marie Curie', '1903'], ['Warsaw']]
    """
    sentences: list[list[str]] = [[]]
    # Of the name that is being read: where it starts, where its last capitalised word ends, and how
    # many words it has. ``word`` and ``end`` are the last word that was read.
    start = end = last = -1
    count, word = 0, ""

    def close() -> None:
        nonlocal start
        if start >= 0:
            sentences[-1].append(_POSSESSIVE.sub("", text[start:last]))
        start = -1

    for match in _WORD.finditer(text):
        gap = text[end : match.start()] if end >= 0 else ""
        joined = gap in _JOINED or (gap == ". " and _initial(word))
        if start >= 0 and (not joined or _POSSESSIVE.search(word) or count == MOST_WORDS):
            close()
        if end >= 0 and not joined and _SENTENCE_END.search(gap) and sentences[-1]:
            sentences.append([])
        word, end = match.group(), match.end()
        count = count + 1 if start >= 0 else 1
        if word[0].isupper() and (start >= 0 or _begins_a_name(word, gap)):
            start = match.start() if start < 0 else start
            last = end
        elif start >= 0 and word in CONNECTORS:
            continue
        else:
            close()
            if _NUMBER.fullmatch(word):
                sentences[-1].append(word)
    close()
    return [sentence for sentence in sentences if sentence]


def _begins_a_name(word: str, gap: str) -> bool:
    """Whether a capitalised ``word`` does; ``gap``: what lies before it, empty for the first."""
    if not gap or _OPENING.search(gap):
        return _stem(word) not in SENTENCE_OPENERS
    return word.lower() not in FUNCTION_WORDS and _stem(word) != "i"


def _stem(word: str) -> str:
    """``word`` in lower case without what is contracted into it: "I'm" is "i", "We've" is "we"."""
    return _CONTRACTED.sub("", word.lower())


def _initial(word: str) -> bool:
    """Whether the point after ``word`` belongs to a name."""
    return (len(word) == 1 and word.isupper()) or word.lower() in _ABBREVIATION


def extract(passage: Passage) -> list[Triple]:
    """(title, mentions, span) for every span, (span, near, next span) within a sentence."""
    triples = []
    for sentence in spans(passage.text):
        if passage.title:
            triples += [Triple(passage.title, MENTIONS, span) for span in sentence]
        triples += [Triple(a, NEAR, b) for a, b in pairwise(sentence)]
    return list(dict.fromkeys(triples))


def extract_all(passages: Iterable[Passage]) -> list[list[Triple]]:
    """The triples of each passage."""
    return [extract(passage) for passage in passages]


def query_entities(question: str) -> list[str]:
    """The names in a question: its capitalised runs and numbers, each once.

    >>> query_entities("Where was the author of The Name of the Rose born?")
    ['Name of the Rose']
    """
    return list(dict.fromkeys(span for sentence in spans(question) for span in sentence))


def content_runs(question: str) -> list[str]:
    """Runs of words between function words, normalised, each once: what is asked without a capital.

    >>> content_runs("Who leads the marine station?")
    ['leads', 'marine station']
    """
    runs: list[list[str]] = [[]]
    for match in _WORD.finditer(question):
        word = _stem(match.group())
        if word in SENTENCE_OPENERS or word in STOP_WORDS:
            runs.append([])
        else:
            runs[-1].append(word)
    return list(dict.fromkeys(normalise(" ".join(run)) for run in runs if run))


def longest_phrases(words: Sequence[str], known: Container[str]) -> list[str]:
    """Phrases of up to eight words that are ``known``, the longest first, none inside another."""
    found: list[str] = []
    taken = [False] * len(words)
    for size in range(min(LONGEST_NGRAM, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            phrase = " ".join(words[start : start + size])
            covered = taken[start : start + size]
            if any(covered) or phrase in FUNCTION_WORDS or phrase not in known:
                continue
            taken[start : start + size] = [True] * size
            found.append(phrase)
    return list(dict.fromkeys(found))
