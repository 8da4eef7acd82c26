"""Sources of every method in this lab."""

from __future__ import annotations

from engine.core.registry import Paper

PAPERS: tuple[Paper, ...] = (
    Paper(
        "PIM-GPT: A Hybrid Process-in-Memory Accelerator for Autoregressive Transformers",
        "Yuting Wu, Ziyu Wang, Wei D. Lu",
        2023,
        arxiv="2310.09385",
    ),
    Paper(
        "ZeRO-Offload: Democratizing Billion-Scale Model Training",
        "Jie Ren, Samyam Rajbhandari, Reza Yazdani Aminabadi, Olatunji Ruwase, Shuangyan Yang, "
        "Minjia Zhang, Dong Li, Yuxiong He",
        2021,
        arxiv="2101.06840",
    ),
    Paper(
        "Deep Optimizer States: Towards Scalable Training of Transformer Models Using "
        "Interleaved Offloading",
        "Avinash Maurya, Jie Ye, M. Mustafa Rafique, Franck Cappello, Bogdan Nicolae",
        2024,
        arxiv="2410.21316",
    ),
    Paper(
        "Reducing Activation Recomputation in Large Transformer Models",
        "Vijay Korthikanti, Jared Casper, Sangkug Lym, Lawrence McAfee, Michael Andersch, "
        "Mohammad Shoeybi, Bryan Catanzaro",
        2022,
        arxiv="2205.05198",
    ),
    Paper(
        "DeepSpeed ZeRO-Offload++: TwinFlow",
        "DeepSpeed team",
        2023,
        url="https://github.com/microsoft/DeepSpeed/tree/master/blogs/deepspeed-offloadpp",
    ),
    Paper(
        "Run logs of Deep Optimizer States",
        "DataStates",
        2024,
        url="https://github.com/DataStates/artifacts",
    ),
    Paper(
        "AiM simulator",
        "arkhadem and contributors",
        2024,
        url="https://github.com/arkhadem/aim_simulator",
    ),
    Paper(
        "DRAMsim3: A Cycle-Accurate, Thermal-Capable DRAM Simulator",
        "Shang Li, Zhiyuan Yang, Dhiraj Reddy, Ankur Srivastava, Bruce Jacob",
        2020,
        url="https://github.com/umd-memsys/DRAMsim3",
    ),
)
