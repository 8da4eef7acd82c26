"""The scheduler: a story becomes rows, by rules, and whatever the rules do not know is listed.

The rows are those of Story-to-Motion (arXiv 2311.07446, section 3.1), action, place and duration;
there a language model writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.core.errors import BadInput
from engine.labs.motion.data.near import nearest_word
from engine.labs.motion.data.words import stem
from engine.labs.motion.story.clauses import Clause, Token, clauses_of, tokens_of
from engine.labs.motion.story.denials import denial
from engine.labs.motion.story.lexicon import NOTHING, PRONOUNS, VERBS, travels, verb_of
from engine.labs.motion.story.parts import Part, read_part
from engine.labs.motion.story.places import PLAN, START, Place
from engine.labs.motion.story.rows import MOST_ROWS, Row

FIELD = "story"
MOST_WORDS = 2_000  # words that are looked at
MOST_TOLD = 6  # phrases in one remark
MOST_PHRASE = 200  # characters of a phrase that is listed


@dataclass(frozen=True)
class Schedule:
    """``rows`` in order; ``unread`` are the words that nothing was made of, in their order.

    ``near`` maps an unread word to the verb that it resembles; ``remarks`` are sentences on what
    was assumed or left out.
    """

    rows: tuple[Row, ...]
    unread: tuple[str, ...]
    near: dict[str, str]
    remarks: tuple[str, ...]


@dataclass
class _Reading:
    plan: tuple[Place, ...]
    rows: list[Row] = field(default_factory=list)
    unread: list[Token] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    who: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    place: str = START
    before: str = START
    last: int | None = None  # where the row of the last clause stands
    spared: int | None = None  # where the row stands behind which something was denied

    def remark(self, sentence: str) -> None:
        if sentence not in self.remarks:
            self.remarks.append(sentence)


def read_story(story: str, plan: tuple[Place, ...] = PLAN) -> Schedule:
    """The rows of a story. Raises BadInput for a text without words or without a known action.

    At most 20 rows and 2,000 words are read; a sentence in ``remarks`` says so.
    """
    tokens = tokens_of(story)
    words = [token for token in tokens if token.is_word]
    if not words:
        raise BadInput(FIELD, "must have at least one word")
    if len(words) > MOST_WORDS:
        tokens = tokens[: words[MOST_WORDS].at]
    reading = _Reading(plan)
    end = None
    for clause in clauses_of(tokens):
        _read_clause(clause, reading)
        if len(reading.rows) > MOST_ROWS:
            end = clause.tokens[0].at
            break
    if not reading.rows and reading.denied:
        raise BadInput(FIELD, f"holds only actions that are not done: {_quoted(reading.denied)}")
    if not reading.rows:
        raise BadInput(
            FIELD,
            f"holds no action that is known here{_meant(reading.unread)} (known are {_known()})",
        )
    _tell_cut(reading, words, end)
    if reading.denied:
        reading.remark(f"What is not done is not played: {_quoted(reading.denied)}.")
    if len(reading.who) > 1:
        reading.remark(f"One body plays everybody: {', '.join(reading.who[:MOST_TOLD])}.")
    unread = [token for token in reading.unread if end is None or token.at < end]
    return Schedule(
        tuple(reading.rows[:MOST_ROWS]),
        tuple(_phrases(unread)),
        _nearest(unread),
        tuple(reading.remarks),
    )


def _read_clause(clause: Clause, reading: _Reading) -> None:
    parts = _parts(clause)
    inserted = 0
    for number, (tokens, denied) in enumerate(parts):
        if denied:
            reading.denied.append(denied)
            # What follows does not tell more of the action before it, but where that leads.
            reading.spared, reading.last = reading.last, None
            continue
        part = read_part(tokens, reading.plan)
        reading.unread += part.unread
        for sentence in part.remarks:
            reading.remark(sentence)
        reading.who += [name for name in part.who if name not in reading.who]
        if clause.joint == "while" and number == 0 and part.row is not None:
            reading.remark("Two things at once are not made: what happens meanwhile comes after.")
        row = _resolved(part, reading)
        if row is None:
            continue
        earlier = clause.earlier and reading.last is not None
        at = (reading.last or 0) + inserted if earlier else len(reading.rows)
        reading.rows.insert(at, row)
        inserted += earlier
        reading.last = len(reading.rows) - 1


def _parts(clause: Clause) -> list[tuple[tuple[Token, ...], str]]:
    """The clause cut in front of every verb but the first ("stands up" has one).

    The words of a denial and its verb stand beside each part whose verb is denied, else "".
    """
    words = [token.word for token in clause.tokens]
    starts, denied = [0], [""]
    behind: int | None = None  # where the words behind the last verb begin
    for verb, word in enumerate(words):
        if verb_of(word) is None or _is_noun(clause.tokens, verb):
            continue
        place = denial(words, behind or 0, verb, before=bool(denied[-1]))
        if behind is not None:
            starts.append(verb if place is None else place)
            denied.append("")
        if place is not None:
            denied[-1] = " ".join(token.said for token in clause.tokens[place : verb + 1])
        behind = verb + 1
    ends = [*starts[1:], len(words)]
    cut = [clause.tokens[a:b] for a, b in zip(starts, ends, strict=True)]
    return list(zip(cut, denied, strict=True))


def _is_noun(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether what looks like a verb counts or names something here, as in "two steps"."""
    word = tokens[place].word
    before = tokens[place - 1].word if place else ""
    joined = before in ("jumping", "wave", "waves", "waving", "waved", "plays", "play", "playing")
    tail = joined and word in ("jack", "jacks", "goodbye", "farewell", "basketball")
    return tail or (word in ("step", "steps") and any(verb_of(t.word) for t in tokens[:place]))


def _resolved(part: Part, reading: _Reading) -> Row | None:
    """The row of a part, with what the parts before it tell: the place of "there", "again"."""
    place = part.place
    if part.there:
        place = place or reading.place
    if part.returns and not place:
        place = reading.before
    row = part.row
    if row is None:
        if _leads(part, place, reading):
            reading.last = reading.spared
        if reading.last is None or part.unread or not (part.again or part.changed):
            reading.unread += part.idle
            return None
        row = reading.rows[reading.last]
        bare = travels(row.action) and not row.place and not row.seconds
        if not part.again and (part.only_amount or (bare and place)):
            # "three times" or "for 5 seconds" behind a comma tells of the row before.
            _settle(reading, place)
            reading.rows[reading.last] = replace(part.amended(row), place=place or row.place)
            return None
        row = part.amended(replace(row, place="", times=1, seconds=0.0))
    _settle(reading, place)
    return replace(row, place=place)


def _leads(part: Part, place: str, reading: _Reading) -> bool:
    """Whether a place behind a denial is where the action before it leads.

    As in "walk, don't run, to the door".
    """
    if reading.last is not None or reading.spared is None or not place or part.again:
        return False
    row = reading.rows[reading.spared]
    return travels(row.action) and not row.place and not row.seconds


def _settle(reading: _Reading, place: str) -> None:
    if place and place != reading.place:
        reading.before, reading.place = reading.place, place


def _tell_cut(reading: _Reading, words: list[Token], end: int | None) -> None:
    if end is not None:
        read = sum(token.at < end for token in words)
        reading.remark(
            f"The story has {len(words):,} words; the first {read:,} make {MOST_ROWS} rows, "
            "the rest is not played."
        )
    elif len(words) > MOST_WORDS:
        reading.remark(
            f"The story has {len(words):,} words; the first {MOST_WORDS:,} were read, the rest is "
            "not played."
        )


def _quoted(phrases: list[str]) -> str:
    return ", ".join(f"'{phrase[:60]}'" for phrase in dict.fromkeys(phrases[:MOST_TOLD]))


def _phrases(tokens: list[Token]) -> list[str]:
    """Unread words, those that stand side by side as one phrase."""
    found: list[list[Token]] = []
    for token in sorted(tokens, key=lambda token: token.at):
        if found and found[-1][-1].at + 1 == token.at:
            found[-1].append(token)
        else:
            found.append([token])
    # Words that mean nothing by themselves are not reported alone.
    bare = NOTHING | PRONOUNS
    return [
        _cut(" ".join(token.said for token in phrase))
        for phrase in found
        if any(token.word not in bare for token in phrase)
    ]


def _cut(phrase: str) -> str:
    return phrase if len(phrase) <= MOST_PHRASE else f"{phrase[: MOST_PHRASE - 1]}…"


def _nearest(tokens: list[Token]) -> dict[str, str]:
    words = dict.fromkeys(token.word for token in tokens if token.word not in NOTHING | PRONOUNS)
    near = {word: nearest_word(stem(word), VERBS) for word in words}
    return {word: VERBS[verb] for word, verb in near.items() if verb}


def _known() -> str:
    return ", ".join(dict.fromkeys(VERBS.values()))


def _meant(unread: list[Token]) -> str:
    """The words that were not read, each with the nearest known one."""
    near = _nearest(unread)
    told = [f"{word!r}" + (f", as {near[word]!r}?" if word in near else "") for word in near]
    return f"; not read: {'; '.join(told[:5])}" if told else ""
