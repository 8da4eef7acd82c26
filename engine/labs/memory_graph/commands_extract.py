"""The ``extract`` command: a language model reads the triples out of a corpus."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.io.paths import local_path
from engine.labs.memory_graph.corpus import Corpus, load_corpus
from engine.labs.memory_graph.language.budget import Budget, Metered
from engine.labs.memory_graph.language.chat import Chat
from engine.labs.memory_graph.language.extraction import Extraction, extract_with, packed
from engine.labs.memory_graph.language.record import Recorder, Replay

CEILING = 200_000
PARALLEL = 4
TELL_SECONDS = 10.0


def extract(argv: Sequence[str]) -> dict[str, Any]:
    """Write the triples that ``evaluate --triples`` reads; returns what was read and what was not.

    A run that is stopped keeps what it read, in ``out`` and in the record, and goes on from the
    record. Raises BadInput for every bad option and file, and the stopping sentence where nothing
    could be read at all.
    """
    given = _parser().parse_args(list(argv))
    sources = [given.endpoint, given.local_model, given.replay]
    if sum(source is not None for source in sources) != 1:
        raise BadInput("command line", "one of --endpoint, --local-model and --replay is required")
    if given.replay and given.record:
        raise BadInput("--record", "a replay records nothing new")
    out = _writable(given.out, ".jsonl.gz", "--out")
    corpus = _first(load_corpus(given.corpus), given.first)
    start = time.monotonic()
    with _chat(given) as (chat, budget):
        found = extract_with(
            chat,
            corpus.passages,
            parallel=given.parallel if given.endpoint else 1,
            progress=_teller(budget),
        )
    if found.stopped and not found.asked:
        raise BadInput("extract", f"nothing was read; {found.stopped}")
    _write(out, packed(found, corpus), "--out")
    return {"out": str(out), **_tell(found, budget), "seconds": time.monotonic() - start}


def _tell(found: Extraction, budget: Budget | None) -> dict[str, Any]:
    return {
        "model": found.model,
        "digest": found.digest,
        **found.counts,
        "calls": budget.calls if budget else 0,
        "tokens_spent": budget.spent if budget else 0,
        "ceiling": budget.ceiling if budget else None,
        "stopped": found.stopped or None,
        "sentences": found.sentences,
    }


@contextmanager
def _chat(given: Any) -> Iterator[tuple[Chat, Budget | None]]:
    """The chat that the options describe, and its budget; a replay needs none."""
    if given.replay:
        yield Replay(local_path(given.replay, field="--replay")), None
        return
    budget = Budget(given.ceiling)
    metered = Metered(_model(given), budget)
    if not given.record:
        yield Recorder(metered), budget
        return
    path = _writable(given.record, ".jsonl", "--record")
    recorder = Recorder(metered, path if path.is_file() and path.stat().st_size else None)
    # Written anew: the last line of a killed run may be cut off.
    _write(path, recorder.record, "--record")
    try:
        with path.open("a", encoding="utf-8") as file:

            def keep(line: str) -> None:
                file.write(f"{line}\n")
                file.flush()

            recorder.sink = keep
            yield recorder, budget
    except OSError as error:
        raise BadInput("--record", f"{path.name!r} cannot be written ({error.strerror})") from None


def _model(given: Any) -> Chat:
    if given.local_model:
        from engine.labs.memory_graph.language.local import LocalModel

        return LocalModel.open(given.local_model)
    from engine.labs.memory_graph.language.endpoint import Endpoint

    if not given.model:
        raise BadInput("--model", "the endpoint's name of the model is required")
    key = ""
    if given.key_variable:
        key = os.environ.get(given.key_variable, "")
        if not key:
            raise BadInput("--key-variable", f"{given.key_variable[:60]} is not set or empty")
    # Whoever types a command may reach what this machine reaches.
    return Endpoint(given.endpoint, given.model, key, private=True)


def _first(corpus: Corpus, count: int | None) -> Corpus:
    """The first passages of a corpus, for a trial."""
    if count is None:
        return corpus
    if count < 1:
        raise BadInput("--first", f"must be at least 1 (got {count})")
    places = {key: place for key, place in corpus.places.items() if place < count}
    return Corpus(corpus.passages[:count], places, corpus.left_out)


def _writable(text: str, ending: str, option: str) -> Path:
    path = local_path(text, field=option)
    if not path.name.endswith(ending) or not path.parent.is_dir():
        raise BadInput(
            option, f"a file name ending in {ending}, in a folder that exists, is required"
        )
    return path


def _write(path: Path, data: bytes, option: str) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise BadInput(option, f"{path.name!r} cannot be written ({error.strerror})") from None


def _teller(budget: Budget | None) -> Callable[[int, int], None]:
    """A line on standard error now and then."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_SECONDS:
            last = time.monotonic()
            spent = f", {budget.spent:,} of {budget.ceiling:,} tokens" if budget else ""
            print(f"{done:,} of {total:,} passages{spent}", file=sys.stderr, flush=True)

    return tell


def _parser() -> Arguments:
    parser = Arguments(
        "python -m engine memory_graph extract",
        "A language model reads triples out of a corpus, for evaluate --triples. The passages are "
        "sent to the endpoint; with --replay nothing is sent.",
    )
    parser.add_argument("--corpus", required=True, help="JSON lines of title and text")
    parser.add_argument("--endpoint", help="base URL of an OpenAI-compatible API: https://host/v1")
    parser.add_argument("--model", help="the endpoint's name of the model")
    parser.add_argument("--key-variable", help="the environment variable that holds the key")
    parser.add_argument("--local-model", help="instead: a folder with a causal language model")
    parser.add_argument("--replay", help="instead: a record of an earlier run")
    parser.add_argument("--record", help="keep every reply here (.jsonl); a run goes on from it")
    parser.add_argument(
        "--ceiling", type=int, default=CEILING, help=f"tokens at most; default {CEILING:,}"
    )
    parser.add_argument(
        "--parallel", type=int, default=PARALLEL, help=f"calls at a time; default {PARALLEL}"
    )
    parser.add_argument("--first", type=int, help="read the first passages only, for a trial")
    parser.add_argument("--out", required=True, help="the .jsonl.gz of triples to write")
    return parser
