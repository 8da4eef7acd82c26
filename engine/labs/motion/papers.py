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
    Paper(
        "Denoising Diffusion Implicit Models",
        "Jiaming Song, Chenlin Meng, Stefano Ermon",
        2020,
        arxiv="2010.02502",
    ),
    Paper(
        "Classifier-Free Diffusion Guidance",
        "Jonathan Ho, Tim Salimans",
        2022,
        arxiv="2207.12598",
    ),
    Paper(
        "Neural Discrete Representation Learning",
        "Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu",
        2017,
        arxiv="1711.00937",
    ),
    Paper(
        "MaskGIT: Masked Generative Image Transformer",
        "Huiwen Chang, Han Zhang, Lu Jiang, Ce Liu, William T. Freeman",
        2022,
        arxiv="2202.04200",
    ),
    Paper(
        "Clustering by fast search and find of density peaks",
        "Alex Rodriguez, Alessandro Laio",
        2014,
        url="https://doi.org/10.1126/science.1242072",
    ),
    Paper(
        "Seamless Human Motion Composition with Blended Positional Encodings",
        "German Barquero, Sergio Escalera, Cristina Palmero",
        2024,
        arxiv="2402.15509",
    ),
    Paper(
        "Story-to-Motion: Synthesizing Infinite and Controllable Character Animation from Long "
        "Text",
        "Zhongfei Qing, Zhongang Cai, Zhitao Yang, Lei Yang",
        2023,
        arxiv="2311.07446",
    ),
    Paper(
        "Motion Matching and The Road to Next-Gen Animation",
        "Simon Clavet",
        2016,
        url="https://www.gdcvault.com/play/1023280/Motion-Matching-and-The-Road",
    ),
    Paper(
        "Inertialization: High-Performance Animation Transitions in Gears of War",
        "David Bollo",
        2018,
        url="https://www.gdcvault.com/play/1025331/Inertialization-High-Performance-Animation-Transitions",
    ),
    Paper(
        "Persistent-Transient Duality: A Multi-mechanism Approach for Modeling Human-Object "
        "Interaction",
        "Hung Tran, Vuong Le, Svetha Venkatesh, Truyen Tran",
        2023,
        arxiv="2307.12729",
    ),
    Paper(
        "The coordination of arm movements: an experimentally confirmed mathematical model",
        "Tamar Flash, Neville Hogan",
        1985,
        url="https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985",
    ),
    Paper(
        "MotionStreamer: Streaming Motion Generation via Diffusion-based Autoregressive Model in "
        "Causal Latent Space",
        "Lixing Xiao, Shunlin Lu, Huaijin Pi, Ke Fan, Liang Pan, Yueer Zhou, Ziyong Feng, "
        "Xiaowei Zhou, Sida Peng, Jingbo Wang",
        2025,
        arxiv="2503.15451",
    ),
)
