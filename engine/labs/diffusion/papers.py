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
        "Progressive Distillation for Fast Sampling of Diffusion Models",
        "Tim Salimans, Jonathan Ho",
        2022,
        arxiv="2202.00512",
    ),
    Paper(
        "Attention Is All You Need",
        "Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion Jones, Aidan N. Gomez, "
        "Łukasz Kaiser, Illia Polosukhin",
        2017,
        arxiv="1706.03762",
    ),
    Paper(
        "Image Quality Assessment: From Error Visibility to Structural Similarity",
        "Zhou Wang, Alan C. Bovik, Hamid R. Sheikh, Eero P. Simoncelli",
        2004,
        url="https://doi.org/10.1109/TIP.2003.819861",
    ),
    Paper(
        "A Self-Supervised Descriptor for Image Copy Detection",
        "Ed Pizzi, Sreya Dutta Roy, Sugosh Nagavara Ravindra, Priya Goyal, Matthijs Douze",
        2022,
        arxiv="2202.10261",
    ),
    Paper(
        "SolidMark: Evaluating Image Memorization in Generative Models",
        "Nicky Kriplani, Minh Pham, Gowthami Somepalli, Chinmay Hegde, Niv Cohen",
        2025,
        arxiv="2503.00592",
    ),
    Paper(
        "SlowFast-VGen: Slow-Fast Learning for Action-Driven Long Video Generation",
        "Yining Hong, Beide Liu, Maxine Wu, Yuanhao Zhai, Kai-Wei Chang, Linjie Li, Kevin Lin, "
        "Chung-Ching Lin, Jianfeng Wang, Zhengyuan Yang, Ying Nian Wu, Lijuan Wang",
        2024,
        arxiv="2410.23277",
    ),
    Paper(
        "LoRA: Low-Rank Adaptation of Large Language Models",
        "Edward J. Hu, Yelong Shen, Phillip Wallis, Zeyuan Allen-Zhu, Yuanzhi Li, Shean Wang, "
        "Lu Wang, Weizhu Chen",
        2022,
        arxiv="2106.09685",
    ),
    Paper(
        "RePaint: Inpainting using Denoising Diffusion Probabilistic Models",
        "Andreas Lugmayr, Martin Danelljan, Andres Romero, Fisher Yu, Radu Timofte, Luc Van Gool",
        2022,
        arxiv="2201.09865",
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
        "A Reproducible Extraction of Training Images from Diffusion Models",
        "Ryan Webster",
        2023,
        arxiv="2305.08694",
    ),
    Paper(
        "Broken Memories: Detecting and Mitigating Memorization in Diffusion Models with Degraded "
        "Generations",
        "Yuanmin Huang, Mi Zhang, Chen Chen, Feifei Li, Geng Hong, Xiaoyu You, Min Yang",
        2026,
        arxiv="2605.22050",
    ),
    Paper(
        "Localizing Memorized Regions in Diffusion Models via Coordinate-Wise Curvature "
        "Differences",
        "Gwangho Kim, Sungyoon Lee",
        2026,
        arxiv="2605.26756",
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
