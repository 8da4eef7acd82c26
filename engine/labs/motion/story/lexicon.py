"""The words that the scheduler knows: verbs, manners, numbers, and words that carry nothing."""

from __future__ import annotations

from dataclasses import dataclass

from engine.labs.motion.data.words import stem


@dataclass(frozen=True)
class Action:
    """Something a body does, in the words of captions; ``{side}`` is the side that was said.

    ``travels`` says that it can lead to a place. ``sided`` is the caption where a side was said,
    ``side`` the one that is taken where none was (and said to be). ``seconds`` is how long it is
    where nothing else tells.
    """

    caption: str
    travels: bool = False
    sided: str = ""
    side: str = ""
    seconds: float = 0.0


ACTIONS: dict[str, Action] = {
    "walk": Action("a person walks forward", travels=True),
    "run": Action("a person runs forward", travels=True),
    "dash": Action("a person sprints forward", travels=True),
    "walk-back": Action("a person walks backwards"),
    "step-aside": Action(
        "a person steps sideways", sided="a person steps sideways to the {side}", side="left"
    ),
    "turn": Action(
        "a person walks and turns", sided="a person walks and turns {side}", side="left"
    ),
    "wave": Action(
        "a person waves with both hands", sided="a person waves with the {side} hand", side="right"
    ),
    "raise": Action(
        "a person raises both hands", sided="a person raises the {side} hand", side="right"
    ),
    "bye": Action("a person waves goodbye with the right hand"),
    "call": Action("a person calls to someone with both hands raised"),
    "guide": Action("a person shows the way with the right hand"),
    "bow": Action("a person bows"),
    "jump": Action("a person jumps"),
    "hop": Action("a person hops"),
    "jacks": Action("a person performs jumping jacks"),
    "kick": Action("a person kicks", sided="a person kicks with the {side} leg"),
    "punch": Action("a person throws punches"),
    "sit": Action("a person sits down"),
    "rise": Action("a person stands up again"),
    "idle": Action("a person stands still", seconds=2.0),
    "dance": Action("a person dances"),
    "squat": Action("a person squats"),
    "climb": Action("a person climbs"),
    "cartwheel": Action("a person does a cartwheel"),
    "basketball": Action("a person plays basketball: dribble"),
}
_VERBS: dict[str, str] = {
    "walk": "walk go stroll stride pace step march wander head come return move approach reach "
    "leave enter cross continue hurry",
    "run": "run jog",
    "dash": "dash sprint rush race",
    "turn": "turn spin rotate",
    "wave": "wave",
    "raise": "raise lift",
    "bye": "goodbye farewell",
    "call": "call shout",
    "guide": "show guide point",
    "bow": "bow",
    "jump": "jump leap",
    "hop": "hop",
    "kick": "kick",
    "punch": "punch box",
    "sit": "sit",
    "idle": "stand wait pause rest stop stay halt",
    "dance": "dance",
    "squat": "squat crouch",
    "climb": "climb",
    "cartwheel": "cartwheel",
    "basketball": "dribble basketball",
}
IRREGULAR = {
    "goes": "go", "went": "go", "gone": "go", "going": "go", "ran": "run", "came": "come",
    "sat": "sit", "stood": "stand", "leapt": "leap", "spun": "spin", "strode": "stride",
    "shown": "show", "led": "guide", "leads": "guide", "shook": "shake",
}  # fmt: skip
VERBS = {stem(word): action for action, words in _VERBS.items() for word in words.split()}

# A manner as captions put it.
_MANNERS = {
    "slowly": "slow slowly",
    "quickly": "quick quickly fast",
    "sadly": "sad sadly",
    "happily": "happy happily merrily cheerfully",
    "angrily": "angry angrily furious furiously",
    "proudly": "proud proudly",
    "looking tired": "tired tiredly sleepy",
    "looking exhausted": "exhausted wearily weary",
    "energetically": "energetic energetically actively active lively",
    "like a child": "child childish childishly",
    "like an elderly person": "old elderly",
    "without confidence": "timid timidly shy shyly",
    "in a youthful way": "young youthful",
}
MANNERS = {word: phrase for phrase, words in _MANNERS.items() for word in words.split()}

TIMES = {"once": 1, "twice": 2, "thrice": 3}
SEVERAL = {"several": 3, "few": 3, "some": 3, "couple": 2}
SECONDS = {"second": 1.0, "seconds": 1.0, "sec": 1.0, "secs": 1.0, "s": 1.0,
           "minute": 60.0, "minutes": 60.0, "min": 60.0, "mins": 60.0,
           "hour": 3600.0, "hours": 3600.0}  # fmt: skip
# Taken for so many seconds, and said to be.
VAGUE = {"moment": 2.0, "while": 4.0, "bit": 2.0}
STEP_SECONDS, METRES_A_SECOND = 0.55, 1.2


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What stands before a verb that is not done; every "n't" as well.
DENIALS = _set("not never cannot without neither nor nobody dont doesnt didnt wont cant")
STOPPING = _set("stop stops stopped stopping")
PRONOUNS = _set("he she they it him her them himself herself themselves his its their")
NOTHING = _set(
    "a an the and or to at in on of by near beside into onto from towards toward up down over "
    "through along past across out off with around is are was were be been being has have had do "
    "does did will would can could there here person man woman someone somebody people human boy "
    "girl gives give gave takes take took taking makes make made making performs perform begins "
    "begin began starts start started start wants want tries try keeps keep gets get got so also "
    "just still again forward forwards ahead straight way side hand hands arm arms leg legs foot "
    "feet both own both this that these those who which as for i we you me my our your air"
)


def verb_of(word: str) -> str | None:
    """The action of a verb in any of its forms, or None."""
    return VERBS.get(stem(IRREGULAR.get(word, word)))


def travels(text: str) -> bool:
    """Whether an action in the words of a caption leads somewhere: a walk, run or sprint ahead."""
    words = text.lower().replace(",", " ").split()
    kinds = {action for action in map(verb_of, words) if action}
    away = {"turns", "turn", "turning", "backwards", "backward", "sideways", "diagonally", "back"}
    return bool(kinds) and kinds <= {"walk", "run", "dash"} and not away & set(words)
