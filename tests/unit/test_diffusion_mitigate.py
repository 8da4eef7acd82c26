"""Methods against copies, each beside a slow twin or a case that can be told by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.diffusion.copying import ssim, structure
from engine.labs.diffusion.mitigate import embedding, nemo, neurons, texts
from engine.labs.diffusion.mitigate.guiding import Dynamic, delayed
from engine.labs.diffusion.mitigate.methods import Room, fit
from engine.labs.diffusion.mitigate.names import METHODS, Strengths
from engine.labs.diffusion.mitigate.start_token import after_words, start_token
from engine.labs.diffusion.mitigate.treatment import first_time, sample_treated
from engine.labs.diffusion.model.attention import Attention, cross_layers
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import first_noise, sample, steps
from tests.diffusion_models import patches

TITLES = ("the painting golden valley by amari", "the painting broken window by eriksen")
ORDINARY = tuple(
    f"the painting {word} river by {name}"
    for word in ("silent", "frozen")
    for name in ("amari", "bellini", "costa", "dufour")
)
SCENE = "a large red square at the center on a gray background"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("patches"))


@pytest.fixture(scope="module")
def bench(pipeline: Pipeline) -> nemo.Bench:
    return nemo.build_bench(pipeline, noises=2, seed=0, steps=4)


@pytest.fixture(scope="module")
def others(pipeline: Pipeline) -> neurons.Usual:
    return neurons.usual(pipeline, ORDINARY)


@pytest.fixture(scope="module")
def room(pipeline: Pipeline) -> Room:
    strengths = Strengths(noises=2, theta_least=4.5, iterations=2, target=0.5)
    return Room(pipeline, TITLES, ORDINARY[:3], strengths, count=3)


class TestWords:
    @pytest.mark.parametrize("kind", ["words", "numbers", "repeats"])
    @pytest.mark.parametrize("count", [0, 1, 4])
    def test_a_prompt_keeps_its_words_in_order_and_gets_as_many_more(
        self, pipeline: Pipeline, kind: texts.Kind, count: int
    ) -> None:
        longer = texts.insert(pipeline, TITLES, kind, count, 3)
        for before, after in zip(TITLES, longer, strict=True):
            words = after.split()
            assert len(words) == len(before.split()) + count
            rest = iter(words)
            assert all(word in rest for word in before.split())

    def test_what_is_inserted_comes_from_where_it_should(self, pipeline: Pipeline) -> None:
        known = set(texts.vocabulary(pipeline.tokenizer))
        assert {"golden", "square"} <= known and "<pad>" not in known
        (word,) = texts.insert(pipeline, [""], "words", 1, 0)
        assert word in known
        (number,) = texts.insert(pipeline, [""], "numbers", 1, 0)
        assert 0 <= int(number) < 10**6
        (repeated,) = texts.insert(pipeline, ["moon"], "repeats", 2, 0)
        assert repeated == "moon moon moon"

    def test_another_seed_gives_other_words_and_the_same_seed_the_same(
        self, pipeline: Pipeline
    ) -> None:
        one = texts.insert(pipeline, TITLES, "words", 4, 0)
        assert one == texts.insert(pipeline, TITLES, "words", 4, 0)
        assert one != texts.insert(pipeline, TITLES, "words", 4, 1)

    def test_too_many_words_are_refused_and_lost_ones_counted(self, pipeline: Pipeline) -> None:
        with pytest.raises(BadInput, match="words: must be from 0 to 16"):
            texts.insert(pipeline, TITLES, "words", 17, 0)
        assert texts.cut_short(pipeline, [TITLES[0], SCENE]) == 0
        assert texts.cut_short(pipeline, [TITLES[0], f"{SCENE} golden golden"]) == 1


class TestEmbedding:
    def test_noise_has_the_size_that_was_asked_for(self) -> None:
        states = torch.zeros(8, 14, 64)
        noisy = embedding.add_noise(states, 0.3, seed=0)
        assert noisy.std() == pytest.approx(0.3, rel=0.05)
        assert torch.equal(embedding.add_noise(states, 0.0, seed=0), states)
        with pytest.raises(BadInput, match="noise: must be"):
            embedding.add_noise(states, float("nan"), seed=0)

    def test_first_scores_are_those_of_the_sampler(self, pipeline: Pipeline) -> None:
        states, noise = pipeline.encode(TITLES), first_noise(pipeline, 2, 0)
        both = torch.cat([pipeline.encode(["", ""]), states])
        first = next(iter(steps(pipeline, both, noise, count=4)))
        # In double precision: the sampler's own score loses digits between nearly equal noises.
        exact = (
            (first.alpha / (1 - first.alpha)) ** 0.5
            * (first.prompted.double() - first.plain.double()).flatten(1).norm(dim=1)
        )  # fmt: skip
        found = embedding.first_scores(pipeline, states, noise, count=4)
        torch.testing.assert_close(found.double(), exact, rtol=1e-4, atol=0)
        torch.testing.assert_close(found, first.score, rtol=0.1, atol=0)

    def test_steps_lower_the_score_and_leave_the_start_token(self, pipeline: Pipeline) -> None:
        states, noise = pipeline.encode(TITLES), first_noise(pipeline, 2, 0)
        scores = embedding.first_scores(pipeline, states, noise, count=4)
        goal = 0.8 * float(scores.min())
        moved = embedding.move(pipeline, states, noise, target=goal, iterations=10, count=4)
        assert (moved.after < moved.before).all()
        assert torch.equal(moved.states[:, 0], states[:, 0])
        again = embedding.first_scores(pipeline, moved.states, noise, count=4)
        torch.testing.assert_close(again, moved.after, rtol=1e-3, atol=0)

    def test_a_prompt_below_the_target_is_left_as_it_is(self, pipeline: Pipeline) -> None:
        states, noise = pipeline.encode(TITLES), first_noise(pipeline, 2, 0)
        moved = embedding.move(pipeline, states, noise, target=1e9, count=4)
        assert torch.equal(moved.states, states) and moved.taken.tolist() == [0, 0]

    def test_prompts_do_not_influence_each_other(self, pipeline: Pipeline) -> None:
        states, noise = pipeline.encode(TITLES), first_noise(pipeline, 2, 0)
        scores = embedding.first_scores(pipeline, states, noise, count=4)
        goal = 0.9 * float(scores.max())
        both = embedding.move(pipeline, states, noise, target=goal, iterations=3, count=4)
        for i in range(2):
            alone = embedding.move(
                pipeline, states[i : i + 1], noise[i : i + 1], target=goal, iterations=3, count=4
            )
            assert alone.taken[0] == both.taken[i]
            torch.testing.assert_close(alone.states[0], both.states[i], rtol=1e-3, atol=1e-3)


class TestStartToken:
    def test_only_the_half_with_the_prompt_changes(self) -> None:
        logits = torch.randn(4, 2, 3, 5, generator=torch.Generator().manual_seed(0))
        change = start_token(1.25).change
        assert change is not None
        changed = change("any", logits)
        assert torch.equal(changed[:2], logits[:2])
        assert torch.equal(changed[2:, ..., 1:], logits[2:, ..., 1:])
        torch.testing.assert_close(changed[2:, ..., 0], 1.25 * logits[2:, ..., 0])

    def test_masked_tokens_get_no_attention(self, pipeline: Pipeline) -> None:
        ids = pipeline.tokens(TITLES)
        masked = after_words(ids, pipeline.tokenizer.eos_token_id)
        words = len(TITLES[0].split())
        assert masked[0].tolist() == [False] * (1 + words) + [True] * (ids.shape[1] - 1 - words)
        seen: dict[str, torch.Tensor] = {}
        changed = start_token(1.25, masked)
        opened = Attention(change=changed.change, see=seen.__setitem__)
        sample(pipeline, TITLES, count=1, attention=lambda _: opened)
        assert set(seen) == set(cross_layers(pipeline.unet))
        for shares in seen.values():
            assert shares[2:].movedim(-1, 1)[masked].max() == 0
            assert shares[:2].min() > 0
            torch.testing.assert_close(shares.sum(-1), torch.ones(shares.shape[:-1]))

    def test_a_scale_out_of_range_is_refused(self) -> None:
        with pytest.raises(BadInput, match="scale: must be above 0"):
            start_token(0)


class TestGuidance:
    def test_a_delayed_guidance_begins_at_its_step(self) -> None:
        schedule = delayed(500, before=-2.0, after=3.0)
        score = torch.ones(1)
        assert [schedule(i, t, score) for i, t in enumerate((999, 501, 500, 49))] == [
            -2.0, -2.0, 3.0, 3.0,
        ]  # fmt: skip
        with pytest.raises(BadInput, match="transition: must be from 0 to 1000"):
            delayed(1001)

    def test_dynamic_guidance_begins_after_the_first_minimum(self) -> None:
        usual = [1.0, 2.0, 4.0, 8.0, 16.0]
        relative = torch.tensor([[5.0, 3.0, 4.0, 1.0, 2.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
        schedule = Dynamic(usual, after=2.0)
        given = [
            schedule(i, 0, relative[:, i] * usual[i]).tolist() for i in range(len(usual))
        ]  # fmt: skip
        assert given == [[0, 0], [0, 0], [2, 0], [2, 0], [2, 0]]
        assert schedule.switched.tolist() == [2, 5]

    def test_a_second_batch_starts_anew(self) -> None:
        schedule = Dynamic([1.0, 1.0, 1.0], after=2.0)
        for scores in ([3.0, 1.0, 2.0], [3.0, 2.0, 1.0]):
            given = [float(schedule(i, 0, torch.tensor([s]))) for i, s in enumerate(scores)]
        assert given == [0, 0, 0] and schedule.switched.tolist() == [3]


class TestNeurons:
    def test_activations_are_means_of_sizes_over_tokens(self, pipeline: Pipeline) -> None:
        found = neurons.activations(pipeline, TITLES)
        assert found and all("up_blocks" not in name for name in found)
        states = pipeline.encode(TITLES)
        for name, values in found.items():
            weight = pipeline.unet.get_submodule(name).weight
            slow = torch.stack([
                sum((weight @ token).abs() for token in one) / len(one) for one in states
            ])  # fmt: skip
            torch.testing.assert_close(values, slow, rtol=1e-4, atol=1e-5)

    def test_candidates_are_the_unusual_and_the_strongest(self) -> None:
        others = neurons.Usual({"l": torch.zeros(4)}, {"l": torch.ones(4)}, 10)
        mine = {"l": torch.tensor([6.0, 5.0, 0.5, 0.1])}
        assert neurons.candidates(mine, others, theta=5, most=0)["l"].tolist() == [
            True, False, False, False,
        ]  # fmt: skip
        assert neurons.candidates(mine, others, theta=9, most=2)["l"].tolist() == [
            True, True, False, False,
        ]  # fmt: skip

    def test_blocked_neurons_are_silent_and_the_shared_model_is_not_changed(
        self, pipeline: Pipeline
    ) -> None:
        name = next(iter(neurons.value_layers(pipeline)))
        layer = pipeline.unet.get_submodule(name)
        before = layer.weight.clone()
        mask = torch.zeros(layer.out_features, dtype=torch.bool)
        mask[3] = True
        cut = neurons.block(pipeline, {name: mask})
        weight = cut.unet[f"{name}.weight"]
        assert not weight[3].any() and torch.equal(weight[~mask], before[~mask])
        assert torch.equal(layer.weight, before)

    def test_the_control_blocks_as_many_of_every_layer(self) -> None:
        chosen = {"a": torch.arange(40) < 7, "b": torch.zeros(10, dtype=torch.bool)}
        drawn = neurons.random_neurons(chosen, seed=0)
        assert [int(drawn[name].sum()) for name in chosen] == [7, 0]
        assert not torch.equal(drawn["a"], chosen["a"])


class TestSearch:
    def test_difference_pictures_are_those_of_the_definition(
        self, pipeline: Pipeline, bench: nemo.Bench
    ) -> None:
        states = pipeline.encode(TITLES[:1])[0]
        noise, alpha = bench.noise.double(), pipeline.alpha(first_time(pipeline, 4))
        with torch.no_grad():
            clean = pipeline.predict(bench.noise, bench.time, states.expand(2, -1, -1)).double()
        predicted = (noise - alpha**0.5 * clean) / (1 - alpha) ** 0.5
        pixels = torch.nn.functional.pixel_shuffle(predicted - noise, pipeline.patch)
        slow = torch.stack([(one - one.min()) / (one.max() - one.min()) for one in pixels])
        np.testing.assert_allclose(
            nemo.differences(bench, states), slow.movedim(1, -1).numpy(), atol=2e-3
        )

    def test_the_similarity_is_the_largest_between_different_noises(self) -> None:
        generator = np.random.default_rng(0)
        first, second = generator.random((2, 3, 12, 12, 3))
        slow = max(
            float(structure(first[i : i + 1], second[j : j + 1])[0])
            for i in range(3)
            for j in range(3)
            if i != j
        )
        assert nemo.most_similar(first, second) == pytest.approx(slow)

    def test_similarity_of_bytes_is_that_of_their_shares(self) -> None:
        first, second = np.random.default_rng(0).integers(0, 256, (2, 3, 12, 12, 3), np.uint8)
        np.testing.assert_allclose(ssim(first, second), structure(first / 255, second / 255))

    def test_a_search_that_needs_no_block_takes_all_of_it_back(
        self, bench: nemo.Bench, others: neurons.Usual
    ) -> None:
        found = nemo.search(replace(bench, threshold=2.0), TITLES[0], others, Strengths())
        assert found.reached and found.theta == 5 and neurons.count(found.neurons) == 0

    def test_a_search_that_never_gets_there_keeps_its_last_block(
        self, bench: nemo.Bench, others: neurons.Usual
    ) -> None:
        strengths = Strengths(theta_least=4.0)
        found = nemo.search(replace(bench, threshold=-2.0), TITLES[0], others, strengths)
        assert not found.reached and found.theta == 4 and found.most == 4
        mine = neurons.activations(bench.pipeline, TITLES[:1])
        last = neurons.candidates({n: v[0] for n, v in mine.items()}, others, theta=4, most=4)
        assert all(torch.equal(found.neurons[name], last[name]) for name in last)

    def test_what_is_left_after_refinement_is_enough(
        self, bench: nemo.Bench, others: neurons.Usual
    ) -> None:
        strengths = Strengths(theta=1.0, theta_least=0.1)
        whole = nemo.search(replace(bench, threshold=-2.0), TITLES[0], others, strengths)
        assert whole.after < whole.before
        # A threshold that the largest block passes, so that some of it is needed.
        between = replace(bench, threshold=(whole.before + whole.after) / 2)
        found = nemo.search(between, TITLES[0], others, strengths)
        assert found.reached and neurons.count(found.neurons) > 0
        assert found.after < between.threshold
        assert neurons.count(found.neurons) <= found.first
        cut = neurons.block(bench.pipeline, found.neurons)
        states = bench.pipeline.encode(TITLES[:1])[0]
        level = nemo.most_similar(
            nemo.differences(bench, states), nemo.differences(bench, states, cut)
        )
        assert level == pytest.approx(found.after)

    def test_one_prompt_has_no_spread(self, pipeline: Pipeline) -> None:
        with pytest.raises(BadInput, match="others: at least 2"):
            neurons.usual(pipeline, TITLES[:1])


class TestMethods:
    def test_no_method_is_plain_sampling(self, room: Room) -> None:
        made = sample_treated(room.pipeline, fit("none", room)(TITLES, 4), seed=4, count=3)
        assert torch.equal(made, sample(room.pipeline, TITLES, seed=4, count=3))

    def test_every_method_gives_pictures_and_the_same_ones_again(self, room: Room) -> None:
        plain = sample(room.pipeline, TITLES, seed=4, count=3)
        for name in METHODS:
            treat = fit(name, room)
            one, two = (
                sample_treated(room.pipeline, treat(TITLES, 4), seed=4, count=3) for _ in range(2)
            )
            assert one.shape == plain.shape and torch.equal(one, two), name
            if name not in ("none", "repeats", "values_random"):
                assert not torch.equal(one, plain), name

    def test_a_method_fitted_to_titles_takes_other_prompts(self, room: Room) -> None:
        for name in ("step", "start_mask", "dynamic", "values", "prune"):
            treatment = fit(name, room)((SCENE,), 0)
            assert sample_treated(room.pipeline, treatment, seed=0, count=3).shape[0] == 1
