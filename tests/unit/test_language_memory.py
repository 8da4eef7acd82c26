"""A language model as A-MEM's analyst, at question time, and on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from engine.core import BadInput
from engine.labs.memory_graph.commands_extract import extract
from engine.labs.memory_graph.graph import build_graph
from engine.labs.memory_graph.hipporag2 import HippoRag2, Rules2
from engine.labs.memory_graph.language.analyst import LanguageAnalyst
from engine.labs.memory_graph.language.chat import ChatError, Message, Reply, RequestRefused
from engine.labs.memory_graph.language.extraction import extract_with
from engine.labs.memory_graph.language.local import LocalModel
from engine.labs.memory_graph.language.question import QuestionReader
from engine.labs.memory_graph.language.record import Recorder, Replay
from engine.labs.memory_graph.living.amem import AMem
from engine.labs.memory_graph.living.analyst import Analysis, Evolution
from engine.labs.memory_graph.questions import Question
from engine.models.lm.load import wrap
from engine.models.lm.tokenizer import train_tokenizer
from tests.language_chats import Scripted, Spoken
from tests.lm_models import GROUPED, ROPE, SMALL
from tests.memory_corpora import PASSAGES, TRIPLES, write_lines

DESCRIBED = {"keywords": ["bridge", "Ada"], "context": "A bridge is built.", "tags": ["building"]}


def embed(texts: Sequence[str]) -> np.ndarray:
    """Letter counts: alike texts are near."""
    return np.array([[text.lower().count(c) + 0.1 for c in "abcdefghij"] for text in texts])


def evolved(**changes: Any) -> str:
    whole = {
        "should_evolve": True,
        "actions": ["strengthen", "update_neighbor"],
        "suggested_connections": ["n0", "n99"],
        "tags_to_update": ["building", "river"],
        "new_context_neighborhood": ["A bridge, and who painted it."],
        "new_tags_neighborhood": [["building", "painting"]],
    }
    return json.dumps({**whole, **changes})


def two_notes(reply: str) -> tuple[AMem, LanguageAnalyst, Scripted]:
    """A memory whose second note evolves by ``reply``."""
    chat = Scripted([json.dumps(DESCRIBED), json.dumps(DESCRIBED), reply])
    analyst = LanguageAnalyst(chat)
    memory = AMem(embed, analyst)
    memory.add("Ada built the bridge.", "202401010900")
    memory.add("Otto painted the bridge.", "202401020900")
    return memory, analyst, chat


def test_a_note_is_described_linked_and_rewrites_its_neighbour() -> None:
    memory, analyst, chat = two_notes(evolved())
    first, second = memory.store["n0"], memory.store["n1"]
    assert first.keywords == ["bridge", "Ada"] and second.context == "A bridge is built."
    assert second.links == ["n0"] and second.tags == ["building", "river"]  # n99 is no note
    assert first.context == "A bridge, and who painted it." and "painting" in first.tags
    assert {change.action for change in memory.store.history("n0")} == {"update_neighbor"}
    shown = json.loads(chat.asked[2][-1].content)
    assert shown["new_note"]["content"] == "Otto painted the bridge."
    assert [near["id"] for near in shown["neighbours"]] == ["n0"]
    assert (analyst.asked, analyst.unreadable) == (3, 0)
    assert analyst.name == "language model scripted"


def test_five_neighbours_are_shown() -> None:
    asked: list[Sequence[Message]] = []

    def speak(messages: Sequence[Message]) -> str:
        asked.append(messages)
        return json.dumps({**DESCRIBED, "should_evolve": False})

    memory = AMem(embed, LanguageAnalyst(Spoken(speak)))
    for i in range(8):
        memory.add(f"Note {i} is on bridges.", f"20240101090{i}")
    last = json.loads(asked[-1][-1].content)
    assert len(last["neighbours"]) == 5 and len(asked) == 15


@pytest.mark.parametrize(
    "reply",
    [
        "I see no reason to.",
        '{"should_evolve": false}',
        '{"should_evolve": "no"}',
        evolved(actions=["destroy"]),
        evolved(actions=None),
        evolved(should_evolve=[1]),
        evolved()[:60],
    ],
)
def test_nothing_changes_without_a_readable_wish(reply: str) -> None:
    memory, analyst, _ = two_notes(reply)
    assert memory.store.ledger == [] and memory.store["n1"].links == []
    assert analyst.unreadable == (1 if find_fails(reply) else 0)


def find_fails(reply: str) -> bool:
    try:
        return not isinstance(json.loads(reply), dict)
    except ValueError:
        return True


@pytest.mark.parametrize(
    "changes",
    [
        {"new_context_neighborhood": None, "new_tags_neighborhood": None},
        {"new_context_neighborhood": [], "new_tags_neighborhood": []},
        {"new_context_neighborhood": [7], "new_tags_neighborhood": [{"x": 1}]},
        {"new_context_neighborhood": "text", "new_tags_neighborhood": "text"},
    ],
)
def test_what_an_answer_leaves_open_stays(changes: dict[str, Any]) -> None:
    memory, _, _ = two_notes(evolved(**changes))
    first = memory.store["n0"]
    assert (first.context, first.tags) == ("A bridge is built.", ["building"])
    assert memory.store["n1"].links == ["n0"]


def test_an_unreadable_description_leaves_the_note_undescribed() -> None:
    analyst = LanguageAnalyst(Scripted(["Gladly.", '{"keywords": 5, "context": ["x"]}']))
    assert analyst.analyse("Ada built the bridge.") == Analysis()
    assert analyst.analyse("Otto painted it.") == Analysis()
    assert (analyst.asked, analyst.unreadable) == (2, 1)


def test_the_analyst_passes_on_what_stops_a_run_and_counts_refusals() -> None:
    class Broken(Spoken):
        error: Exception = ChatError("gone")

        def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
            raise self.error

    chat = Broken()
    analyst = LanguageAnalyst(chat)
    with pytest.raises(ChatError):
        analyst.analyse("x")
    chat.error = RequestRefused("too long")
    assert analyst.evolve(note(), []) == Evolution() and analyst.unreadable == 1


def note() -> Any:
    memory, _, _ = two_notes(evolved())
    return memory.store["n1"]


def test_an_evolution_is_replayed_from_its_record() -> None:
    def grow(chat: Any) -> list[Any]:
        memory = AMem(embed, LanguageAnalyst(chat))
        for i, passage in enumerate(PASSAGES):
            memory.add(passage.text, f"20240101090{i}")
        return memory.store.at(len(memory.store))

    def speak(messages: Sequence[Message]) -> str:
        if "new_note" in messages[-1].content:
            return evolved()
        return json.dumps(DESCRIBED)

    recorder = Recorder(Spoken(speak))
    first = grow(recorder)
    assert grow(Replay(recorder.record)) == first
    assert any(one.links for one in first)


FACTS = [fact for own in TRIPLES[:3] for fact in own]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ('{"facts": [["Ada Marsh", "built", "Heron Bridge"]]}', [0]),
        ('{"facts": [["Otto Lind", "born in", "Ghent!"], ["ada", "BUILT", "x"]]}', [0, 4]),
        ('{"facts": ["Otto Lind was born in Ghent", ["Otto Lind", "was born in", "Ghent"]]}', [4]),
        ('{"facts": []}', []),
        ('{"facts": "none"}', None),
        ("none of them", None),
    ],
)  # fmt: skip
def test_kept_facts_are_matched_by_spelling(reply: str, kept: list[int] | None) -> None:
    reader = QuestionReader(Scripted([reply]))
    assert reader.keep("Where was Otto born?", FACTS) == kept
    assert reader.unreadable == (kept is None)


def test_no_facts_need_no_call() -> None:
    reader = QuestionReader(Scripted([]))
    assert reader.keep("Where?", []) == [] and reader.asked == 0


def test_names_of_a_question() -> None:
    reader = QuestionReader(Scripted(['{"names": ["Heron Bridge", "Ghent"]}', "None."]))
    assert reader.names("Who painted the Heron Bridge in Ghent?") == ("Heron Bridge", "Ghent")
    assert reader.names("Who?") is None
    assert (reader.asked, reader.unreadable) == (2, 1)


def test_the_filter_decides_which_facts_seed_the_walk() -> None:
    graph = build_graph(TRIPLES)
    question = Question("Where was Otto Lind born?")
    near = np.array([("Otto" in " ".join(f).title()) + 0.01 * i for i, f in enumerate(graph.facts)])
    wanted = next(i for i, fact in enumerate(graph.facts) if "ghent" in fact)

    def retriever(reply: str | None) -> HippoRag2:
        keep = None if reply is None else QuestionReader(Scripted([reply] * 2)).keep
        rules = Rules2(entity_weight=0)
        return HippoRag2(graph, lambda q: near, lambda q: np.arange(4.0), rules, keep)

    every = retriever(None).linked_facts(question)
    assert len(every) == 5 and wanted in every
    only = retriever('{"facts": [["otto lind", "was born in", "ghent"]]}')
    assert only.linked_facts(question) == {wanted: every[wanted]}
    assert retriever("?").linked_facts(question) == every
    # No fact left: the plain ranking by similarity, as published.
    np.testing.assert_array_equal(retriever('{"facts": []}').scores(question), np.arange(4.0))


# A model on this machine.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny llama of random weights that sees 2,048 tokens, as a user would bring it."""
    path = tmp_path_factory.mktemp("model")
    tokenizer = train_tokenizer([" ".join(passage.content for passage in PASSAGES)], 300)
    torch.manual_seed(0)
    shape = {**SMALL, **GROUPED, "vocab_size": len(tokenizer), "max_position_embeddings": 2048}
    model = hf.LlamaForCausalLM(hf.LlamaConfig(**shape, rope_parameters=ROPE))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def test_a_local_model_speaks_and_its_nonsense_is_counted(folder: Path) -> None:
    model = LocalModel.open(str(folder))
    found = extract_with(model, PASSAGES[:2])
    assert found.counts["read"] == 0 and found.counts["unreadable_replies"] == 2
    assert found.counts["prompt_tokens"] > 500 and found.counts["completion_tokens"] > 2
    assert "2 of 2 replies could not be read." in found.sentences
    assert model.name.startswith(f"{folder.name}@")


def test_a_local_reply_is_greedy_and_keeps_to_its_length(folder: Path) -> None:
    model = LocalModel.open(str(folder))
    ask = [Message("system", "Name the town."), Message("user", "The Heron Bridge crosses it.")]
    replies = [model.complete(ask, 7) for _ in range(2)]
    assert replies[0] == replies[1] and 1 <= replies[0].completion_tokens <= 7
    tokenizer, network = model.loaded.tokenizer, model.loaded.model
    text = "Task: Name the town.\n\nText: The Heron Bridge crosses it.\n\nAnswer:"
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    assert replies[0].prompt_tokens == ids.shape[1]
    with torch.inference_mode():
        for _ in range(replies[0].completion_tokens):
            step = network(ids).logits[0, -1].argmax()
            ids = torch.cat([ids, step.view(1, 1)], dim=1)
    spoken = ids[0, replies[0].prompt_tokens :]
    assert tokenizer.decode(spoken, skip_special_tokens=True) == replies[0].text


def test_a_request_that_is_too_long_is_refused_alone(folder: Path) -> None:
    model = LocalModel.open(str(folder))
    with pytest.raises(RequestRefused, match=r"the model sees 2,048 tokens and the request has"):
        model.complete([Message("user", "bridge " * 4_000)], 5)


TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'system' and forbid %}"
    "{{ raise_exception('no system role') }}{% endif %}"
    "<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.mark.parametrize("forbid", [False, True])
def test_a_chat_template_is_used(folder: Path, forbid: bool) -> None:
    model = LocalModel.open(str(folder))
    tokenizer = model.loaded.tokenizer
    ask = [Message("system", "Be brief."), Message("user", "Who?")]
    try:
        tokenizer.chat_template = TEMPLATE.replace("forbid", str(forbid).lower())
        shown = tokenizer.decode(model._ids(ask)[0])
    finally:
        tokenizer.chat_template = None
    wanted = "<user>Be brief.\n\nWho?<assistant>" if forbid else (
        "<system>Be brief.<user>Who?<assistant>"
    )  # fmt: skip
    assert shown == wanted


def test_a_model_without_a_tokenizer_cannot_speak() -> None:
    config = hf.LlamaConfig(**SMALL, **GROUPED, rope_parameters=ROPE)
    with pytest.raises(BadInput, match="local model: it came without a tokenizer"):
        LocalModel(wrap(hf.LlamaForCausalLM(config), None, "bare"))


def test_the_command_takes_a_folder(folder: Path, tmp_path: Path) -> None:
    rows = [{"title": p.title, "text": p.text} for p in PASSAGES[:1]]
    answer = extract(
        [
            "--corpus", str(write_lines(tmp_path / "c.jsonl", rows)),
            "--local-model", str(folder), "--out", str(tmp_path / "t.jsonl.gz"),
        ]
    )  # fmt: skip
    assert answer["unreadable_replies"] == 1 and answer["read"] == 0
    assert (tmp_path / "t.jsonl.gz").is_file()


@pytest.mark.shared
def test_a_trained_model_of_the_reference_data_speaks(shared_data: Path) -> None:
    model = LocalModel.open(str(shared_data / "models" / "stories260K-llama"))
    reply = model.complete([Message("user", "Once upon a time, there was a girl.")], 24)
    assert reply.completion_tokens == 24 and len(reply.text.split()) > 5
