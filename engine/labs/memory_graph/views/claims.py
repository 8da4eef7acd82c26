"""Claims of papers beside this lab's results, in words that the numbers decide."""

from __future__ import annotations

import numpy as np

from engine.core.claims import Claim, Comparison, Standing, Unmeasured
from engine.core.result import Result
from engine.core.seeds import rng
from engine.labs.memory_graph.config.evolution import EvolutionConfig
from engine.labs.memory_graph.living.forgetting import FORMULAS
from engine.labs.memory_graph.metrics import bootstrap
from engine.labs.memory_graph.published import DATASET, MARKS, tables
from engine.labs.memory_graph.views.bench import MEASURES as RECALLS
from engine.labs.memory_graph.views.bench import place
from engine.labs.memory_graph.views.buckets import describe_tradeoff, tradeoff_at
from engine.labs.memory_graph.views.coat import MEASURES, describe_gain, gain
from engine.labs.memory_graph.views.event_borders import TOLERANCE, surprise_row
from engine.labs.memory_graph.views.forgetting import describe_slip, lasts
from engine.labs.memory_graph.views.hiagent import describe_kept, saving
from engine.labs.memory_graph.views.order import CHANCE
from engine.labs.memory_graph.views.order import describe_order as describe_bins
from engine.labs.memory_graph.views.published import PEER_NAMES, PEERS, comparable, describe_order
from engine.labs.memory_graph.views.season import NAMES

STRONG_F1 = 0.5
SORT_MOST = 60
MOST = 90

HIPPORAG = "https://arxiv.org/abs/2405.14831"
HIPPORAG2 = "https://arxiv.org/abs/2502.14802"
EMLLM = "https://arxiv.org/abs/2407.09450"
TIM = "https://arxiv.org/abs/2311.08719"
SORT = "https://arxiv.org/abs/2410.08133"
AMEM = "https://arxiv.org/abs/2502.12110"
MEMORYBANK = "https://arxiv.org/abs/2305.10250"
COAT = "https://arxiv.org/abs/2502.02390"
HIAGENT = "https://arxiv.org/abs/2408.09559"
FILE = "memory_bank/memory_retrieval/forget_memory.py"
REPOSITORY = "https://github.com/zhongwanjun/MemoryBank-SiliconFriend/blob"
SLIP, BEFORE = (
    "3869efcc2c5847e78353b4c53056903f5d1730a6",
    "0cc7111a267464964a008255d509c96ffdb636e4",
)


def retrieval_claims(result: Result, measure: str = "recall@5") -> tuple[Claim, ...]:
    """HippoRAG and HippoRAG 2 beside BM25: the paper's corpus, and the one of this bench."""
    at, methods = place(result, measure), result.notes["methods"]
    found = result.array("method")[..., at].astype(np.float64)
    ours = {method: float(result.array("method_mean")[m, at]) for m, method in enumerate(methods)}
    claims = []
    for method, paper, title in (
        ("hipporag", HIPPORAG, "HippoRAG"),
        ("hipporag2", HIPPORAG2, "HippoRAG 2"),
    ):
        if method not in ours or "bm25" not in ours:
            continue
        (name, row), (of_words, words) = PEERS[method], PEERS["bm25"]
        table = tables()[name]
        theirs = table.figure(row, DATASET, measure)
        baseline = tables()[of_words].figure(words, DATASET, measure)
        if theirs is None or baseline is None:
            continue
        apart = found[methods.index(method)] - found[methods.index("bm25")]
        low, high = (float(end) for end in bootstrap(apart, rng(0, "memory_graph", method)))
        told = f"{title} finds {theirs - baseline:+.1f} points against BM25 there, and "
        told += f"{apart.mean():+.1f} here ({low:+.1f} to {high:+.1f}): "
        same = (apart.mean() > 0) == (theirs > baseline)
        clear = not low <= 0 <= high
        told += (
            "no clear difference."
            if not clear
            else "the same direction."
            if same
            else "the other way round."
        )
        if method == "hipporag" and result.notes["walks"] == "hipporag":
            told += f" {describe_order(result, measure)}"
        claims.append(
            Claim(
                paper,
                f"{RECALLS[measure]} on {DATASET}: {PEER_NAMES.get(method, row)}, and BM25",
                f"{title} {ours[method]:.1f} %, BM25 {ours['bm25']:.1f} % on "
                f"{int(result.number('questions'))} questions.",
                table.source,
                told,
                "holds" if clear and same else "not here",
                published=f"{theirs:g} % and {baseline:g} %",
                mark=MARKS[table.mark],
                caveat=comparable(result),
            )
        )
    return tuple(claims)


def association_claims(result: Result, measure: str | None = None) -> tuple[Claim, ...]:
    """What association adds to a search; the first measure of the result without ``measure``."""
    measure = measure or next(name for name in MEASURES if name in result.fields)
    mean, low, high = gain(result, measure)
    clear = low > 0 or high < 0
    return (
        Claim(
            COAT,
            "CoAT gains over 10 % on HotpotQA and MuSiQue with a language model.",
            describe_gain(result, measure),
            "abstract of arXiv 2502.02390",
            f"Here association adds {mean:+.1f} points: {'clear' if clear else 'not clear'} at "
            "95 %.",
            "partly" if low > 0 else "not here",
            mark="abstract",
            caveat="Another task: we count covered words and gold found by a walk, not answers.",
        ),
    )


def subgoal_claims(result: Result) -> tuple[Claim, ...]:
    """What a memory by subgoals saves."""
    mean, low, high = saving(result, 1)
    told = "shorter beyond noise" if low > 0 else "not shorter beyond noise"
    return (
        Claim(
            HIAGENT,
            "Success rate over five long tasks of AgentBoard: 42 % against 21 % for a flat memory, "
            "with 3.8 fewer steps.",
            f"Largest prompt {mean:.0f} % shorter ({low:.0f} to {high:.0f} %), and "
            f"{describe_kept(result)}",
            "arXiv 2408.09559",
            f"We measure tokens, not success: the largest prompt is {told}.",
            "partly" if low > 0 else "not here",
            mark="abstract",
            caveat="No agent acts here: whether a shorter prompt answers better is not shown.",
        ),
    )


def evolution_claims(result: Result, k: int = EvolutionConfig().evidence_at) -> tuple[Claim, ...]:
    """What the evolution of notes is worth for retrieval, where there are questions."""
    measured, told = "Recall is not measured: no questions.", "Nothing can be said."
    standing: Standing = "apart"
    if "recall" in result.fields:
        before, after = result.number("recall before"), result.number("recall after")
        low, high = result.number("low"), result.number("high")
        measured = (
            f"Evidence recall@{k} **{before:.1f} %** without evolution, **{after:.1f} %** with "
            f"it, over {int(result.number('questions'))} questions."
        )
        word = "helps" if low > 0 else "harms" if high < 0 else "makes no clear difference"
        standing = "partly" if low > 0 else "not here"
        told = f"Evolution {word} here ({after - before:+.1f} points, {low:+.1f} to {high:+.1f})."
    return (
        Claim(
            AMEM,
            "A-MEM answers the questions of LoCoMo with GPT-4o-mini, judged by the F1 of its "
            "answers.",
            measured,
            "A-MEM, table 1 (arXiv 2502.12110), as transcribed in several later sources",
            f"{told} Their F1 is another measure.",
            standing,
            published="F1 multi-hop 27.02, temporal 45.85, open-domain 12.14, single-hop 44.65",
            mark="several transcriptions",
            caveat="Theirs is the F1 of answers that a language model wrote on LoCoMo; ours is how "
            "much of the evidence is retrieved, without a language model. Three later papers "
            "measured a temporal F1 of 29.1, 33.2 and 35.4, and the literature does not agree on "
            "the names of the categories.",
        ),
    )


def forgetting_claims(result: Result) -> tuple[Claim, ...]:
    """The slip of precedence, with the numbers of the run."""
    longer, sooner = ([NAMES[one].lower() for one in FORMULAS if lasts(one) is way]
                      for way in (True, False))  # fmt: skip
    told = f"A stronger memory lasts longer under: {', '.join(longer) or 'none'}."
    if sooner:
        told += f" It fades sooner under: {', '.join(sooner)}."
    if not lasts("code"):
        told += (
            " The authors' code does the opposite of its own comment: exp(-t / 5*S) divides t by 5 "
            "and multiplies by S."
        )
    return (
        Claim(
            MEMORYBANK,
            "Forgetting follows R = exp(−t/S), with the time t since the last recall (in days, as "
            "the code says) and the strength S, which each recall raises by 1: what is recalled "
            "lasts longer.",
            describe_slip(result),
            "Zhong et al. 2023, section 2.3",
            told,
            "holds" if not sooner else "partly" if longer else "not here",
            caveat=f"[The file in their repository]({REPOSITORY}/{SLIP}/{FILE}); an "
            f"[earlier version]({REPOSITORY}/{BEFORE}/{FILE}) of it has exp(-t / S). The "
            "corrected form is our reading of what was meant.",
        ),
    )


def surprise_claims(result: Result) -> tuple[Claim, ...]:
    """Boundaries by surprise against known borders, as the view opens; none without borders."""
    known = len(result.array("border"))
    if not known:
        return ()
    row = surprise_row(result)
    low, mean, high = row.chance_f1
    return (
        Claim(
            EMLLM,
            "Events that are cut where a token surprises correlate strongly with those that people "
            "perceive.",
            f"At gamma 1, {row.borders} boundaries against {known} known borders within "
            f"{TOLERANCE} tokens: F1 {row.f1:.3f}; as many at random {mean:.3f} ({low:.3f} to "
            f"{high:.3f}).",
            "Fountas et al. 2024, abstract",
            f"By F1, surprise places them {row.verdict}.",
            "holds" if row.f1 > STRONG_F1 else "partly" if row.f1 > high else "not here",
            mark="abstract",
            caveat="Nobody marked events in this stream: the borders are those of its entries. A "
            "small model reads it, or an n-gram model.",
        ),
    )


def bucket_claims(result: Result) -> tuple[Claim, ...]:
    """What a hash bucket saves and what it misses."""
    buckets = len(result.array("occupancy"))
    one = tradeoff_at(result, buckets, 1)
    return (
        Claim(
            TIM,
            "Hashing thoughts into buckets retrieves them efficiently from long conversations.",
            describe_tradeoff(result, buckets),
            "Liu et al. 2023, abstract",
            f"One bucket is {100 / max(one['scanned'], 1e-9):.0f} times less to look at, and holds "
            f"{one['recall']:.0f} % of what a full scan finds.",
            _beyond(one["recall"], one["scanned"]),
            mark="abstract",
            caveat="Their answers by a language model are not measured here.",
        ),
    )


def _beyond(recall: float, scanned: float) -> Standing:
    """Efficient: most of the nearest for less than half of the work; partly: above its share."""
    if scanned >= 50 or recall <= scanned:
        return "not here"
    return "holds" if recall >= MOST else "partly"


def order_claims(result: Result) -> tuple[Claim, ...]:
    """Which of two segments came first, asked of memories that hold no text in order."""
    accuracy, low = result.array("accuracy"), result.array("low")
    names = result.notes["memories"]
    under = [name for name, row in zip(names, accuracy, strict=True) if row.mean() < SORT_MOST]
    told = [name for name, row in zip(names, low, strict=True) if (row > CHANCE).all()]
    return (
        Claim(
            SORT,
            "Without the text in their context, language models tell which of two segments came "
            "first in fewer than 60 % of cases; chance is 50 %.",
            describe_bins(result),
            "Pink et al. 2024, abstract",
            f"Under {SORT_MOST} % on average: {', '.join(under) or 'none'}. Told from chance at "
            f"every distance: {', '.join(told) or 'none'}.",
            "holds" if len(under) == len(names) else "partly" if under else "not here",
            published=f"under {SORT_MOST} %",
            mark="abstract",
            caveat="Theirs are language models asked about books; ours are stores of a memory that "
            "are asked for both segments.",
        ),
    )


CLAIMS = (
    Comparison("bench", retrieval_claims),
    Comparison("evolution", evolution_claims),
    Comparison("forgetting", forgetting_claims),
    Comparison("coat", association_claims, page={"view": "more", "tab": "coat"}),
    Comparison("hiagent", subgoal_claims, page={"view": "more", "tab": "hiagent"}),
    Comparison("events", surprise_claims),
    Comparison("order", order_claims, page={"view": "events"}),
    Comparison("buckets", bucket_claims, page={"view": "more", "tab": "buckets"}),
    Unmeasured(
        EMLLM,
        "Retrieval by events answers long texts better than retrieval by passages and than the "
        "whole text in context.",
        "LongBench needs a language model of billions of parameters and its data.",
        "EM-LLM, result files of the authors' repository, LongBench mean, Llama-3.1-8B",
        published="51.58 by events, 36.44 by passages, 39.30 in context",
        url="https://github.com/em-llm/EM-LLM-model",
        mark="authors' code, not the paper",
    ),
)
