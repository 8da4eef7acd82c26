"""Sources of every method in this lab."""

from __future__ import annotations

from engine.core.registry import Paper

PAPERS: tuple[Paper, ...] = (
    Paper(
        "Memorized Images in Diffusion Models share a Subspace that can be Located and Deleted",
        "Ruchika Chavhan, Ondrej Bohdal, Yongshuo Zong, Da Li, Timothy Hospedales",
        2024,
        arxiv="2406.18566",
    ),
    Paper(
        "ConceptPrune: Concept Editing in Diffusion Models via Skilled Neuron Pruning",
        "Ruchika Chavhan, Da Li, Timothy Hospedales",
        2024,
        arxiv="2405.19237",
    ),
    Paper(
        "A Simple and Effective Pruning Approach for Large Language Models",
        "Mingjie Sun, Zhuang Liu, Anna Bair, J. Zico Kolter",
        2024,
        arxiv="2306.11695",
    ),
    Paper(
        "Finding DoRI: Discovery of Retained Images in Diffusion Models",
        "Antoni Kowalczuk, Dominik Hintersdorf, Lukas Struppek, Kristian Kersting, Adam Dziedzic, "
        "Franziska Boenisch",
        2025,
        arxiv="2507.16880",
    ),
    Paper(
        "Detecting, Explaining, and Mitigating Memorization in Diffusion Models",
        "Yuxin Wen, Yuchen Liu, Chen Chen, Lingjuan Lyu",
        2024,
        arxiv="2407.21720",
    ),
    Paper(
        "Extracting Training Data from Diffusion Models",
        "Nicholas Carlini, Jamie Hayes, Milad Nasr, Matthew Jagielski, Vikash Sehwag, Florian "
        "Tramèr, Borja Balle, Daphne Ippolito, Eric Wallace",
        2023,
        arxiv="2301.13188",
    ),
    Paper(
        "Denoising Diffusion Implicit Models",
        "Jiaming Song, Chenlin Meng, Stefano Ermon",
        2021,
        arxiv="2010.02502",
    ),
    Paper(
        "Image Quality Assessment: From Error Visibility to Structural Similarity",
        "Zhou Wang, Alan C. Bovik, Hamid R. Sheikh, Eero P. Simoncelli",
        2004,
        url="https://doi.org/10.1109/TIP.2003.819861",
    ),
    Paper(
        "Understanding and Mitigating Copying in Diffusion Models",
        "Gowthami Somepalli, Vasu Singla, Micah Goldblum, Jonas Geiping, Tom Goldstein",
        2023,
        arxiv="2305.20086",
    ),
    Paper(
        "Unveiling and Mitigating Memorization in Text-to-image Diffusion Models through Cross "
        "Attention",
        "Jie Ren, Yaxin Li, Shenglai Zeng, Han Xu, Lingjuan Lyu, Yue Xing, Jiliang Tang",
        2024,
        arxiv="2403.11052",
    ),
    Paper(
        "Classifier-Free Guidance inside the Attraction Basin May Cause Memorization",
        "Anubhav Jain, Yuya Kobayashi, Takashi Shibuya, Yuhta Takida, Nasir Memon, Julian "
        "Togelius, Yuki Mitsufuji",
        2025,
        arxiv="2411.16738",
    ),
    Paper(
        "Finding NeMo: Localizing Neurons Responsible For Memorization in Diffusion Models",
        "Dominik Hintersdorf, Lukas Struppek, Kristian Kersting, Adam Dziedzic, Franziska Boenisch",
        2024,
        arxiv="2406.02366",
    ),
)
