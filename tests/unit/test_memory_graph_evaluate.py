"""The evaluate command and experiment: the contract that scripts call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.core import BadInput
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import min_max
from tests.memory_corpora import PASSAGES, TRIPLES, evaluate, write_lines

QUESTIONS = [
    {"question": "Who painted the bridge that Ada Marsh built?", "gold": [0, 1], "hops": 2},
    {"question": "Where was Otto Lind born?", "gold": [2], "hops": 1},
]
CONTRACT = (
    "recall@2", "recall@5", "recall@10", "all_recall@5",
    "index_seconds", "query_seconds_median", "nodes", "edges",
)  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    corpus = [{"idx": i, "title": p.title, "text": p.text} for i, p in enumerate(PASSAGES)]
    triples = [{"idx": i, "triples": [list(t) for t in own]} for i, own in enumerate(TRIPLES)]
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "vectors.npz",
        passages=rng.standard_normal((4, 8)),
        questions=rng.standard_normal((2, 8)),
    )
    return {
        "corpus": str(write_lines(tmp_path / "corpus.jsonl.gz", corpus)),
        "questions": str(write_lines(tmp_path / "questions.jsonl", QUESTIONS)),
        "triples": str(write_lines(tmp_path / "triples.jsonl.gz", triples)),
        "vectors": str(tmp_path / "vectors.npz"),
    }


def options(files: dict[str, str], *names: str) -> list[str]:
    return [word for name in names for word in (f"--{name}", files[name])]


@pytest.mark.parametrize("method", ["hipporag", "hipporag2", "bm25", "tfidf", "dense", "mix"])
def test_every_method_answers_the_contract(files: dict[str, str], method: str) -> None:
    answer = evaluate([*options(files, "corpus", "questions", "vectors"), "--method", method])
    assert all(isinstance(answer[key], int | float) for key in CONTRACT)
    assert answer["recall@10"] == 100, "four passages fit into the first ten"
    assert (answer["nodes"] > 0) == (method in ("hipporag", "hipporag2", "mix"))
    json.dumps(answer, allow_nan=False)


def test_the_graph_finds_what_no_word_of_the_question_names(files: dict[str, str]) -> None:
    given = [*options(files, "corpus", "questions", "triples"), "--method", "hipporag"]
    answer = evaluate(given)
    assert answer["recall@2"] == 100
    assert answer["by_group"]["2 hops"]["recall@2"] == 100
    assert answer["nodes"] == 9
    assert answer["edges"] == 7


def test_json_on_the_command_line(files: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine", "memory_graph", "evaluate", "--method", "bm25"]
    done = subprocess.run(
        [*command, *options(files, "corpus", "questions"), "--json"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(CONTRACT) <= set(json.loads(done.stdout))
    bad = write_lines(tmp_path / "bad.jsonl", [{"title": "A"}])
    done = subprocess.run(
        [*command, *options(files | {"corpus": str(bad)}, "corpus", "questions"), "--json"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"].startswith("corpus: line 1: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (["--method", "magic"], "method"),
        (["--method", "dense"], "vectors"),
        (["--method", "mix", "--mix-second", "dense"], "vectors"),
        (["--damping", "1"], "damping"),
        (["--damping", "nan"], "damping"),
        (["--threshold", "0.2"], "threshold"),
        (["--corpus", "/nowhere"], "corpus"),
        (["--questions", "/dev/zero"], "questions"),
        (["--triples", "{corpus}"], "triples"),
        (["--vectors", "{corpus}"], "vectors"),
        (["--corpus", "{questions}"], "corpus"),
        (["--nonsense", "1"], "--nonsense"),
    ],
)
def test_bad_options_name_their_field(files: dict[str, str], change: list[str], field: str) -> None:
    given = [word.format(**files) for word in change]
    with pytest.raises(BadInput) as caught:
        evaluate([*options(files, "corpus", "questions"), *given])
    assert caught.value.field == field
    assert len(str(caught.value)) < 400


def test_vectors_must_fit_the_files(files: dict[str, str], tmp_path: Path) -> None:
    given = [*options(files, "corpus", "questions"), "--method", "dense", "--vectors"]
    rows = np.ones((4, 3))
    for arrays in (
        {"passages": rows},
        {"passages": rows[:3], "questions": rows[:2]},
        {"passages": rows, "questions": rows},
        {"passages": rows, "questions": np.ones((2, 5))},
        {"passages": rows[0], "questions": rows[:2]},
        {"passages_q8": rows.astype(np.int8), "questions": rows[:2]},
        {"passages_q8": rows.astype(np.int8), "passages_scale": rows, "questions": rows[:2]},
    ):
        np.savez(tmp_path / "other.npz", **arrays)
        with pytest.raises(BadInput) as caught:
            evaluate([*given, str(tmp_path / "other.npz")])
        assert caught.value.field == "vectors"


def test_bad_lines_are_left_out_on_request(files: dict[str, str]) -> None:
    path = Path(files["questions"])
    path.write_text(path.read_text() + "{]\n")
    with pytest.raises(BadInput, match="line 3: "):
        evaluate(options(files, "corpus", "questions"))
    answer = evaluate([*options(files, "corpus", "questions"), "--keep-rest"])
    assert answer["questions"] == 2
    assert answer["left_out"][0].startswith("line 3: ")


def test_the_shipped_sample_runs_twice_alike() -> None:
    one, two = (engine.run("memory_graph", "evaluate", store=False) for _ in range(2))
    assert one.metrics == two.metrics
    for name, field in one.fields.items():
        np.testing.assert_array_equal(field.array, two.fields[name].array)
    assert one.metrics["recall@5"] > 50


def test_a_page_opens_no_file_of_its_machine(files: dict[str, str]) -> None:
    from engine.labs.memory_graph.config import EvaluateConfig

    for name in ("corpus", "questions", "triples", "vectors"):
        with pytest.raises(BadInput) as caught:
            EvaluateConfig.build({name: files[name]}).admit(local=False)
        assert caught.value.field == name
    EvaluateConfig(corpus="input:0123").admit(local=False)


def test_recall_and_its_interval() -> None:
    ranks = [metrics.gold_ranks(np.array([4, 2, 9]), gold) for gold in ((2,), (4, 7), (9, 2))]
    found = metrics.recalls(ranks, (1, 2, 3))
    np.testing.assert_allclose(found, [[0, 100, 100], [50, 50, 50], [0, 50, 100]])
    np.testing.assert_allclose(metrics.all_recalls(found)[:, 2], [100, 0, 100])
    low, high = metrics.bootstrap(found, np.random.default_rng(0))
    assert (low <= found.mean(axis=0)).all() and (found.mean(axis=0) <= high).all()
    same = metrics.bootstrap(np.full((9, 1), 40.0), np.random.default_rng(0))
    np.testing.assert_allclose(same, 40)


def test_groups_and_their_sizes() -> None:
    questions = [Question("?", group=group) for group in ("b", "a", "", "b")]
    names, means, sizes = metrics.by_group(questions, np.array([[1.0], [2], [3], [4]]))
    assert names == ["a", "b"]
    assert means.tolist() == [[2], [2.5]]
    assert sizes.tolist() == [1, 2]


def test_equal_scores_mix_as_nothing() -> None:
    np.testing.assert_array_equal(min_max(np.array([2.0, 4, 3])), [0, 1, 0.5])
    np.testing.assert_array_equal(min_max(np.zeros(3)), 1)
