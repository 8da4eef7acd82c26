"""Sources of every method in this lab, the seed paper first."""

from __future__ import annotations

from engine.core.registry import Paper

PAPERS: tuple[Paper, ...] = (
    Paper(
        "Accurate Block Quantization in LLMs with Outliers",
        "Nikita Trukhanov, Ilya Soloveychik",
        2024,
        arxiv="2403.20137",
    ),
    Paper(
        "KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache",
        "Zirui Liu, Jiayi Yuan, Hongye Jin, Shaochen Zhong, Zhaozhuo Xu, Vladimir Braverman, "
        "Beidi Chen, Xia Hu",
        2024,
        arxiv="2402.02750",
    ),
    Paper(
        "KVQuant: Towards 10 Million Context Length LLM Inference with KV Cache Quantization",
        "Coleman Hooper, Sehoon Kim, Hiva Mohammadzadeh, Michael W. Mahoney, Yakun Sophia Shao, "
        "Kurt Keutzer, Amir Gholami",
        2024,
        arxiv="2401.18079",
    ),
    Paper(
        "QuaRot: Outlier-Free 4-Bit Inference in Rotated LLMs",
        "Saleh Ashkboos, Amirkeivan Mohtashami, Maximilian L. Croci, Bo Li, Martin Jaggi, "
        "Dan Alistarh, Torsten Hoefler, James Hensman",
        2024,
        arxiv="2404.00456",
    ),
    Paper(
        "RotateKV: Accurate and Robust 2-Bit KV Cache Quantization for LLMs via Outlier-Aware "
        "Adaptive Rotations",
        "Zunhai Su, Zhe Chen, Wang Shen, Hanyu Wei, Linge Li, Huangqi Yu, Kehong Yuan",
        2025,
        arxiv="2501.16383",
    ),
    Paper(
        "TurboQuant: Online Vector Quantization with Near-optimal Distortion Rate",
        "Amir Zandieh, Majid Daliri, Majid Hadian, Vahab Mirrokni",
        2025,
        arxiv="2504.19874",
    ),
    Paper(
        "QJL: 1-Bit Quantized JL Transform for KV Cache Quantization with Zero Overhead",
        "Amir Zandieh, Majid Daliri, Insu Han",
        2024,
        arxiv="2406.03482",
    ),
    Paper(
        "RoPE-Aware Bit Allocation for KV-Cache Quantization",
        "Fengfeng Liang, Yuechen Zhang, Jiaya Jia",
        2026,
        arxiv="2606.24033",
    ),
    Paper(
        "Microscaling Data Formats for Deep Learning",
        "Bita Darvish Rouhani, Ritchie Zhao, Ankit More, Mathew Hall, and others",
        2023,
        arxiv="2310.10537",
    ),
    Paper(
        "OCP Microscaling Formats (MX) Specification, version 1.0",
        "Open Compute Project",
        2023,
        url="https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf",
    ),
    Paper(
        "Pretraining Large Language Models with NVFP4",
        "NVIDIA: Felix Abecassis, Anjulie Agrusa, Dong Ahn, and others",
        2025,
        arxiv="2509.25149",
    ),
    Paper(
        "Introducing NVFP4 for Efficient and Accurate Low-Precision Inference",
        "Eduardo Alvarez, Omri Almog, Eric Chung, Simon Layton, Dusan Stosic, Ronny Krashinsky, "
        "Kyle Aubrey",
        2025,
        url="https://developer.nvidia.com/blog/"
        "introducing-nvfp4-for-efficient-and-accurate-low-precision-inference/",
    ),
    Paper(
        "FP8 Formats for Deep Learning",
        "Paulius Micikevicius, Dusan Stosic, Neil Burgess, Marius Cornea, Pradeep Dubey, "
        "Richard Grisenthwaite, Sangwon Ha, Alexander Heinecke, and others",
        2022,
        arxiv="2209.05433",
    ),
    Paper(
        "Half-Quadratic Quantization of Large Machine Learning Models",
        "Hicham Badri, Appu Shaji",
        2023,
        url="https://mobiusml.github.io/hqq_blog/",
    ),
    Paper(
        "Least squares quantization in PCM",
        "Stuart P. Lloyd",
        1982,
        url="https://doi.org/10.1109/TIT.1982.1056489",
    ),
    Paper(
        "Efficient Streaming Language Models with Attention Sinks",
        "Guangxuan Xiao, Yuandong Tian, Beidi Chen, Song Han, Mike Lewis",
        2023,
        arxiv="2309.17453",
    ),
    Paper(
        "RoFormer: Enhanced Transformer with Rotary Position Embedding",
        "Jianlin Su, and others",
        2021,
        arxiv="2104.09864",
    ),
    Paper(
        "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints",
        "Joshua Ainslie, and others",
        2023,
        arxiv="2305.13245",
    ),
    Paper(
        "llama.cpp: block types q8_0, q4_0, q4_1, q5_0 and q5_1 for the cache",
        "The llama.cpp contributors",
        2023,
        url="https://github.com/ggml-org/llama.cpp/pull/4312",
    ),
    Paper(
        "llama.cpp: rotate activations for better quantization",
        "Georgi Gerganov, and others",
        2026,
        url="https://github.com/ggml-org/llama.cpp/pull/21038",
    ),
    Paper(
        "SGLang: rotated queries and keys for a 4-bit float cache",
        "The SGLang contributors",
        2026,
        url="https://github.com/sgl-project/sglang/pull/36172",
    ),
    Paper(
        "turboquant-pro: keys by channel instead of by vector",
        "The turboquant-pro contributors",
        2026,
        url="https://github.com/ahb-sjsu/turboquant-pro/pull/98",
    ),
    Paper(
        "dmx-compressor: block floating point formats by name",
        "d-Matrix",
        2024,
        url="https://github.com/d-matrix-ai/dmx-compressor",
    ),
    Paper(
        "microxcaling: emulation of the MX formats",
        "Microsoft",
        2023,
        url="https://github.com/microsoft/microxcaling",
    ),
)
