"""Think-in-Memory on a memory's thoughts: occupancy, what buckets find, and what rules rewrite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.memory_graph.choosing import chosen_question
from engine.labs.memory_graph.config.buckets import TRADED, BucketsConfig
from engine.labs.memory_graph.living.buckets import (
    CrossPolytope,
    Thought,
    ThoughtBuckets,
    bucket_recall,
    nearest,
)
from engine.labs.memory_graph.living.thought_vectors import ThoughtSpace
from engine.labs.memory_graph.living.thoughts import Stated, read_thoughts, stated_thoughts
from engine.labs.memory_graph.loading import Loaded, Read, load

MOST_THOUGHTS = 10_000
MOST_QUESTIONS = 200
MOST_PAIRS = 20_000
PROBES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
Key = tuple[str, str]


def buckets(config: BucketsConfig, read: Read, progress: Callable[[float, float], None]) -> Result:
    """Hash the thoughts of a memory and compare buckets with a full scan.

    Fields: ``occupancy`` (bucket): thoughts at the end of the run; ``recall`` and ``scanned``
    (b, probe, seed) in percent, NaN beyond b probes; ``pairs_met`` (b, seed): percent of the pairs
    of thoughts with one head that share a bucket; ``question_bucket`` (place): buckets in the order
    in which the chosen question looks into them; ``near`` (place): its nearest thoughts by a full
    scan, ``near_cosine`` and ``near_probe`` (place): the probe that reaches their bucket, from 1.
    Notes hold the thoughts with their buckets, the log, and what became of the insertion.
    """
    loaded = load(config, read)
    stated, told = _stated(loaded)
    distinct = list(dict.fromkeys(one.text.lower() for one in stated))
    space = ThoughtSpace(distinct, config.vector_width, config.shortened)
    place = {text: row for row, text in enumerate(distinct)}
    question = chosen_question(config, loaded)
    asked = space.embed([question.text])
    if not asked.any():
        raise BadInput("ask", "shares no word with the thoughts of this memory, so it has no hash")
    hashing = CrossPolytope(space.width, config.buckets, config.hash_seed)
    store = ThoughtBuckets(hashing, config.relations)
    for number, one in enumerate(stated):
        when = loaded.corpus.passages[one.passage].when
        thought = Thought(f"t{number}", one.text, one.head, one.relation, one.tail, when)
        store.insert(thought, space.rows[place[one.text.lower()]])
    own, own_notes = _insert(config, store, space, stated)
    k = min(config.recall_k, len(distinct))
    texts, kind = _probing(loaded)
    known = [text for text, row in zip(texts, space.embed(texts), strict=True) if row.any()]
    if not known:
        known, kind = [question.text], "the question alone"
    rows = space.embed(known)
    fields = _traded(config, space, rows, k, progress, _one_head(stated, place))
    near = nearest(space.rows, asked, k)[0]
    order = hashing.probes(asked, hashing.buckets)[0]
    home = hashing.bucket(space.rows[near])
    fields |= {
        "occupancy": Field(store.occupancy().astype(np.int32), ("bucket",)),
        "question_bucket": Field(order.astype(np.int32), ("place",)),
        "near": Field(near.astype(np.int32), ("place",)),
        "near_cosine": Field(space.rows[near] @ asked[0], ("place",)),
        "near_probe": Field(_places(order, home).astype(np.int32), ("place",)),
    }
    log = [one for one in store.log if one.kind != "insert" or one.thought in own]
    return Result(
        fields,
        {
            "thoughts": len(store),
            "stated": len(stated),
            "merged": sum(one.kind == "merge" for one in store.log),
            "forgotten": sum(one.kind == "forget" for one in store.log),
            "questions": len(known),
            "width": space.width,
            "kept": 100 * space.kept,
            "agreement": _agreement(space, known, k),
        },
        {
            **loaded.notes,
            "notices": [*loaded.notes.get("notices", ()), *told],
            "question": question.text,
            "questions": [one.text for one in loaded.questions],
            "probed_with": kind,
            "traded": list(TRADED),
            "probes": list(PROBES),
            "thoughts": [
                [thought.text, store.bucket_of[name], thought.count, thought.when]
                for name, thought in store.thoughts.items()
            ],
            "near": [distinct[row] for row in near],
            "near_bucket": home.tolist(),
            "log": [_told(one, stated, own) for one in log],
            "inserted": own_notes,
        },
    )


def _stated(loaded: Loaded) -> tuple[list[Stated], list[str]]:
    stated = stated_thoughts(loaded.corpus.passages, loaded.materials.triples)
    if len(stated) <= MOST_THOUGHTS:
        return stated, []
    drawn = np.sort(rng(0, "buckets", len(stated)).permutation(len(stated))[:MOST_THOUGHTS])
    told = f"{MOST_THOUGHTS:,} of {len(stated):,} thoughts are hashed here, drawn at random"
    return [stated[i] for i in drawn], [told]


def _probing(loaded: Loaded) -> tuple[list[str], str]:
    """Texts that stand in for questions to the memory, and what they are."""
    if loaded.questions:
        return [one.text for one in loaded.questions][:MOST_QUESTIONS], "questions"
    passages = loaded.corpus.passages
    drawn = rng(0, "probing", len(passages)).permutation(len(passages))[:MOST_QUESTIONS]
    return [passages[i].text for i in np.sort(drawn)], "passages of its own, drawn at random"


def _insert(
    config: BucketsConfig, store: ThoughtBuckets, space: ThoughtSpace, stated: Sequence[Stated]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Insert the visitor's sentences; their texts by id, and what each did."""
    if not config.thought.strip():
        return {}, []
    triples = read_thoughts(config.thought)
    if not triples:
        raise BadInput(
            "thought", "needs two capitalised names with words between, such as Ada met Grace."
        )
    own: dict[str, str] = {}
    notes = []
    earlier: dict[Key, dict[str, np.ndarray]] = defaultdict(dict)
    for number, (head, relation, tail) in enumerate(triples):
        thought = Thought(f"own{number}", f"{head} {relation} {tail}", head, relation, tail)
        row = space.embed([thought.text])
        if not row.any():
            raise BadInput("thought", f"{thought.text[:60]!r} shares no word with the memory")
        key = (head.lower(), relation.lower())
        if not earlier[key]:
            rivals = [o for o in stated if (o.head.lower(), o.relation.lower()) == key]
            earlier[key] = {o.text: space.embed([o.text])[0] for o in rivals}
        done = store.insert(thought, row[0])
        others = {text: r for text, r in earlier[key].items() if not _same(text, thought.text)}
        notes.append(
            {
                "text": thought.text,
                "bucket": store.bucket_of[thought.id],
                "did": [one.kind for one in done[1:]],
                "because": [_text(one.thought, stated, own) for one in done[1:]],
                "functional": key[1] in store.functional,
                "rivals": [
                    [
                        text,
                        int(store.hashing.bucket(r[None])[0]),
                        _met(config, space, row[0], r),
                    ]
                    for text, r in others.items()
                ],
            }
        )
        own[thought.id] = thought.text
        earlier[key][thought.text] = row[0]
    return own, notes


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _met(config: BucketsConfig, space: ThoughtSpace, a: np.ndarray, b: np.ndarray) -> float:
    """In what percent of the compared hash seeds two vectors share a bucket."""
    both = np.stack([a, b])
    met = [
        len(set(CrossPolytope(space.width, config.buckets, seed).bucket(both))) == 1
        for seed in range(config.hash_trials)
    ]
    return 100 * float(np.mean(met))


def _one_head(stated: Sequence[Stated], place: dict[str, int]) -> np.ndarray:
    """Pairs of thoughts with the same head, at most 20,000 drawn by a fixed seed, (pairs, 2)."""
    heads: dict[str, dict[int, None]] = defaultdict(dict)
    for one in stated:
        heads[one.head.lower()][place[one.text.lower()]] = None
    pairs = [
        np.column_stack([np.asarray(rows)[i] for i in np.triu_indices(len(rows), 1)])
        for rows in map(list, heads.values())
        if len(rows) > 1
    ]
    joined = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    if len(joined) > MOST_PAIRS:
        joined = joined[rng(0, "pairs", len(joined)).permutation(len(joined))[:MOST_PAIRS]]
    return joined


def _traded(
    config: BucketsConfig,
    space: ThoughtSpace,
    questions: np.ndarray,
    k: int,
    progress: Callable[[float, float], None],
    pairs: np.ndarray,
) -> dict[str, Field]:
    """Recall, share scanned and pairs that meet, for every b and hash seed."""
    shape = (len(TRADED), len(PROBES), config.hash_trials)
    found, scanned = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    met = np.full((len(TRADED), config.hash_trials), np.nan, np.float32)
    near = nearest(space.rows, questions, k)
    for b, count in enumerate(TRADED):
        at = [probe - 1 for probe in PROBES if probe <= count]
        for seed in range(config.hash_trials):
            hashing = CrossPolytope(space.width, count, seed)
            one = bucket_recall(hashing, space.rows, questions, k, count, near)
            found[b, : len(at), seed] = 100 * one.recall[at]
            scanned[b, : len(at), seed] = 100 * one.scanned[at]
            if len(pairs):
                home = hashing.bucket(space.rows)[pairs]
                met[b, seed] = 100 * (home[:, 0] == home[:, 1]).mean()
            progress(b * config.hash_trials + seed + 1, met.size)
    return {
        "recall": Field(found, ("b", "probe", "seed"), "%"),
        "scanned": Field(scanned, ("b", "probe", "seed"), "%"),
        "pairs_met": Field(met, ("b", "seed"), "%"),
    }


def _agreement(space: ThoughtSpace, texts: Sequence[str], k: int) -> float:
    """Percent of the nearest by whole TF-IDF vectors that are nearest by the short ones."""
    assert space.index is not None
    shared = []
    for text, short in zip(texts, nearest(space.rows, space.embed(texts), k), strict=True):
        whole = np.argsort(-space.index.similarities(text), kind="stable")[:k]
        shared.append(len(set(whole.tolist()) & set(short.tolist())) / k)
    return 100 * float(np.mean(shared))


def _places(order: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The place of each of ``wanted`` in ``order``, from 1."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return place[wanted]


def _told(one: Any, stated: Sequence[Stated], own: dict[str, str]) -> list[Any]:
    """Kind, text, bucket and cause of a happening, and whether the visitor caused it."""
    return [
        one.kind,
        _text(one.thought, stated, own),
        one.bucket,
        _text(one.cause, stated, own) if one.cause else "",
        one.thought in own or one.cause in own,
    ]


def _text(name: str, stated: Sequence[Stated], own: dict[str, str]) -> str:
    return own[name] if name in own else stated[int(name[1:])].text
