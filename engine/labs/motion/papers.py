"""Sources of every method in this lab."""

from __future__ import annotations

from engine.core.registry import Paper

PAPERS: tuple[Paper, ...] = (
    Paper(
        "Motion Mamba: Efficient and Long Sequence Motion Generation",
        "Zeyu Zhang, Akide Liu, Ian Reid, Richard Hartley, Bohan Zhuang, Hao Tang",
        2024,
        arxiv="2403.07487",
    ),
    Paper(
        "KMM: Key Frame Mask Mamba for Extended Motion Generation",
        "Zeyu Zhang, Hang Gao, Akide Liu, Qi Chen, Feng Chen, Yiran Wang, Danning Li, Hao Tang",
        2024,
        arxiv="2411.06481",
    ),
    Paper(
        "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
        "Albert Gu, Tri Dao",
        2023,
        arxiv="2312.00752",
    ),
    Paper(
        "Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured "
        "State Space Duality",
        "Tri Dao, Albert Gu",
        2024,
        arxiv="2405.21060",
    ),
    Paper(
        "Generating Diverse and Natural 3D Human Motions from Text",
        "Chuan Guo, Shihao Zou, Xinxin Zuo, Sen Wang, Wei Ji, Xingyu Li, Li Cheng",
        2022,
        url="https://openaccess.thecvf.com/content/CVPR2022/html/Guo_Generating_Diverse_and_Natural_3D_Human_Motions_From_Text_CVPR_2022_paper.html",
    ),
)
