"""What a story says that is not done: "does not walk", "without stopping", "stops walking"."""

from __future__ import annotations

from collections.abc import Sequence

from engine.labs.motion.story.lexicon import DENIALS, STOPPING

# "Not only walks" tells of a walk.
ONLY = ("only", "just", "merely")
PAIRS = (("instead", "of"), ("rather", "than"), ("no", "one"))


def denial(words: Sequence[str], start: int, verb: int, *, before: bool) -> int | None:
    """Where the denial of a verb begins, None where it is done.

    ``start`` is where the words behind the verb before it begin, of which ``before`` says whether
    it was denied: "not walk or jump" denies both, and "not stop walking" only the first.
    """
    for place in range(start, verb):
        word, following = words[place], words[place + 1]
        if word in DENIALS or word.endswith("n't"):
            if following not in ONLY:
                return place
        elif (word, following) in PAIRS or (word == "no" and place + 1 == verb):
            return place
    if before:
        return start if words[start:verb] == ["or"] else None
    stops = start == verb and verb > 0 and words[verb - 1] in STOPPING
    return verb if stops and words[verb].endswith("ing") else None
