"""One row of the table being told: pieces are asked for, placed, followed and noted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.core.seeds import rng
from engine.labs.motion.features import CONTACT, ROOT, VELOCITY, YAW
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story import ways
from engine.labs.motion.story.bank import kinds, shared
from engine.labs.motion.story.follow import Aim, Followed, Stand, advance, walk
from engine.labs.motion.story.places import SHAPES, Place
from engine.labs.motion.story.rows import Row
from engine.labs.motion.story.seams import smooth_steps
from engine.labs.motion.story.segments import Kept, Kind, Segment
from engine.labs.motion.story.sources import Piece, Wanted

if TYPE_CHECKING:
    from engine.labs.motion.story.tell import Teller

WALK, RISE, STAND = "a person walks forward", "a person stands up again", "a person stands still"
NEAR = 0.45  # metres from a place that count as there
STRAIGHT = 2.0  # seconds of a walk that leads nowhere in particular
FAST = 4.0  # metres a second, faster than any clip
HELD = 2.0  # seconds of a pose that is held
# Their end is held where they shall last longer; other actions are done again.
ENDING = frozenset({"sit", "rise", "bow", "raise", "squat"})


@dataclass
class Desk:
    """One row being told: the seeds of its pieces, and what was kept of it."""

    teller: Teller
    number: int
    row: Row
    most: int
    occurrence: int
    kept: Kept = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.kept = Kept.read(self.row.kept if self.teller.round == 0 else "")

    def act(self, kind: Kind, text: str, frames: int) -> None:
        """Do something where the body stands, for so many frames or as long as the clip is."""
        start, names, first = self.teller.rows, [], None
        held = bool(kinds(text) & ENDING)
        while True:
            left = self._left(start, frames)
            if left <= 0:
                break
            piece = self._ask(kind, text, left if frames else 0)
            if piece is None:
                if kind == "fill" and not frames:
                    return  # what was asked for goes without it
                self._hold(text, frames or round(HELD * FPS))
                return
            first = first or piece
            names.append(piece.name)
            self._append(piece.rows[:left])
            if not frames:
                break
            if held:
                self._freeze(min(self._left(start, frames), self._left(start, 0)))
                break
        self._note(kind, text, "", start, names, first)

    def travel(self, place: Place | None) -> None:
        """A walk, run or sprint: to a place, along a shape, or straight ahead."""
        row, teller = self.row, self.teller
        if row.times > 1:
            teller.remark(f"{row.text!r} is a way: it is gone once, not {row.times} times.")
        here, heading, start = teller.stand.point, teller.stand.heading, teller.rows
        frames = round(row.seconds * FPS)
        if row.place in SHAPES:
            self.go("way", row.text, ways.shape(row.place, here, heading), row.place)
        elif place is not None:
            if np.hypot(*(goal(teller.stand, place) - here)) <= NEAR:
                teller.remark(f"The body is at the {place.name} already.")
                self.act("act", STAND, frames or round(FPS))
                return
            self.go("way", row.text, ways.plan_way(here, place, teller.plan), place.name)
        else:
            frames = frames or round(STRAIGHT * FPS)
            way = ways.straight(here, heading, FAST * frames / FPS)
            self.go("way", row.text, way, "", most=frames)
            return
        spent = teller.rows - start
        if frames > spent + FPS:
            self.act("fill", STAND, frames - spent)
        elif frames and spent > frames + FPS and place is not None:
            teller.remark(
                f"The way to the {place.name} takes {spent / FPS:.1f} s, not {row.seconds:g} s: "
                "steps are as long as in the clips."
            )

    def go(self, kind: Kind, text: str, way: np.ndarray, place: str, *, most: int = 0) -> None:
        """Follow a way to its end, or for ``most`` frames."""
        teller, start, names = self.teller, self.teller.rows, []
        told: list[Piece] = []
        limit = min(most or 10**6, max(0, self.most - start), _patience(way))
        last = teller.parts[-1][-1] if teller.parts else None

        first = self._ask(kind, text, 0, aim=Aim(way))
        if first is None:
            self._hold(text, most or round(HELD * FPS))
            return

        def next_piece(number: int, stand: Stand, aim: Aim) -> np.ndarray:
            nonlocal last
            piece = first
            if number:
                teller.source.played(len(told[-1].rows))
                piece = self._ask(kind, text, 0, stand=stand, aim=aim, last=last) or first
            told.append(piece)
            names.append(piece.name)
            rows = smooth_steps(last, piece.rows)
            last = rows[-1]
            return rows

        used, stand, followed = walk(way, teller.stand, next_piece, turn=teller.turn, most=limit)
        for rows in used:
            teller.parts.append(rows)
            teller.rows += len(rows)
        teller.stand = stand
        if used:
            teller.source.played(len(used[-1]))
        if not followed.reached and not most:
            teller.remark(
                f"The end of the way {f'to the {place} ' if place else ''}was not reached."
            )
        if most:
            way = way[: max(2, round(ways.length(followed.path) / ways.SPACING) + 1)]
        self._note(kind, text, place, start, names, told[0] if told else None, way, followed)

    def _ask(
        self,
        kind: Kind,
        text: str,
        frames: int,
        *,
        stand: Stand | None = None,
        aim: Aim | None = None,
        last: np.ndarray | None = None,
    ) -> Piece | None:
        teller = self.teller
        if last is None and teller.parts:
            last = teller.parts[-1][-1]
        names = (text, self.row.place, self.occurrence, teller.round, self.count)
        wanted = Wanted(
            text,
            int(rng(teller.seed, "story", *names).integers(2**31)),
            frames,
            last,
            stand or teller.stand,
            aim,
            self.row.take,
            self.kept.next(kind),
        )
        self.count += 1
        piece = teller.source.piece(wanted)
        plain = text.removesuffix(self.row.manner).strip()
        if plain != text:
            # Better the action in another manner than no action.
            piece = piece or teller.source.piece(replace(wanted, text=plain))
            if piece is not None and piece.considered and not shared(self.row.manner, piece.told):
                teller.remark(
                    f"{teller.source.name} has nothing like {text!r}: "
                    f"{self.row.manner!r} is left out."
                )
        return piece

    def _append(self, rows: np.ndarray) -> None:
        teller = self.teller
        before = teller.parts[-1][-1] if teller.parts else None
        made = smooth_steps(before, rows)
        teller.parts.append(made)
        teller.rows += len(made)
        teller.stand = advance(teller.stand, made)
        teller.source.played(len(made))

    def _freeze(self, frames: int) -> None:
        """Hold the last pose for so many frames, as rows of the part before."""
        teller = self.teller
        if frames <= 0:
            return
        still = np.repeat(teller.parts[-1][-1:], frames, axis=0)
        still[:, YAW], still[:, ROOT], still[:, VELOCITY], still[:, CONTACT] = 0, 0, 0, 1
        teller.parts[-1] = np.concatenate([teller.parts[-1], still])
        teller.rows += frames

    def _hold(self, text: str, frames: int) -> None:
        teller = self.teller
        frames = min(frames, max(0, self.most - teller.rows))
        if not teller.parts:
            piece = self._ask("hold", STAND, frames) or self._ask("hold", WALK, frames)
            if piece is None:
                return
            self._append(piece.rows[:1])
            frames -= 1
        start = teller.rows
        self._freeze(frames)
        teller.remark(f"{teller.source.name} has nothing like {text!r}: the last pose is held.")
        self._note("hold", text, "", start, [], None)

    def _left(self, start: int, frames: int) -> int:
        """Rows that are left of what was wanted, or of the whole motion."""
        room = self.most - self.teller.rows
        return min(room, frames - (self.teller.rows - start)) if frames else room

    def _note(
        self,
        kind: Kind,
        text: str,
        place: str,
        start: int,
        names: list[str],
        piece: Piece | None,
        way: np.ndarray | None = None,
        followed: Followed | None = None,
    ) -> None:
        teller = self.teller
        if teller.rows == start:
            return
        teller.segments.append(
            Segment(
                self.number,
                teller.round,
                kind,
                text,
                place,
                start,
                teller.rows,
                tuple(names),
                piece.told if piece else "",
                piece.considered if piece else 0,
                piece.near if piece else 0,
                way,
                followed,
            )
        )


def _patience(way: np.ndarray) -> int:
    """Frames after which a way is given up: at a third of a slow walk's speed, and a turn."""
    return round(2 * FPS + 3 * FPS * ways.length(way) / 0.6)


def goal(stand: Stand, place: Place) -> np.ndarray:
    """Where a way to a place would end."""
    return ways.plan_way(stand.point, place, [])[-1]
