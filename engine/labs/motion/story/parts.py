"""One part of a clause: at most one verb, and what stands around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.labs.motion.story.amounts import read_amounts
from engine.labs.motion.story.clauses import Token
from engine.labs.motion.story.lexicon import (
    ACTIONS,
    DENIALS,
    MANNERS,
    NOTHING,
    PRONOUNS,
    verb_of,
)
from engine.labs.motion.story.places import SHAPES, Place, find_place
from engine.labs.motion.story.rows import MOST_SECONDS, MOST_TIMES, Row

RETURNING = ("go", "goes", "going", "went", "come", "comes", "coming", "came", "walk", "walks",
             "walked", "walking", "return", "returns", "returned", "run", "runs",
             "ran")  # fmt: skip
SIDES = ("left", "right")
BEFORE_IT = ("at", "on", "to", "by", "near", "beside")
AROUND = ("circle", "circles", "square", "squares", "wave", "waves")


@dataclass
class Part:
    """What was found. ``row`` is None where there is no verb; ``idle`` are words without a use.

    ``there`` stands for the place that was named last, ``returns`` for the one before it.
    """

    row: Row | None = None
    place: str = ""
    manner: str = ""
    side: str = ""
    seconds: float = 0.0
    times: int = 0
    there: bool = False
    returns: bool = False
    again: bool = False
    who: list[str] = field(default_factory=list)
    unread: list[Token] = field(default_factory=list)
    idle: list[Token] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether a part without a verb says anything new of the action before it."""
        return bool(self.place or self.manner or self.side or self.seconds or self.times)

    @property
    def only_amount(self) -> bool:
        """Whether it tells only how long, how often or how."""
        return not (self.place or self.side or self.there)

    def amended(self, row: Row) -> Row:
        """The row with what this part says of it."""
        action = row.action
        for side in SIDES if self.side in SIDES else ():
            action = action.replace(f" {side} ", f" {self.side} ")
        return replace(
            row,
            action=action,
            manner=self.manner or row.manner,
            seconds=self.seconds or row.seconds,
            times=self.times or row.times,
        )


def read_part(tokens: Sequence[Token], plan: tuple[Place, ...]) -> Part:
    """The part's verb and what it says of place, side, manner, time and number."""
    part = Part()
    words = [token.word for token in tokens]
    used: set[int] = set()
    verb = next((i for i, word in enumerate(words) if verb_of(word)), None)
    amounts = read_amounts(tokens)
    part.seconds, part.times = amounts.seconds, amounts.times
    part.remarks += amounts.remarks
    used |= amounts.used
    _places(words, used, part, plan)
    _manners(words, used, part)
    for i, word in enumerate(words):
        if word in SIDES and i not in used:
            part.side = "both" if part.side and part.side != word else word
            used.add(i)
        elif word == "both":
            part.side = "both"
        elif word == "again":
            part.again = True
    if verb is not None and (verb not in used or words[verb] in ("step", "steps", "paces")):
        used.add(verb)
        _act(words, verb, used, part)
    bare = [
        token
        for i, token in enumerate(tokens)
        if i not in used and token.is_word and token.word not in NOTHING | PRONOUNS
    ]
    if part.row is not None and verb is not None:
        _who(tokens, verb, used, bare, part)
    part.unread += bare
    if part.row is None:
        part.idle = [tokens[i] for i in sorted(used)]
    return part


def _act(words: list[str], verb: int, used: set[int], part: Part) -> None:
    name = verb_of(words[verb]) or ""
    rest = set(words[verb + 1 :])
    if name == "walk" and rest & {"backward", "backwards"}:
        name = "walk-back"
        used.update(i for i, word in enumerate(words) if word in ("backward", "backwards"))
    elif "back" in rest:
        used.update(i for i, word in enumerate(words) if word == "back")
        if words[verb] in RETURNING:
            part.returns = not part.place
        elif words[verb] in ("step", "steps", "stepped", "stepping", "paces"):
            name = "walk-back"
    elif words[verb] in ("return", "returns", "returned"):
        part.returns = not part.place
    sideways = {i for i, word in enumerate(words) if word in ("aside", "sideways", "sidewards")}
    if name == "walk" and (sideways or (words[verb].startswith("step") and part.side)):
        name = "step-aside"
        used.update(sideways)
    elif name == "walk" and part.side and not part.place:
        name = "turn"
    if name == "idle" and words[verb] in ("stand", "stands", "stood") and "up" in rest:
        name = "rise"
    for i in range(verb + 1, len(words)):
        if name == "wave" and words[i] in ("goodbye", "farewell"):
            name = "bye"
            used.add(i)
        elif name == "jump" and words[i] in ("jack", "jacks"):
            name = "jacks"
            used.add(i)
        elif name == "idle" and words[i] in ("still",):
            used.add(i)
    action = ACTIONS[name]
    part.row = Row(
        _caption(name, part),
        manner=part.manner,
        seconds=min(part.seconds or action.seconds, MOST_SECONDS),
        times=min(part.times or 1, MOST_TIMES),
    )


def _caption(name: str, part: Part) -> str:
    action = ACTIONS[name]
    if not action.sided:
        return action.caption
    if part.side in SIDES:
        return action.sided.format(side=part.side)
    if part.side == "both" or not action.side:
        return action.caption
    part.remarks.append(
        f"Which side was not said of {_gerund(name)}: the {action.side} one is taken."
    )
    return action.sided.format(side=action.side)


def _gerund(name: str) -> str:
    names = {"wave": "waving", "raise": "raising a hand", "step-aside": "stepping aside",
             "turn": "turning"}  # fmt: skip
    return names[name]


def _places(words: list[str], used: set[int], part: Part, plan: tuple[Place, ...]) -> None:
    for i, word in enumerate(words):
        if i in used:
            continue
        shaped = word in AROUND and words[max(0, i - 2) : i] in (["in", "a"], ["along", "a"])
        place = find_place(word, plan)
        if shaped and word.rstrip("s") in SHAPES:
            part.place = word.rstrip("s")
            used.add(i)
        elif place is not None:
            if part.place and part.place != place.name:
                part.remarks.append(f"Of several places in one step the last counts: {place.name}.")
            part.place = place.name
            used.add(i)
        elif i and (word == "there" or (word == "it" and words[i - 1] in BEFORE_IT)):
            part.there = True
            used.add(i)


def _manners(words: list[str], used: set[int], part: Part) -> None:
    for i, word in enumerate(words):
        if word in MANNERS and i not in used and not (i and words[i - 1] in DENIALS):
            phrase = MANNERS[word]
            if phrase not in part.manner:
                part.manner = f"{part.manner} {phrase}".strip()
            used.add(i)


def _who(tokens: Sequence[Token], verb: int, used: set[int], bare: list[Token], part: Part) -> None:
    """The last unknown word before the verb is the one who acts: the body."""
    for i in range(verb - 1, -1, -1):
        if tokens[i] in bare:
            bare.remove(tokens[i])
            count = tokens[i].value
            if count is None:
                part.who.append(tokens[i].said)
            elif count > 1:
                part.remarks.append(f"One body plays all {tokens[i].word} of them.")
            return
        if i not in used and (tokens[i].word == "to" or tokens[i].word not in NOTHING):
            return  # who "refuses to walk" is not called "refuses"
