"""The lab's published statements as claims of its papers, for what measures them."""

from __future__ import annotations

from engine.core.claims import Claim, Standing
from engine.labs.kv_cache.claims import CLAIMS, MARKS
from engine.labs.kv_cache.claims import Claim as Published

K_SORT = "https://arxiv.org/abs/2403.20137"
KIVI = "https://arxiv.org/abs/2402.02750"
KVQUANT = "https://arxiv.org/abs/2401.18079"
ROTATE_KV = "https://arxiv.org/abs/2501.16383"
ROPE_BITS = "https://arxiv.org/abs/2606.24033"
TURBO = "https://arxiv.org/abs/2504.19874"
MX = "https://arxiv.org/abs/2310.10537"
SINKS = "https://arxiv.org/abs/2309.17453"
QUAROT = "https://arxiv.org/abs/2404.00456"
QJL = "https://arxiv.org/abs/2406.03482"
HQQ = "https://mobiusml.github.io/hqq_blog/"
NVFP4_TRAINING = "https://arxiv.org/abs/2509.25149"
NVFP4 = (
    "https://developer.nvidia.com/blog/"
    "introducing-nvfp4-for-efficient-and-accurate-low-precision-inference/"
)
FP8 = "https://arxiv.org/abs/2209.05433"
LLAMA_BLOCKS = "https://github.com/ggml-org/llama.cpp/pull/4312"
LLAMA_ROTATION = "https://github.com/ggml-org/llama.cpp/pull/21038"
SGLANG = "https://github.com/sgl-project/sglang/pull/36172"
TURBO_PRO = "https://github.com/ahb-sjsu/turboquant-pro/pull/98"


def published(id: str) -> Published:
    """The statement called ``id``."""
    return next(one for one in CLAIMS if one.id == id)


def printed(one: Published) -> str:
    """Its figures as they were read."""
    return "; ".join(f"{name}: {figure}" for name, figure in one.figures.items())


def paired(id: str, paper: str, measured: str, verdict: str, standing: Standing) -> Claim:
    """The published statement ``id`` with what was measured for it."""
    told = published(id)
    return Claim(
        paper,
        told.statement,
        measured,
        told.source,
        verdict,
        standing,
        published=printed(told),
        url=told.url,
        mark=MARKS[told.mark],
        caveat=told.caveat,
    )
