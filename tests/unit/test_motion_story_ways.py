"""Ways around obstacles, and bodies that follow them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.labs.motion.features import WIDTH, decode
from engine.labs.motion.story.follow import Aim, Stand, advance, measure, steer, track, walk
from engine.labs.motion.story.places import PLAN, SHAPES, Place
from engine.labs.motion.story.ways import (
    BODY,
    distance_to,
    length,
    plan_way,
    shape,
    shortest,
    spaced,
    straight,
)


def striding(frames: int = 40, step: float = 0.06, sway: float = 0.02) -> np.ndarray:
    """Rows that go ahead with a sway; the pose does not matter."""
    rows = np.zeros((frames, WIDTH), dtype=np.float32)
    rows[:, 0] = sway * np.cos(np.arange(frames) * 0.6)
    rows[:, 2] = step
    return rows


def test_a_way_keeps_away_from_what_stands_in_it():
    table = Place("table", 0.0, 2.0, 0.5)
    goal = Place("door", 0.0, 4.0)
    way = plan_way(np.zeros(2), goal, [table, goal])
    assert np.allclose(way[0], 0) and np.allclose(way[-1], (0, 4))
    apart = np.hypot(way[:, 0] - table.x, way[:, 1] - table.z)
    assert apart.min() >= table.radius + BODY - 1e-6
    # Two tangents and an arc are the shortest way there is; corners cost little more.
    radius = table.radius + BODY
    tangent = np.sqrt(4 - radius**2)
    least = 2 * tangent + radius * (np.pi - 2 * np.arccos(radius / 2))
    assert least <= length(way) <= 1.03 * least


def test_a_place_that_stands_in_the_way_is_met_at_its_edge():
    table = Place("table", 0.0, 2.0, 0.5)
    way = plan_way(np.zeros(2), table, [table])
    assert np.allclose(way[-1], (0, 2 - 0.5 - BODY))


def test_whoever_stands_too_near_steps_away_first():
    table = Place("table", 0.0, 0.5, 0.5)
    goal = Place("door", 0.0, 4.0)
    way = plan_way(np.array([0.0, -0.2]), goal, [table, goal])
    apart = np.hypot(way[:, 0], way[:, 1] - 0.5)
    assert np.allclose(way[0], (0, -0.2)) and np.allclose(way[-1], (0, 4))
    assert apart.min() >= 0.7 - 1e-6
    assert (apart[15:] >= table.radius + BODY - 1e-6).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_shortest_way_is_that_of_trying_every_order(seed: int):
    draw = np.random.default_rng(seed)
    points = draw.uniform(-2, 2, (6, 2))
    obstacles = [(draw.uniform(-1.5, 1.5, 2), 0.4) for _ in range(2)]

    def free(a: int, b: int) -> bool:
        line = points[a] + np.linspace(0, 1, 2000)[:, None] * (points[b] - points[a])
        return all(np.hypot(*(line - c).T).min() >= r - 1e-9 for c, r in obstacles)

    ways = [
        [0, *between, 1]
        for count in range(5)
        for between in itertools.permutations(range(2, 6), count)
        if all(free(a, b) for a, b in itertools.pairwise([0, *between, 1]))
    ]
    lengths = [sum(np.hypot(*(points[b] - points[a])) for a, b in itertools.pairwise(way))
               for way in ways]  # fmt: skip
    found = shortest(points, obstacles)
    assert bool(found) == bool(ways)
    if ways:
        got = sum(np.hypot(*(points[b] - points[a])) for a, b in itertools.pairwise(found))
        assert got == pytest.approx(min(lengths))


def test_distance_to_a_way_is_that_of_many_points_on_it():
    draw = np.random.default_rng(0)
    way, points = draw.normal(size=(7, 2)), draw.normal(size=(30, 2))
    dense = spaced(way, 1e-3)
    # Corners lie between the dense points, so that they are added.
    dense = np.concatenate([dense, way])
    wanted = np.hypot(*np.moveaxis(points[:, None] - dense[None], -1, 0)).min(1)
    assert np.allclose(distance_to(way, points), wanted, atol=1e-3)


def test_where_a_body_stands_is_where_its_positions_are():
    rows = striding(30, sway=0.05)
    rows[:, 1] = 0.02
    rows[:, 3] = 0.9
    start = Stand(1.0, -2.0, 0.7)
    positions = decode(rows.astype(np.float64), start=(start.x, start.z, start.heading))
    path = track(start, rows)
    assert np.allclose(path[:-1], positions[:-1, 0][:, [0, 2]], atol=1e-6)
    end = advance(start, rows)
    assert np.allclose(end.point, path[-1])
    assert end.heading == pytest.approx(0.7 + rows[:, 0].sum(), abs=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_followed_to_its_end_within_a_few_centimetres(name: str):
    way = shape(name, np.array([0.5, 1.0]), 0.4)
    _, stand, followed = walk(way, Stand(0.5, 1.0, 0.4), lambda *_: striding())
    assert followed.reached
    assert followed.error < 0.1
    assert np.hypot(*(stand.point - way[-1])) < 0.25
    assert followed.end == pytest.approx(np.hypot(*(followed.path[-1] - way[-1])))


def test_a_circle_turns_left_and_a_way_ahead_does_not_turn():
    way = shape("circle", np.zeros(2), 0.0)
    assert way[:, 0].min() > -1e-9 and way[:, 0].max() == pytest.approx(3.0, abs=1e-2)
    assert np.allclose(straight(np.zeros(2), np.pi / 2, 2.0)[-1], (2, 0))


def test_turns_stay_within_their_bound():
    way = straight(np.zeros(2), np.pi, 3.0)
    made, _, _ = steer(striding(sway=0.0), Stand(), Aim(way), 90.0)
    assert np.abs(made[:, 0]).max() <= np.deg2rad(90) / 20 + 1e-6
    assert np.abs(made[:, 0]).max() > 0.9 * np.deg2rad(90) / 20


def test_a_body_that_walks_sideways_moves_along_the_way():
    rows = striding(sway=0.0)
    rows[:, 1], rows[:, 2] = 0.06, 0.0
    way = straight(np.zeros(2), 0.0, 1.5)
    _, stand, followed = walk(way, Stand(), lambda *_: rows)
    assert followed.reached and followed.end < 0.3
    assert abs(abs(stand.heading) - np.pi / 2) < 0.3


def test_a_way_that_cannot_be_walked_is_given_up():
    rows = striding(step=0.0)
    _, _, followed = walk(straight(np.zeros(2), 0.0, 1.0), Stand(), lambda *_: rows, most=100)
    assert not followed.reached and len(followed.path) == 101


def test_an_error_is_measured_against_the_way():
    way = straight(np.zeros(2), 0.0, 2.0)
    path = way + np.array([0.3, 0.0])
    followed = measure(way, path, reached=True)
    assert followed.error == pytest.approx(0.3) and followed.worst == pytest.approx(0.3)


def test_the_plan_of_the_lab_lets_every_place_be_reached_from_every_other():
    for one, other in itertools.permutations(PLAN, 2):
        start = plan_way(np.zeros(2), one, PLAN)[-1]
        way = plan_way(start, other, PLAN)
        goal = np.hypot(way[-1, 0] - other.x, way[-1, 1] - other.z)
        assert goal <= other.radius + BODY + 1e-6
        for place in PLAN:
            if place.radius > 0:
                apart = np.hypot(way[:, 0] - place.x, way[:, 1] - place.z)
                assert apart.min() >= place.radius + BODY - 0.02, (one.name, other.name, place.name)
