"""Thought buckets, the search tree and the working memory as experiments, and their figures."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import bucketing, run, tree_search, working_memory
from engine.labs.memory_graph.config import BucketsConfig, CoatConfig, HiAgentConfig
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.living.buckets import CrossPolytope
from engine.labs.memory_graph.living.search_agent import summarise
from engine.labs.memory_graph.living.thought_vectors import ThoughtSpace
from engine.labs.memory_graph.living.thoughts import read_thoughts, stated_thoughts
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.tidy_tree import tidy_tree
from engine.labs.memory_graph.views import buckets as bucket_views
from engine.labs.memory_graph.views import coat as tree_views
from engine.labs.memory_graph.views import hiagent as token_views
from engine.labs.memory_graph.walk_thoughts import Thoughts

LAB = get_lab("memory_graph")
PALETTE = Palette.light()


@cache
def result(name: str, **values: object) -> Result:
    config = LAB.experiment(name).config.build(dict(values))
    return getattr(run, name)(config, QuietContext())


def read(**files: bytes):
    return lambda value, _: files[value.removeprefix("input:")]


def quiet(done: float, total: float) -> None:
    assert 0 < done <= total


# -- thoughts ---------------------------------------------------------------------------------


def test_a_thought_is_two_names_and_the_words_between() -> None:
    text = "Nuala Garrity sold the bog to Fintan Garrity. Then Ada, Grace and Lin sang."
    assert read_thoughts(text)[0] == ("Nuala Garrity", "sold the bog to", "Fintan Garrity")
    assert ("Ada", "and", "Grace") in read_thoughts(text), "a list says no more than and"
    assert read_thoughts("Nothing here is a name.") == []
    assert read_thoughts(f"Ada {'very ' * 20} Grace") == []


def test_triples_that_came_with_a_memory_are_its_thoughts() -> None:
    passages = [Passage("Trip", "Ada met Grace."), Passage("", "Ada met Grace.")]
    found = [(one.head, one.relation, one.tail, one.passage) for one in stated_thoughts(passages)]
    assert found == [
        ("Trip", "mentions", "Ada", 0),
        ("Trip", "mentions", "Grace", 0),
        ("Ada", "met", "Grace", 0),
        ("Ada", "met", "Grace", 1),
    ]
    given = stated_thoughts(passages, [[Triple("a", "b", "c")], []])
    assert [one.text for one in given] == ["a b c"]


@pytest.mark.parametrize("by", ["svd", "projection"])
def test_short_vectors_keep_what_is_alike_near(by: str) -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{i}" for i in rng.integers(30 * (t % 2), 30 * (t % 2) + 30, 12))
             for t in range(80)]  # fmt: skip
    space = ThoughtSpace(texts, 24, by)  # type: ignore[arg-type]
    assert np.linalg.norm(space.rows, axis=1) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(space.embed(texts), space.rows, atol=1e-5)
    assert not space.embed(["unknown"]).any()
    cosine = space.rows @ space.rows.T
    same = np.add.outer(np.arange(80), np.arange(80)) % 2 == 0
    assert cosine[same].mean() > cosine[~same].mean() + 0.05


def test_the_kept_share_is_that_of_the_largest_singular_values() -> None:
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{i}" for i in rng.integers(0, 60, 8)) for _ in range(40)]
    space = ThoughtSpace(texts, 10)
    assert space.index is not None
    values = np.linalg.svd(space.index.columns.toarray(), compute_uv=False)
    assert space.kept == pytest.approx((values[:10] ** 2).sum() / (values**2).sum())
    assert ThoughtSpace(texts, 256).width == 39
    with pytest.raises(BadInput, match="at least 8 thoughts"):
        ThoughtSpace(texts[:5], 10)


# -- buckets ----------------------------------------------------------------------------------


def test_occupancy_and_places_agree_with_the_hash() -> None:
    found = result("buckets")
    held = found.array("occupancy")
    assert held.sum() == found.number("thoughts") == len(found.notes["thoughts"])
    homes = [home for _, home, _, _ in found.notes["thoughts"]]
    np.testing.assert_array_equal(held, np.bincount(homes, minlength=32))
    order = found.array("question_bucket").tolist()
    assert sorted(order) == list(range(32))
    for bucket, probe in zip(found.notes["near_bucket"], found.array("near_probe"), strict=True):
        assert order[probe - 1] == bucket
    assert (np.diff(found.array("near_cosine")) <= 1e-6).all()


def test_the_share_found_is_what_a_count_by_hand_gives() -> None:
    config = BucketsConfig(hash_trials=5, recall_k=3)
    found = bucketing.buckets(config, read(), quiet)
    b, probes, seed = 1, 2, 4
    loaded = bucketing.load(config, read())
    texts = list(dict.fromkeys(
        one.text.lower() for one in stated_thoughts(loaded.corpus.passages)
    ))  # fmt: skip
    space = ThoughtSpace(texts, config.vector_width)
    asked = space.embed([one.text for one in loaded.questions])
    hashing = CrossPolytope(space.width, 16, seed)
    home, shares, looked_at = hashing.bucket(space.rows), [], []
    for row in asked:
        near = sorted(range(len(texts)), key=lambda i: -float(space.rows[i] @ row))[:3]
        scores = hashing.scores(row[None])[0]
        looked = sorted(range(16), key=lambda i: -scores[i])[:probes]
        shares.append(np.mean([home[i] in looked for i in near]))
        looked_at.append(np.isin(home, looked).mean())
    at = found.notes["probes"].index(probes)
    assert found.array("recall")[b, at, seed] == pytest.approx(100 * np.mean(shares), abs=0.7)
    assert found.array("scanned")[b, at, seed] == pytest.approx(100 * np.mean(looked_at), abs=1e-3)


def test_all_buckets_find_everything_and_more_probes_never_less() -> None:
    found = result("buckets")
    recall, scanned = found.array("recall"), found.array("scanned")
    for b, count in enumerate(found.notes["traded"]):
        held = [i for i, probe in enumerate(found.notes["probes"]) if probe <= count]
        assert (np.diff(recall[b, held], axis=0) >= -1e-4).all()
        assert recall[b, held[-1]] == pytest.approx(100) == scanned[b, held[-1]]
        assert np.isnan(recall[b, len(held) :]).all()
    assert (recall[:, 0] > 2 * scanned[:, 0]).all(), "a bucket beats chance for every seed"


def test_a_contradiction_is_forgotten_in_one_bucket_and_kept_in_two() -> None:
    text = "Corrameen Bog belongs to Nuala Garrity. Corrameen Bog belongs to Fintan Garrity."
    fates = {}
    for seed in range(6):
        found = result("buckets", thought=text, hash_seed=seed, hash_trials=5)
        first, second = found.notes["inserted"]
        together = first["bucket"] == second["bucket"]
        assert (second["did"] == ["forget"]) == together
        assert found.number("forgotten") == int(together)
        assert bool("both are kept" in bucket_views.describe_inserted(second)) != together
        fates[together] = seed
    assert len(fates) == 2, "both fates occur among six seeds"
    beside = result("buckets", thought=text, functional="", hash_seed=fates[True])
    assert beside.notes["inserted"][1]["did"] == []
    assert "may have several tails" in bucket_views.describe_inserted(beside.notes["inserted"][1])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"thought": "no name here"}, "thought"),
        ({"thought": "Zqx saw Vwy."}, "thought"),
        ({"ask": "xyzzy plugh"}, "ask"),
        ({"question": 99}, "question"),
    ],
)
def test_buckets_say_what_they_cannot_use(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as error:
        result("buckets", **values)
    assert error.value.field == field


# -- search tree ------------------------------------------------------------------------------


def test_a_tidy_tree_centres_parents_and_keeps_siblings_apart() -> None:
    rng = np.random.default_rng(2)
    parents = [-1, *(int(rng.integers(0, i)) for i in range(1, 120))]
    xy = tidy_tree(parents)
    depth = np.zeros(120)
    for node, parent in enumerate(parents[1:], start=1):
        depth[node] = depth[parent] + 1
    np.testing.assert_array_equal(xy[:, 0], depth)
    for level in np.unique(depth):
        assert (np.diff(np.sort(xy[depth == level, 1])) >= 1 - 1e-9).all()
    for node in range(120):
        own = [xy[i, 1] for i, parent in enumerate(parents) if parent == node]
        if own:
            assert xy[node, 1] == pytest.approx((min(own) + max(own)) / 2)


def test_every_frame_of_the_tree_adds_up() -> None:
    found = result("coat")
    frames, visits = found.array("frame"), found.array("visits")
    parents, values = found.array("parent"), found.array("value")
    np.testing.assert_array_equal(visits[:, 0], frames)
    there = np.isfinite(values)
    assert (np.diff(there.astype(int), axis=0) >= 0).all(), "a thought stays"
    worth = found.array("content") + found.number("beta") * found.array("association")
    last = visits[-1].astype(float)
    for node in range(len(parents)):
        below = np.flatnonzero(parents == node)
        own = last[node] - last[below].sum()
        if node and last[node]:
            total = own * worth[node] + (last[below] * np.nan_to_num(values[-1][below])).sum()
            assert values[-1, node] == pytest.approx(total / last[node], abs=1e-4)
    explore = found.array("explore")[-1]
    node = int(found.array("best")[-1])
    expected = 1.41 * np.sqrt(np.log(last[parents[node]]) / last[node])
    assert explore[node] == pytest.approx(expected, abs=1e-5)


def test_the_next_simulation_takes_the_highest_uct_of_full_siblings() -> None:
    found = result("coat")
    parents, values, explore = (found.array(n) for n in ("parent", "value", "explore"))
    ended, visits = found.array("ended"), found.array("visits")
    checked = 0
    for frame in range(20, len(ended) - 1):
        path = [int(ended[frame + 1])]
        while parents[path[-1]] >= 0:
            path.append(int(parents[path[-1]]))
        first = path[-2]
        children = np.flatnonzero(parents == 0)
        if not (visits[frame][children] > 0).all():
            continue
        best = children[np.argmax(values[frame][children] + explore[frame][children])]
        assert first == best
        checked += 1
    assert checked > 10


def test_curves_rise_and_gold_on_the_path_is_in_the_tree() -> None:
    found = result("coat")
    reached, path = found.array("reached"), found.array("on_path")
    assert reached.shape == (3, 50, 61)
    assert (np.diff(reached, axis=2) >= 0).all()
    assert (path <= reached + 1e-4).all() and reached[:, :, 0].max() == 0
    assert found.array("covered").max() <= 100 + 1e-4
    mean, low, high = tree_views.gain(found, "reached")
    assert low <= mean <= high
    assert f"{mean:+.1f} points" in tree_views.describe_gain(found, "reached")


def test_associations_are_those_of_the_slow_walk() -> None:
    loaded = tree_search.load(CoatConfig(), read())
    thoughts = Thoughts(loaded, extract_all(loaded.corpus.passages), 8)
    for entity in ("heron", "deep thistle", "corrameen bog"):
        slow = thoughts.graph.near(entity, 200)
        fast = thoughts.near(entity)
        mass = dict(fast)
        assert len(fast) == 8 and (np.diff(list(mass.values())) <= 0).all()
        # Equal masses at the edge may come in either order.
        least = min(mass.values())
        assert all(thoughts.associate(entity)[i] == fast[i][0] for i in range(8))
        assert {name for name, value in fast if value > least} <= set(slow[:8])


def test_without_weight_association_changes_nothing() -> None:
    found = result("coat", beta=0.0, simulations=30)
    for name in ("reached", "on_path", "covered"):
        np.testing.assert_array_equal(found.array(name)[0], found.array(name)[1])


def test_a_memory_without_questions_gets_one_made_of_its_names() -> None:
    notes = b"\n\n".join(
        f"{a} wrote to {b} from {c}.".encode()
        for a, b, c in [
            ("Ada Byron", "Mary Somer", "London"),
            ("Mary Somer", "Jean Arago", "Paris"),
            ("Jean Arago", "Karl Gauss", "Hanover"),
        ]
    )
    config = CoatConfig(corpus="input:notes", simulations=20)
    found = tree_search.tree_search(config, read(notes=notes), quiet)
    assert found.notes["made"] and found.notes["question"].startswith("What joins ")
    assert set(found.fields).isdisjoint({"reached", "on_path"})
    assert found["covered"].size("trial") == tree_search.TREES


@pytest.mark.parametrize("ask", ["what is unknown here", "Heron"])
def test_a_question_must_name_something_and_want_something(ask: str) -> None:
    with pytest.raises(BadInput, match="must name something"):
        result("coat", ask=ask)


# -- working memory ---------------------------------------------------------------------------


def test_tokens_by_subgoal_add_up_and_states_follow_the_subgoal() -> None:
    found = result("hiagent")
    tokens, total = found.array("tokens"), found.array("total")
    np.testing.assert_array_equal(tokens.sum(axis=2), total)
    assert (np.diff(total[0]) > 0).all(), "flat only grows"
    assert (total[1] <= total[0]).all() and (total[1] <= total[2]).all()
    which, state = found.array("subgoal"), found.array("state")
    for step, segment in enumerate(which):
        assert (state[:, step, segment] == 1).all()
        assert (state[:, step, segment + 1 :] == 0).all()
        assert (state[0, step, :segment] == 1).all()
        assert (state[1, step, :segment] == 2).all()
        assert np.isin(state[2, step, :segment], (2, 3)).all()
    lost = [bool(one["lost"]) for one in found.notes["subgoals"]]
    back = (state[2] == 3).any(axis=0)
    np.testing.assert_array_equal(back, lost)


def test_what_a_summary_lost_is_not_in_it_and_what_it_kept_is() -> None:
    for one in result("hiagent", in_a_row=20).notes["subgoals"]:
        held = {word.strip(".,:;'").lower() for word in one["summary"].split()}
        assert not held & set(one["lost"])
    summary = summarise("Who mends clocks?", "It rained. Brill mends clocks. He left.")
    assert summary == "Brill mends clocks."


def test_questions_alone_are_shorter_than_questions_in_a_row() -> None:
    one, many = result("hiagent", in_a_row=1), result("hiagent", in_a_row=5)
    assert many.number("peak flat") > 2 * one.number("peak flat")
    np.testing.assert_array_equal(one.array("peak"), many.array("peak"))
    assert one.array("peak")[0, 8] == one.array("total")[0].max()
    judged, whole = one.array("judged")
    assert (whole <= judged).all() and judged.sum() > 50


def test_the_overflow_is_the_first_step_beyond_the_budget() -> None:
    found = result("hiagent")
    total = found.array("total")[0]
    for budget in (300, 1500, 10_000):
        first = token_views.first_over(found, 0, budget)
        assert first == next((i for i, n in enumerate(total, start=1) if n > budget), 0)
    assert "exceeds 1,500 from step" in token_views.describe_timeline(found, 1500)
    assert "exceeds" not in token_views.describe_timeline(found, 10_000)


def steps(*rows: dict[str, str]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_a_trajectory_of_the_visitors_own_is_replayed() -> None:
    row = {"action": "look", "observation": "a red door " * 20}
    file = steps(
        {"subgoal": "a", **row}, {"subgoal": "b", **row}, {"subgoal": "c", **row, "retrieve": "a"}
    )
    config = HiAgentConfig(trajectory="input:own", counted="words")
    found = working_memory.working_memory(config, read(own=file), quiet)
    assert found.array("state")[:, 2].tolist() == [[1, 1, 1], [2, 2, 1], [3, 2, 1]]
    assert found.array("total")[0].tolist() == [62, 124, 186]
    assert "peak" not in found.fields


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "no step"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'{"subgoal": "a"}', "line 1"),
        (steps({"subgoal": "a", "action": "b", "observation": "c", "retrieve": "z"}), "'z'"),
        (steps(*[{"subgoal": "a", "action": "b", "observation": "c"}] * 401), "400 steps"),
    ],
)
def test_a_bad_trajectory_gets_one_sentence(file: bytes, words: str) -> None:
    config = HiAgentConfig(trajectory="input:own")
    with pytest.raises(BadInput, match=words) as error:
        working_memory.working_memory(config, read(own=file), quiet)
    assert error.value.field == "trajectory"


# -- figures ----------------------------------------------------------------------------------


def test_every_figure_has_titles_units_and_a_finding() -> None:
    hashed, tree, agent = result("buckets"), result("coat"), result("hiagent")
    best = int(tree.array("best")[-1])
    figures = [
        bucket_views.draw_tradeoff(hashed, PALETTE, buckets=32, probes=1),
        bucket_views.draw_occupancy(hashed, PALETTE, selected=3),
        tree_views.draw_tree(tree, PALETTE, frame=30),
        tree_views.draw_uct(tree, PALETTE, frame=60, node=best),
        *(tree_views.draw_gain(tree, PALETTE, measure=name) for name in tree_views.MEASURES),
        tree_views.draw_difference(tree, PALETTE, measure="reached"),
        token_views.draw_timeline(agent, PALETTE, step=4, budget=1500),
        token_views.draw_peaks(agent, PALETTE),
    ]
    for figure in figures:
        assert figure is not None and check_axes(figure) == []
        assert len(figure.layout.meta["alt"]) > 30


def test_before_any_visit_there_is_nothing_to_compare() -> None:
    tree = result("coat")
    assert tree_views.draw_uct(tree, PALETTE, frame=0, node=0) is None
    assert (tree_views.value_bins(tree)[0] == 0).all()
    assert tree_views.value_bins(tree).max() == tree_views.BINS


def test_the_prompt_of_a_step_is_told_in_words() -> None:
    agent = result("hiagent")
    rows = token_views.held_table(agent, 2, 1)
    assert [row["How"] for row in rows] == ["in short", "in short", "in full"]
    assert sum(int(row["Tokens"]) for row in rows) == agent.array("total")[1, 2]  # type: ignore[call-overload]


def test_presets_are_where_they_say() -> None:
    folder = Path(LAB.folder) / "presets.toml"
    assert folder.is_file()
    tabs = {p.page.get("tab") for p in LAB.presets if p.page.get("view") == "more"}
    assert tabs == {"buckets", "coat", "hiagent"}
