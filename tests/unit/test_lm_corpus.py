"""The corpus: deterministic, disjoint from what is held out, and free of repeats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from engine.models.lm import corpus
from engine.models.lm.docstrings import PACKAGE_BYTES, installed_documents

DOCSTRING = "Return the {} of every item, in the order in which the items were given."
REPEATED = "x : array_like\n    The input that every function of this package accepts."


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A tree of small packages, with junk that must stay out."""
    root = tmp_path / "site-packages"
    for number in range(120):
        module = root / "alpha" / f"m{number}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        text = DOCSTRING.format(f"value {number}") + "\n\n    " + REPEATED.replace("\n", "\n    ")
        module.write_text(f'def f{number}(x, *, y=1):\n    """{text}\n    """\n')
    (root / "alpha" / "tests").mkdir()
    (root / "alpha" / "tests" / "t.py").write_text(f'"""{DOCSTRING.format("secret")}"""\n')
    (root / "broken.py").write_text("def f(:\n")
    (root / "numbers.py").write_text('"""' + "0.123 456 789 000 " * 20 + '"""\n')
    (root / "raises.py").write_text(
        f'"""{DOCSTRING.format("error")}"""\nraise SystemExit("was imported")\n'
    )
    return root


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder shaped like the shared texts."""
    folder = tmp_path / "text"
    folder.mkdir()
    article = " \n = {0} = \n \n {0} is a thing , with 1 @,@ 000 parts ( all new ) .\n"
    stories = [json.dumps({"text": f"Story {i % 990} went well."}) for i in range(1000)]
    speeches = "\n\n".join(f"Speaker {i}:\nHere I say {'word ' * 20}{i}." for i in range(400))
    contents = {
        "wikitext2_valid.txt.gz": article.format("A") + article.format("B"),
        "wikitext2_test.txt.gz": article.format("C"),
        "tinyshakespeare.txt.gz": speeches,
        "tinystories_1000.jsonl.gz": "\n".join(stories),
    }
    for name, text in contents.items():
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.write(text)
    return folder


def test_split_is_deterministic_and_disjoint(packages: Path, texts: Path) -> None:
    first, second = (corpus.build(texts, [packages]) for _ in range(2))
    assert first == second
    assert first.digest() == second.digest()
    train = {document.key for document in first.train}
    held = {d.key for documents in first.held_out.values() for d in documents}
    assert len(train) == len(first.train)
    assert all(first.held_out[domain] for domain in corpus.DOMAINS)
    assert not train & held


def test_held_out_stories_are_the_last_three_hundred(packages: Path, texts: Path) -> None:
    built = corpus.build(texts, [packages])
    assert built.held_out["stories"][0].source == "story 701"
    assert len(built.held_out["stories"]) == 300
    # Stories 1-10 of the fixture return as 991-1000 and must leave the training text.
    assert sum(d.domain == "stories" for d in built.train) == 690


def test_a_file_more_moves_no_other_document(packages: Path) -> None:
    before = corpus.build(None, [packages])
    (packages / "zeta.py").write_text(f'"""{DOCSTRING.format("last")}"""\n')
    after = corpus.build(None, [packages])
    assert {d.key for d in before.held_out["python-docs"]} <= {
        d.key for d in after.held_out["python-docs"]
    }
    assert before.digest() != after.digest()


def test_docstrings_without_junk_and_without_import(packages: Path) -> None:
    documents = installed_documents([packages])
    text = "\n".join(document.text for document in documents)
    assert "f7(x, *, y=1)\n\nReturn the value 7 of every item" in text
    assert text.count("every function of this package accepts") == 1
    assert "the error of every item" in text
    assert "secret" not in text
    assert "0.123" not in text


def test_one_package_cannot_drown_the_rest(tmp_path: Path) -> None:
    for number in range(300):
        words = " ".join(f"word{'abcdefghij'[int(c)]}" for c in f"{number:03d}" * 100)
        path = tmp_path / "big" / f"m{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text('"""' + words[:390] + "\n" + words[390:780] + f'\nm{number}"""\n' * 1)
    small = sum(document.size for document in installed_documents([tmp_path]))
    for number in range(300):
        path = tmp_path / "big" / f"m{number}.py"
        lines = "\n\n".join(f"The {number} and {i} are called {'name ' * 40}" for i in range(40))
        path.write_text(f'"""{lines}"""\n')
    large = sum(document.size for document in installed_documents([tmp_path]))
    assert 0 < small < PACKAGE_BYTES
    assert PACKAGE_BYTES <= large < PACKAGE_BYTES + 12_000


def test_wikitext_is_detokenised() -> None:
    raw = (
        ' He paid 1 @,@ 000 ( about £ 3 @.@ 5 ) for Teddy \'s " old car " , a well @-@ known one .'
    )
    clean = 'He paid 1,000 (about £3.5) for Teddy\'s "old car", a well-known one.'
    assert corpus.detokenise(raw) == clean


def test_missing_texts_leave_python_documents(packages: Path, tmp_path: Path) -> None:
    built = corpus.build(tmp_path / "nowhere", [packages])
    assert {document.domain for document in built.train} == {"python-docs"}
    assert set(built.held_out) == {"python-docs"}


@pytest.mark.shared
def test_shared_stories_never_train(shared_data: Path) -> None:
    built = corpus.build(shared_data / "text", [])
    train = {document.key for document in built.train}
    assert not train & {document.key for document in built.held_out["stories"]}
    assert {d: len(h) for d, h in built.held_out.items() if d != "python-docs"} == {
        "wikipedia": 64,
        "shakespeare": 14,
        "stories": 300,
    }
