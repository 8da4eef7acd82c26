"""Published statements that stand beside this lab's own measurements.

Only figures that were read in the named place are listed. ``mark`` says what kind of place it is:
a paper (or its abstract), a third party's digest of one, a project's own repository, a thread of
its issue tracker, or an article by those who made a format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Mark = Literal["paper", "digest", "repo", "issue", "article"]
MARKS: Mapping[Mark, str] = {
    "paper": "paper",
    "digest": "a digest, not the paper",
    "repo": "authors' repository",
    "issue": "issue thread",
    "article": "its makers' article",
}


@dataclass(frozen=True)
class Claim:
    """One published statement with its figures.

    ``figures`` maps what a figure is, with its unit, to the figure as printed; it may be empty
    where the statement is one of words. ``caveat`` says why what this lab measures beside it is
    not the same experiment, or why it measures nothing.
    """

    id: str
    statement: str
    figures: Mapping[str, float | str]
    source: str
    url: str
    mark: Mark
    caveat: str


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="k-sort-footprint",
        statement="Re-arranging key channels once, ahead of time, allows a block format that "
        "halves the cache without a significant loss, and costs no time when the model runs.",
        figures={"footprint saving": "2x"},
        source="Trukhanov, Soloveychik: arXiv 2403.20137, abstract",
        url="https://arxiv.org/abs/2403.20137",
        mark="paper",
        caveat="The paper sorts Llama-2-7B, with 128 channels a head. A smaller head leaves fewer "
        "block sizes at which a sort inside the head can do anything.",
    ),
    Claim(
        id="k-sort-blocks",
        statement="With BFP12 keys on Llama-2-7B, sorting brings no gain at a block of 128 and a "
        "gain at blocks of 64 and 32.",
        figures={
            "head dimension, channels": 128,
            "gain at block 128": "none",
            "gain at blocks 64 and 32": "yes",
            "fp16 perplexity, WikiText-2": 9.4881,
        },
        source="Trukhanov, Soloveychik: arXiv 2403.20137, as summarised in a published digest",
        url="https://www.sciencestack.ai/paper/2403.20137",
        mark="digest",
        caveat="The baseline perplexity of 9.4881 belongs to the paper's own protocol. It is not "
        "comparable with perplexities measured at other context lengths or on other texts.",
    ),
    Claim(
        id="outliers-follow-rows",
        statement="Key outliers sit in fixed channels, and those channels belong to rows of W_k "
        "with a large Euclidean norm.",
        figures={"sort key": "L2 norm of the rows of W_k"},
        source="Trukhanov, Soloveychik: arXiv 2403.20137, as summarised in a published digest",
        url="https://www.sciencestack.ai/paper/2403.20137",
        mark="digest",
        caveat="A bias on W_k and the gain of the norm layer before it also shape a channel. The "
        "row norm sees neither.",
    ),
    Claim(
        id="kvquant-dbrx",
        statement="Non-uniform codebooks with one per cent of outliers kept apart cost little "
        "perplexity down to 3 bits.",
        figures={
            "DBRX-base, fp16 perplexity": 3.96,
            "DBRX-base, nuq4-1% perplexity": 3.98,
            "DBRX-base, nuq3-1% perplexity": 4.03,
            "DBRX-base, nuq2-1% perplexity": 4.26,
        },
        source="KVQuant, repository, quant/README.md, WikiText-2 at context 2048",
        url="https://github.com/SqueezeAILab/KVQuant/blob/main/quant/README.md",
        mark="repo",
        caveat="A far larger model on another text, with the first token in fp16 and, at 2 bits, "
        "normalised codebooks. The codebooks here are fitted on a short calibration text.",
    ),
    Claim(
        id="kvquant-3bit",
        statement="Less than 0.1 perplexity is lost at 3 bits.",
        figures={"perplexity loss at 3 bits": "< 0.1"},
        source="Hooper et al.: KVQuant, abstract",
        url="https://arxiv.org/abs/2401.18079",
        mark="paper",
        caveat="The paper evaluates much larger models, and its figure is a perplexity.",
    ),
    Claim(
        id="kivi-longbench",
        statement="Two-bit keys by channel and values by token keep the LongBench mean.",
        figures={
            "LongChat-7B-32k, fp16 mean score": 38.72,
            "LongChat-7B-32k, KIVI-2 mean score": 38.30,
            "LongChat-7B-32k, KIVI-4 mean score": 38.79,
            "group, values": 32,
            "residual window, tokens": 128,
        },
        source="KIVI, repository, docs/long_bench.md",
        url="https://github.com/jy-yuan/KIVI/blob/main/docs/long_bench.md",
        mark="repo",
        caveat="LongBench scores are answers to tasks at long context, not losses. For models "
        "with grouped-query attention the maintainers advise four bits.",
    ),
    Claim(
        id="kivi-memory",
        statement="Two-bit caches cut peak memory, the weights included, and raise throughput.",
        figures={
            "peak memory": "2.6x less",
            "batch size": "up to 4x",
            "throughput": "2.35x to 3.47x",
        },
        source="Liu et al.: KIVI, abstract",
        url="https://arxiv.org/abs/2402.02750",
        mark="paper",
        caveat="Only bytes are comparable. Formats are simulated here, so no speed is claimed.",
    ),
    Claim(
        id="rotatekv-2bit",
        statement="Channel re-ordering before a Hadamard rotation makes 2-bit caches usable.",
        figures={"perplexity loss at 2 bits, LLaMA-2-13B, WikiText-2": "< 0.3"},
        source="Su et al.: RotateKV, abstract",
        url="https://arxiv.org/abs/2501.16383",
        mark="paper",
        caveat="RotateKV also protects attention sinks and rotates groups of heads before RoPE. "
        "This lab rotates single heads.",
    ),
    Claim(
        id="rope-frequency-bits",
        statement="Bits allotted by the energy of RoPE frequency pairs beat equal bits in every "
        "layer compared.",
        figures={"layers better than uniform, at 2 and 3 bits": "367 of 367"},
        source="Liang, Zhang, Jia: RoPE-Aware Bit Allocation for KV-Cache Quantization, abstract",
        url="https://arxiv.org/abs/2606.24033",
        mark="paper",
        caveat="This lab allots bits by layer and head, not by frequency pair.",
    ),
    Claim(
        id="llama-cpp-q8",
        statement="An 8-bit cache moves the next-token distribution by a measurable, small KL.",
        figures={
            "f16 cache, perplexity": 6.2322,
            "f16 cache, mean KLD in nat": 0.000189,
            "q8_0 keys, perplexity": 6.2331,
            "q8_0 keys, mean KLD in nat": 0.000944,
            "q8_0 keys and values, perplexity": 6.2344,
            "q8_0 keys and values, mean KLD in nat": 0.000980,
        },
        source="llama.cpp pull request 7412",
        url="https://github.com/ggml-org/llama.cpp/pull/7412",
        mark="issue",
        caveat="The columns are read as weights, keys, values; the thread does not say their "
        "order. Its f16 row is itself not at zero against the thread's reference.",
    ),
    Claim(
        id="rotated-q4",
        statement="A rotation before q4_0 wins back part of the perplexity that q4_0 costs.",
        figures={
            "Llama-3.1-8B-Instruct, f16 perplexity": 8.8493,
            "Llama-3.1-8B-Instruct, q4_0 keys": 9.0502,
            "Llama-3.1-8B-Instruct, rotated q4_0 keys": 8.9722,
        },
        source="llama.cpp pull request 21192",
        url="https://github.com/ggml-org/llama.cpp/pull/21192",
        mark="issue",
        caveat="Self-reported, ten chunks, with a standard error of about 0.44, larger than every "
        "difference in it.",
    ),
    Claim(
        id="rotated-fp4",
        statement="Rotating queries and keys in blocks of 16 helps a 4-bit float cache.",
        figures={
            "Qwen3-8B, GSM8K, bf16 per cent": 91.17,
            "Qwen3-8B, GSM8K, fp4 cache per cent": 88.96,
            "Qwen3-8B, GSM8K, rotated fp4 cache per cent": 90.41,
        },
        source="SGLang pull request 36172",
        url="https://github.com/sgl-project/sglang/pull/36172",
        mark="issue",
        caveat="Task accuracy of a large model against loss of a small one.",
    ),
    Claim(
        id="error-is-not-damage",
        statement="Two 4-bit key quantisers with reconstruction errors of the same order differ "
        "hundreds of times in perplexity.",
        figures={
            "Qwen2.5, fp16 perplexity": 12.2,
            "rotation with a norm per vector, perplexity": "about 10,000",
            "rotation with a norm per vector, reconstruction error": 0.095,
            "by channel, perplexity": "about 15",
            "by channel, reconstruction error": 0.062,
        },
        source="turboquant-pro pull request 98",
        url="https://github.com/ahb-sjsu/turboquant-pro/pull/98",
        mark="issue",
        caveat="Self-reported by one project about its own earlier version.",
    ),
    Claim(
        id="mx-drop-in",
        statement="Microscaling formats are a drop-in replacement for fp32 in inference, with low "
        "user friction.",
        figures={"benchmarks": "over two dozen"},
        source="Rouhani et al.: Microscaling Data Formats for Deep Learning, abstract",
        url="https://arxiv.org/abs/2310.10537",
        mark="paper",
        caveat="The paper puts weights and activations into these formats; here they hold keys.",
    ),
    Claim(
        id="turbo-neutral",
        statement="A random rotation and one codebook for all coordinates leave the quality as it "
        "is at 3.5 bits per channel, and nearly so at 2.5.",
        figures={"quality-neutral, bits": 3.5, "marginal degradation, bits": 2.5},
        source="Zandieh et al.: TurboQuant, abstract",
        url="https://arxiv.org/abs/2504.19874",
        mark="paper",
        caveat="Here keys alone are stored so, in heads of few channels, and the loss of a small "
        "model is measured, not the quality of answers.",
    ),
    Claim(
        id="attention-sinks",
        statement="When old tokens are dropped, keeping the keys and values of a few initial "
        "tokens recovers most of what a sliding window loses.",
        figures={},
        source="Xiao et al.: Efficient Streaming Language Models with Attention Sinks",
        url="https://arxiv.org/abs/2309.17453",
        mark="paper",
        caveat="This lab rounds tokens and drops none. Exact first tokens can be tried in "
        "“Protect the sinks”; that says nothing about a window that slides.",
    ),
    Claim(
        id="quarot-4bit",
        statement="A rotation takes the outliers out without changing what a model computes, so "
        "that four bits are enough, in the cache as elsewhere.",
        figures={
            "perplexity loss, LLaMA2-70B in 4 bits, WikiText-2": "at most 0.47 "
            "(another version: 0.29)",
            "zero-shot performance kept": "99 %",
        },
        source="Ashkboos et al.: QuaRot, abstract",
        url="https://arxiv.org/abs/2404.00456",
        mark="paper",
        caveat="QuaRot rounds weights, activations and the whole cache of a far larger model; here "
        "keys alone are rounded, and the loss is not a perplexity on WikiText-2.",
    ),
    Claim(
        id="qjl-3bit",
        statement="Signs of a random projection need no scales or zero points beside them, and a "
        "cache of three bits so made costs no accuracy.",
        figures={"cache, bits per number": 3, "cache memory": "more than 5x less"},
        source="Zandieh, Daliri, Han: QJL, abstract",
        url="https://arxiv.org/abs/2406.03482",
        mark="paper",
        caveat="No result that ships has keys of projected signs alone. The lab knows these signs "
        "as one of the bits of TurboQuant (turbo4:qjl), and no sweep that ships has tried that.",
    ),
    Claim(
        id="hqq-no-calibration",
        statement="A zero point that minimises a robust error needs no calibration data, and "
        "quantises a model of 70 billion weights within minutes.",
        figures={"Llama2-70B, minutes": 4},
        source="Badri, Shaji: HQQ, repository, Readme.md",
        url="https://github.com/mobiusml/hqq",
        mark="repo",
        caveat="It speaks of weights and of time on a GPU. Here HQQ is a format of the cache "
        "(hqq4:g64), simulated, so that no speed is claimed; no sweep that ships has it.",
    ),
    Claim(
        id="nvfp4-training",
        statement="A language model pretrained in NVFP4, with random Hadamard transforms against "
        "outliers of a block, comes as far as one pretrained in FP8.",
        figures={"model, parameters": "12 billion", "tokens": "10 trillion"},
        source="NVIDIA: Pretraining Large Language Models with NVFP4, abstract",
        url="https://arxiv.org/abs/2509.25149",
        mark="paper",
        caveat="Nothing is trained in four bits here: the lab rounds the cache of a model that was "
        "trained in full precision.",
    ),
    Claim(
        id="nvfp4-finer-scales",
        statement="Blocks of 16 with scales in FP8 lower the risk of a noticeable drop in accuracy "
        "below that of MXFP4, whose blocks of 32 have a power of two.",
        figures={"memory of 4-bit floats": "about 25 % of FP16"},
        source="NVIDIA: Introducing NVFP4, table of the 4-bit formats",
        url="https://developer.nvidia.com/blog/"
        "introducing-nvfp4-for-efficient-and-accurate-low-precision-inference/",
        mark="article",
        caveat="The article speaks of large models and of weights and activations. The error of "
        "keys has no interval here; the loss has.",
    ),
    Claim(
        id="fp8-matches",
        statement="Eight-bit floats (E4M3 and E5M2) match the quality of 16 bits with nothing else "
        "changed; they were tried after training, too, on language models that resist int8.",
        figures={"largest language model trained, parameters": "175B"},
        source="Micikevicius et al.: FP8 Formats for Deep Learning, abstract",
        url="https://arxiv.org/abs/2209.05433",
        mark="paper",
        caveat="The paper trains in these formats; here a trained model's keys are stored in E4M3 "
        "with a scale of 1.",
    ),
)
