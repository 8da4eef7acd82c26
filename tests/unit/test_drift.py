"""The drift experiment on a tiny model with a vocabulary of words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from engine.core import BadInput
from engine.core.context import QuietContext
from engine.core.errors import Cancelled
from engine.labs.kv_cache import run
from engine.labs.kv_cache.config import DriftConfig

WORDS = [f"w{i}" for i in range(60)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny"
    vocabulary = {word: i for i, word in enumerate(["<unk>", "<s>", *WORDS])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", bos_token="<s>"
    ).save_pretrained(path)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=96,
        initializer_range=0.4,
        bos_token_id=1,
        eos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "words.txt"
    path.write_text(" ".join(WORDS[i % 60] for i in range(0, 7 * 400, 7)), encoding="utf-8")
    return path


def drift(folder, text, **values):
    values = {"prompt": "w3 w1 w4 w1 w5 w9", "new_tokens": 20, **values}
    config = DriftConfig.build(model=str(folder), text=str(text), **values)
    return run.drift(config, QuietContext())


def test_exact_formats_do_not_drift(folder, text):
    result = drift(folder, text, key_format="fp32", value_format="fp32")
    assert not result.array("kl").any()
    assert result.metrics["first_divergence"] is None
    assert result.metrics["shared_tokens"] == 20
    assert result.metrics["top1"] == result.metrics["top1_all"] == 1.0
    assert result.notes["exact_tokens"] == result.notes["quantised_tokens"]
    assert (result.array("rank") == 1).all()
    assert result.metrics["bits_key"] == 32


def test_coarse_formats_part_where_the_favourites_first_differ(folder, text):
    result = drift(folder, text, key_format="int2:token", value_format="int2:token")
    exact, own = result.array("exact_token"), result.array("quantised_token")
    first = int(np.flatnonzero(exact != own)[0])
    assert result.metrics["first_divergence"] == first == result.metrics["shared_tokens"]
    assert result.notes["exact_tokens"][first] != result.notes["quantised_tokens"][first]
    # The free continuation leaves the teacher-forced one exactly where the favourite changes.
    assert result.array("rank")[5 + first] > 1
    assert (result.array("rank")[5 : 5 + first] == 1).all()
    assert result.array("kl").shape == (6 + 20 - 1,)
    assert result.array("kl").min() >= 0 and result.array("kl").max() > 0.01


def test_greedy_texts_are_those_of_generate(folder, text):
    from engine.labs.kv_cache.cache import build_cache

    forms = {"key_format": "int3:token:head", "value_format": "int3:token:head"}
    result = drift(folder, text, **forms)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    words = PreTrainedTokenizerFast.from_pretrained(folder)
    ids = words("w3 w1 w4 w1 w5 w9", return_tensors="pt").input_ids
    settings = {"max_new_tokens": 20, "do_sample": False, "pad_token_id": 0}
    exact = model.generate(ids, **settings)[0, ids.shape[1] :]
    assert result.array("exact_token").tolist() == exact.tolist()
    cache = build_cache(model, **forms)
    own = model.generate(ids, past_key_values=cache, **settings)[0, ids.shape[1] :]
    assert result.array("quantised_token").tolist() == own.tolist()


def test_top_tokens_carry_both_probabilities(folder, text):
    result = drift(folder, text, key_format="int2:token", value_format="int2:token")
    p, q = result.array("top_exact_p"), result.array("top_exact_q")
    assert p.shape == q.shape == (20, 10)
    assert (np.diff(p, axis=1) <= 0).all() and (p.sum(1) <= 1 + 1e-5).all()
    assert (result.array("top_exact")[:, 0] == result.array("exact_token")).all()
    assert not np.allclose(p, q)
    first = result.array("top_quantised")
    assert (np.diff(result.array("top_quantised_q"), axis=1) <= 0).all()
    for token in (*result.array("top_exact").ravel(), *first.ravel()):
        assert str(token) in result.notes["strings"]
    # The likeliest token of either side is the one that its rank speaks of.
    same = first[:, 0] == result.array("top_exact")[:, 0]
    assert (same == (result.array("rank")[5:] == 1)).all()


def test_unknown_words_are_counted_and_all_unknown_is_refused(folder, text):
    result = drift(folder, text, prompt="w3 héllo w4 w5")
    assert result.metrics["unknown_tokens"] == result.notes["unknown_tokens"] == 1
    with pytest.raises(BadInput, match="lacks") as caught:
        drift(folder, text, prompt="héllo wörld")
    assert caught.value.field == "prompt"


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"prompt": " \n "}, "prompt", "at least one character"),
        ({"prompt": "w1 " * 95}, "prompt", "at most 92"),
        ({"prompt": "w1 " * 80}, "new_tokens", "from 4 to 16"),
    ],
)
def test_prompts_that_do_not_fit_name_the_range(folder, text, values, field, says):
    with pytest.raises(BadInput, match=says) as caught:
        drift(folder, text, **values)
    assert caught.value.field == field


def test_a_cancelled_run_stops(folder, text):
    class Impatient(QuietContext):
        def progress(self, done, total, **metrics):
            if done >= 3:
                raise Cancelled("stop")

    config = DriftConfig.build(model=str(folder), text=str(text), prompt="w1 w2", new_tokens=20)
    with pytest.raises(Cancelled):
        run.drift(config, Impatient())


@pytest.mark.shared
def test_a_trained_model_tells_its_published_story(shared_data):
    config = DriftConfig.build(
        model=str(shared_data / "models" / "stories260K-llama"),
        text="stories",
        prompt="Once upon a time, there was a little girl named Lily.",
        key_format="int4:channel:g32",
        value_format="int4:token:head",
        new_tokens=32,
    )
    result = run.drift(config, QuietContext())
    assert result.notes["exact_text"].startswith("She loved to play outside in the park.")
    assert result.metrics["kl_p50"] < 0.01
    assert result.metrics["bits_key"] < 16
