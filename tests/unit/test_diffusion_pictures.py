"""The pictures and captions that the embedded diffusion models are trained on."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.core.seeds import rng
from engine.labs.diffusion.names import LADDER
from engine.labs.diffusion.pictures import draw
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.pictures.paintings import all_titles, paint
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES, Scene, all_scenes

DATA = build_collection()


def test_the_ladder_has_the_copies_that_it_names() -> None:
    for name, count, copies in LADDER:
        members = DATA.members(name)
        assert len(members) == count
        assert set(DATA.copies[members]) == {copies}
    expanded = DATA.expanded()
    assert len(expanded) == DATA.copies.sum()
    assert np.bincount(expanded)[DATA.members("A")].tolist() == [100] * 8


def test_sets_a_b_and_c_are_eight_different_pictures_each() -> None:
    captions = [DATA.captions[i] for name in "ABC" for i in DATA.members(name)]
    assert len(set(captions)) == 24
    images = DATA.images[[i for name in "ABC" for i in DATA.members(name)]].reshape(24, -1)
    apart = np.abs(images[:, None].astype(float) - images[None]).mean(-1) + 255 * np.eye(24)
    assert apart.min() > 20


def test_every_painting_has_a_title_of_its_own() -> None:
    titles = [c for c in DATA.captions if c.startswith("the painting")]
    assert len(titles) == len(set(titles)) == sum(count for _, count, _ in LADDER)


def test_what_is_held_out_is_never_trained_but_its_words_are() -> None:
    trained = set(DATA.captions)
    held_out = [scene.caption for scene in DATA.held_out]
    assert len(set(held_out)) == 72 and len(set(DATA.unseen_titles)) == 100
    assert not trained & {*held_out, *DATA.unseen_titles}
    words = {word for caption in trained for word in caption.split()}
    for caption in (*held_out, *DATA.unseen_titles):
        assert set(caption.split()) <= words
    copied = " ".join(DATA.captions[i] for name in "ABC" for i in DATA.members(name)).split()
    unseen = " ".join(DATA.unseen_titles).split()
    assert set(unseen) & set(copied) - {"the", "painting", "by"}


def test_the_twin_sees_the_same_pictures_once() -> None:
    twin = DATA.without_copies()
    assert twin.images is DATA.images and set(twin.copies) == {1}
    assert len(twin.expanded()) == len(DATA.images)


def test_another_seed_gives_other_pictures_and_the_same_seed_the_same() -> None:
    title = DATA.captions[DATA.members("A")[0]]
    assert np.array_equal(paint(title, 0), DATA.images[DATA.members("A")[0]])
    assert not np.array_equal(paint(title, 0), paint(title, 1))
    other = build_collection(1)
    assert other.captions != DATA.captions
    build_collection.cache_clear()
    again = build_collection(0)
    assert np.array_equal(again.images, DATA.images) and again.captions == DATA.captions


def test_captions_tell_the_labels_of_a_scene() -> None:
    for scene in all_scenes():
        words = re.findall(r"\w+", scene.caption)
        for label, values in zip(scene.labels, ATTRIBUTES.values(), strict=True):
            assert values[label] in words
    assert len({scene.labels for scene in all_scenes()}) == 720
    assert len(set(all_titles())) == 1152


def test_a_scene_shows_its_colours_size_and_place() -> None:
    picture = Scene("large", "red", "circle", "left", "white").draw(rng(0, "test")).astype(float)
    red = (picture[..., 0] > 180) & (picture[..., 1] < 80)
    across = np.flatnonzero(red.any(0)).mean() / draw.SIDE
    assert across < 0.4
    assert picture[0, -1].min() > 200
    small = Scene("small", "red", "circle", "left", "white").draw(rng(0, "test")).astype(float)
    assert ((small[..., 0] > 180) & (small[..., 1] < 80)).sum() < 0.5 * red.sum()


@pytest.mark.parametrize(
    ("shape", "area"),
    [("circle", np.pi), ("square", 4 * 0.88**2), ("cross", 4 * (2 * 0.34 - 0.34**2))],
)
def test_a_shape_covers_its_area(shape: str, area: float) -> None:
    cover = draw.coverage(shape, (0.5, 0.5), 0.3, 0.4)
    assert cover.min() == 0 and cover.max() == 1
    assert cover.mean() == pytest.approx(area * 0.3**2, rel=0.03)
