"""The end of a segment moved: it alone is made anew, from the state before it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.generation.generate import How
from engine.labs.motion.generation.unmask import hand_on
from engine.labs.motion.models.stored import Model
from engine.labs.motion.story.bank import Bank
from engine.labs.motion.story.ends import movable_ends, move_end
from engine.labs.motion.story.made import ModelSource, read_codes
from engine.labs.motion.story.rows import Row
from engine.labs.motion.story.run import rows_with_kept, segment_notes
from engine.labs.motion.story.schedule import read_story
from engine.labs.motion.story.seamed import treat_seams
from engine.labs.motion.story.sources import BankSource, Source
from engine.labs.motion.story.tell import Teller, Told
from tests.motion_models import tiny

STORY = (
    "He walks to the door and waves with the right hand for 3 seconds. He jumps three times, goes "
    "to the chair, sits down for 3 seconds and runs for 2 seconds. He bows."
)
WAVES = "a person waves with the left hand"


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(procedural_examples(260))


@pytest.fixture(scope="module")
def kmm(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny("kmm", tmp_path_factory.mktemp("kmm"))


def tell(source: Source, rows, rounds: int = 1, most: int = 1600) -> Told:
    teller = Teller(source)
    for _ in range(rounds):
        teller.go_on(rows, most)
    return teller.told()


def kept(rows, told: Told) -> list[Row]:
    return [Row(**row) for row in rows_with_kept(tuple(rows), told)]


def notes(told: Told):
    return segment_notes(told, np.concatenate(told.parts))


def moved(source: Source, rows, told: Told, number: int, frame: int) -> Told:
    return tell(source, move_end(kept(rows, told), notes(told), number, frame))


def rows_before(told: Told, frame: int, method: str, kmm: Model | None = None):
    seamed = treat_seams(told, method, kmm)
    return seamed.rows[:frame], seamed.positions[: frame + 1]


def number_of(told: Told, text: str, turn: int = 0) -> int:
    return [k for k, one in enumerate(told.segments) if text in one.text][turn]


@pytest.mark.parametrize("by", [-20, 25])
@pytest.mark.parametrize(("text", "turn"), [("waves", 0), ("jumps", 0), ("jumps", 1), ("jumps", 2),
                                            ("sits", 0), ("runs", 0), ("bows", 0)])  # fmt: skip
def test_all_frames_before_a_moved_end_stay_bit_for_bit(bank: Bank, text: str, turn: int, by: int):
    rows = read_story(STORY).rows
    source = BankSource(bank, "procedural")
    first = tell(source, rows)
    number = number_of(first, text, turn)
    end = next(one for one in movable_ends(rows, notes(first)) if one.number == number)
    frame = max(end.low, end.at + by)
    second = moved(source, rows, first, number, frame)
    start = first.segments[number].start
    assert (second.segments[number].start, second.segments[number].end) == (start, frame)
    for method in ("cut", "inertial"):
        for a, b in zip(rows_before(first, start, method), rows_before(second, start, method),
                        strict=True):  # fmt: skip
            assert np.array_equal(a, b)
    # What follows is played by the same pieces, as long as before; walks go where they went.
    behind = [told.segments[number + 1 :] for told in (first, second)]
    assert [one.text for one in behind[0]] == [one.text for one in behind[1]]
    for before, after in zip(*behind, strict=True):
        if before.kind == "act":
            assert before.names == after.names
            assert before.end - before.start == after.end - after.start


def test_a_segment_of_kmm_is_made_anew_from_the_state_that_is_carried_into_it(kmm: Model):
    rows = (Row(WAVES, seconds=2.0), Row("a person walks and turns left", seconds=2.0),
            Row(WAVES, seconds=2.0))  # fmt: skip
    first = tell(ModelSource(kmm, How(steps=2)), rows)
    second = moved(ModelSource(kmm, How(steps=2)), rows, first, 1, 100)
    assert [one.end for one in second.segments] == [40, 100, 140]
    assert np.array_equal(first.parts[0], second.parts[0])
    assert not np.array_equal(first.parts[1], second.parts[1][:40])
    assert first.segments[2].names == second.segments[2].names
    # The same 60 rows come of a source that knows nothing but the codes of the first segment.
    alone = ModelSource(kmm, How(steps=2))
    codes = read_codes(first.segments[0].names[0], kmm.network.shape.codes)
    assert codes is not None
    alone._carried = hand_on(kmm.network, codes)
    table = move_end(kept(rows, first), notes(first), 1, 100)
    teller = Teller(alone)
    teller.rows, teller.parts = 40, [first.parts[0]]
    teller.go_on(table[1:2], 400)
    assert np.array_equal(teller.parts[1], second.parts[1])


def test_a_seam_that_kmm_restores_reaches_into_the_segment_before_by_its_window_alone(kmm: Model):
    rows = tuple(Row(WAVES, seconds=3.0) for _ in range(3))
    source = ModelSource(kmm, How(steps=2))
    first = tell(source, rows)
    second = moved(ModelSource(kmm, How(steps=2)), rows, first, 1, 100)
    a, b = (rows_before(told, 60, "progressive", kmm)[0] for told in (first, second))
    assert np.array_equal(a[:54], b[:54])


def test_a_wait_behind_a_walk_is_made_longer_and_the_walk_stays(bank: Bank):
    rows = [Row("a person walks forward", "door", 9.0), Row("a person bows")]
    source = BankSource(bank, "procedural")
    first = tell(source, rows)
    assert [one.kind for one in first.segments] == ["way", "fill", "act"]
    assert [one.number for one in movable_ends(rows, notes(first))] == [1, 2]
    table = move_end(kept(rows, first), notes(first), 1, 200)
    assert table[0].seconds == 10.0
    second = tell(source, table)
    assert second.segments[1].end == 200
    assert second.segments[0].names == first.segments[0].names
    assert second.segments[2].names == first.segments[2].names


def test_a_row_that_is_repeated_is_cut_around_the_segment(bank: Bank):
    rows = read_story("He jumps three times.").rows
    source = BankSource(bank, "procedural")
    first = tell(source, rows)
    ends = [one.end for one in first.segments]
    table = move_end(kept(rows, first), notes(first), 1, ends[1] + 30)
    assert [row.times for row in table] == [1, 1, 1]
    second = tell(source, table)
    assert [one.end for one in second.segments] == [ends[0], ends[1] + 30, ends[2] + 30]
    assert [table[0].kept, table[1].kept, table[2].kept] == [
        f"act:{first.segments[0].names[0]}", "", f"act:{first.segments[2].names[0]}"
    ]  # fmt: skip


def test_a_pose_that_is_held_lasts_as_long_as_is_wanted(bank: Bank):
    rows = read_story("He climbs for 3 seconds, then bows.").rows
    source = BankSource(bank, "procedural")
    first = tell(source, rows)
    second = moved(source, rows, first, 0, 90)
    assert second.segments[0].kind == "hold" and second.segments[0].end == 90
    assert second.segments[1].names == first.segments[1].names


@pytest.mark.parametrize(
    ("number", "frame", "sentence"),
    [
        (0, 90, "segment 1 lasts as long as its way takes"),
        (99, 90, "segment 100 lasts as long as its way takes"),
        (1, 3, r"segment 2 must end at \d"),
        (1, 10_000, r"segment 2 must end at .* s \(got 500\)"),
    ],
)
def test_an_end_that_cannot_be_is_refused(bank: Bank, number: int, frame: int, sentence: str):
    rows = read_story(STORY).rows
    told = tell(BankSource(bank, "procedural"), rows)
    with pytest.raises(BadInput, match=rf"^ends_at: {sentence}"):
        move_end(kept(rows, told), notes(told), number, frame)


def test_a_later_round_has_no_ends_of_its_own(bank: Bank):
    rows = read_story("He jumps. He bows.").rows
    told = tell(BankSource(bank, "procedural"), rows, rounds=2)
    assert [one.number for one in movable_ends(rows, notes(told))] == [0, 1]


def test_a_table_has_no_room_for_more_rows(bank: Bank):
    rows = [Row("a person bows", seconds=1.0, times=1)] * 19 + [Row("a person jumps", times=3)]
    told = tell(BankSource(bank, "procedural"), rows, most=3000)
    with pytest.raises(BadInput, match=r"^rows: a table has 1 to 20 rows"):
        move_end(kept(rows, told), notes(told), 20, told.segments[20].end + 20)
