from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers as hf

from engine.core import BadInput
from engine.io.model_folder import fingerprint
from engine.models.lm.load import _first_line, load_model, wrap
from engine.models.lm.tokens import split_documents, tokenize
from tests.lm_models import BUILDERS, SMALL, save_tiny, tiny

TEXT = "One line of words and one more.\n" * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny"), TEXT)


def test_a_folder_is_described_and_kept(folder: Path) -> None:
    loaded = load_model(str(folder))
    info = loaded.info
    assert (info.family, info.layers, info.query_heads, info.kv_heads) == ("llama", 2, 4, 2)
    assert (info.head_dim, info.width, info.max_positions) == (8, 16, 128)
    assert info.rope["rope_theta"] == 10000.0 and not info.biases
    assert info.parameters == sum(p.numel() for p in loaded.model.parameters())
    assert {p.dtype for p in loaded.model.parameters()} == {torch.float32}
    assert not loaded.model.training
    assert load_model(str(folder)) is loaded
    assert load_model(f"{folder}@{fingerprint(folder)}") is loaded


def test_a_changed_folder_is_another_model(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    first, mark = load_model(str(copy)), fingerprint(copy)
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**settings, "max_position_embeddings": 96}))
    assert load_model(str(copy)).info.max_positions == 96 != first.info.max_positions
    with pytest.raises(BadInput, match="changed"):
        load_model(f"{copy}@{mark}")


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_families_are_described_from_their_tensors(family: str) -> None:
    info = tiny(family).info
    grouped = family not in ("gpt2", "gpt_neox")
    assert (info.layers, info.query_heads, info.head_dim) == (2, 4, 8)
    assert info.kv_heads == (2 if grouped else 4)
    assert (info.rope is None) == (family == "gpt2")
    assert info.biases == (family in ("llama", "qwen2", "gpt2", "gpt_neox"))
    assert info.max_positions == (96 if family == "mistral" else 128)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("config.json", None),
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "llama", "hidden_size": 7}'),
        ("config.json", b'{"model_type": "nothing-known"}'),
        ("model.safetensors", None),
        ("model.safetensors", b""),
        ("model.safetensors", b"\x80\x04\x95pickle"),
        ("tokenizer.json", b"[]"),
    ],
)
def test_broken_folders_get_one_sentence(
    folder: Path, tmp_path: Path, name: str, data: bytes | None
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / name).unlink()
    if data is not None:
        (copy / name).write_bytes(data)
    with pytest.raises(BadInput) as caught:
        load_model(str(copy))
    assert caught.value.field.startswith("model") and "\n" not in str(caught.value)


@pytest.mark.parametrize("family", ["llama", "gpt2"])  # transformers would make an empty one
def test_a_folder_without_a_tokenizer_says_so(folder: Path, tmp_path: Path, family: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    if family == "gpt2":
        BUILDERS["gpt2"]().save_pretrained(copy)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    with pytest.raises(BadInput) as caught:
        load_model(str(copy))
    assert str(caught.value) == "model: the folder has no tokenizer.json (or tokenizer.model)"


@pytest.mark.parametrize("family", ["bert", "t5", "vit", "bloom", "mamba", "nothing-known"])
def test_other_families_are_named_before_their_weights_are_compared(
    folder: Path, tmp_path: Path, family: str
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "config.json").write_text(json.dumps({"model_type": family}))
    with pytest.raises(BadInput, match=f"family '{family}' is not supported.*llama.*gpt_neox"):
        load_model(str(copy))


def test_a_sentence_is_not_cut_at_a_colon() -> None:
    error = ValueError("cannot be made from one of: \n (1) a file\n (2) another")
    assert _first_line(error) == "(1) a file"


def test_transformers_is_silent_on_the_command_line(
    folder: Path, tmp_path: Path, repo_root: Path
) -> None:
    (tmp_path / "text.txt").write_text(TEXT * 20)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    settings = json.loads((copy / "config.json").read_text())
    # Outside the vocabulary, about which transformers warns.
    (copy / "config.json").write_text(json.dumps({**settings, "eos_token_id": 50256}))
    words = ["--model", str(copy), "--text", str(tmp_path / "text.txt"), "--key-format", "fp8-e4m3"]
    said = subprocess.run(
        [sys.executable, "-m", "engine", "kv_cache", "evaluate", *words, "--window", "32",
         "--windows", "1"],
        capture_output=True, text=True, cwd=repo_root,
    )  # fmt: skip
    assert said.returncode == 0
    # A run of more than five seconds tells how far it is.
    assert not [line for line in said.stderr.splitlines() if " %  " not in line]


def test_truncated_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    data = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(data[:-100])
    with pytest.raises(BadInput, match="model"):
        load_model(str(copy))


@pytest.mark.parametrize("ref", ["owner/name", "../etc", "https://a.b/c", "", "a/b/c", "x@1"])
def test_other_references_are_refused(ref: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENGRAM_ALLOW_DOWNLOADS", raising=False)
    with pytest.raises(BadInput):
        load_model(ref)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (hf.T5Config(), "encoder-decoder"),
        (hf.DeepseekV3Config(), "MLA"),
        (hf.Gemma2Config(), "caps"),
        (hf.GPT2Config(n_positions=32), "32 tokens"),
    ],
)
def test_unsupported_architectures_say_why(config: hf.PretrainedConfig, reason: str) -> None:
    from engine.models.lm.load import check_architecture

    with pytest.raises(BadInput, match=reason):
        check_architecture(config)


def test_interleaved_rotation_is_refused() -> None:
    config = hf.CohereConfig(**SMALL, num_key_value_heads=2)
    with pytest.raises(BadInput, match="convention"):
        wrap(hf.CohereForCausalLM(config), None, "cohere")


def test_a_state_space_model_is_refused() -> None:
    config = hf.MambaConfig(vocab_size=61, hidden_size=32, num_hidden_layers=2)
    with pytest.raises(BadInput):
        wrap(hf.MambaForCausalLM(config), None, "mamba")


def test_documents_are_found_by_blank_lines_or_json() -> None:
    assert split_documents("a\nb\n\n \n\nc\n", True)[0] == ["a\nb", "c"]
    separated = "a\n\nb\n<|endoftext|>\nc\n<|endoftext|>\n"
    assert split_documents(separated, True)[0] == ["a\n\nb", "c"]
    assert split_documents(separated, False)[0] == [separated]
    assert split_documents("a\n\nc", False)[0] == ["a\n\nc"]
    assert split_documents('{"text": "a"}\n{"text": "b"}\n', False)[0] == ["a", "b"]
    assert split_documents("{ not json", False)[0] == ["{ not json"]


def test_a_prefix_is_tokenised_like_the_whole(folder: Path) -> None:
    loaded = load_model(str(folder))
    text = TEXT * 200
    some, whole = tokenize(loaded, text, 500), tokenize(loaded, text, 10**9)
    assert 500 <= len(some.ids) < len(whole.ids)
    assert (some.ids == whole.ids[: len(some.ids)]).all()
    assert (whole.ids == loaded.tokenizer(text).input_ids).all()
    assert (some.unknown, some.documents) == (0, 1)


def test_a_tokenizer_that_knows_nothing_of_the_text_says_so() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    loaded = tiny("llama")
    fast = hf.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    known = wrap(loaded.model, fast, "words")
    assert tokenize(known, "a a b", 10).unknown == 1
    with pytest.raises(BadInput, match="does not know 2 of 3"):
        tokenize(known, "a b c", 10)
