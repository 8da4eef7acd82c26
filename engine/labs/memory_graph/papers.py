"""Sources of every method in this lab."""

from __future__ import annotations

from engine.core.registry import Paper

PAPERS: tuple[Paper, ...] = (
    Paper(
        "HippoRAG: Neurobiologically Inspired Long-Term Memory for Large Language Models",
        "Bernal Jiménez Gutiérrez, Yiheng Shu, Yu Gu, Michihiro Yasunaga, Yu Su",
        2024,
        arxiv="2405.14831",
    ),
    Paper(
        "From RAG to Memory: Non-Parametric Continual Learning for Large Language Models",
        "Bernal Jiménez Gutiérrez, Yiheng Shu, Weijian Qi, Sizhe Zhou, Yu Su",
        2025,
        arxiv="2502.14802",
    ),
    Paper(
        "A-MEM: Agentic Memory for LLM Agents",
        "Wujiang Xu, Zujie Liang, Kai Mei, Hang Gao, Juntao Tan, Yongfeng Zhang",
        2025,
        arxiv="2502.12110",
    ),
    Paper(
        "MemoryBank: Enhancing Large Language Models with Long-Term Memory",
        "Wanjun Zhong, Lianghong Guo, Qiqi Gao, He Ye, Yanlin Wang",
        2023,
        arxiv="2305.10250",
    ),
    Paper(
        "Think-in-Memory: Recalling and Post-thinking Enable LLMs with Long-Term Memory",
        "Lei Liu, Xiaoyan Yang, Yue Shen, Binbin Hu, Zhiqiang Zhang, Jinjie Gu, Guannan Zhang",
        2023,
        arxiv="2311.08719",
    ),
    Paper(
        "Human-like Episodic Memory for Infinite Context LLMs",
        "Zafeirios Fountas, Martin A Benfeghoul, Adnan Oomerjee, Fenia Christopoulou, "
        "Gerasimos Lampouras, Haitham Bou-Ammar, Jun Wang",
        2024,
        arxiv="2407.09450",
    ),
    Paper(
        "Assessing Episodic Memory in LLMs with Sequence Order Recall Tasks",
        "Mathis Pink, Vy A. Vo, Qinyuan Wu, Jianing Mu, Javier S. Turek, Uri Hasson, "
        "Kenneth A. Norman, Sebastian Michelmann, Alexander Huth, Mariya Toneva",
        2024,
        arxiv="2410.08133",
    ),
    Paper(
        "Reformer: The Efficient Transformer",
        "Nikita Kitaev, Łukasz Kaiser, Anselm Levskaya",
        2020,
        arxiv="2001.04451",
    ),
    Paper(
        "CoAT: Chain-of-Associated-Thoughts Framework for Enhancing Large Language Models "
        "Reasoning",
        "Jianfeng Pan, Senyou Deng, Shaomang Huang",
        2025,
        arxiv="2502.02390",
    ),
    Paper(
        "HiAgent: Hierarchical Working Memory Management for Solving Long-Horizon Agent Tasks "
        "with Large Language Model",
        "Mengkang Hu, Tianxing Chen, Qiguang Chen, Yao Mu, Wenqi Shao, Ping Luo",
        2024,
        arxiv="2408.09559",
    ),
    Paper(
        "MuSiQue: Multihop Questions via Single-hop Question Composition",
        "Harsh Trivedi, Niranjan Balasubramanian, Tushar Khot, Ashish Sabharwal",
        2022,
        arxiv="2108.00573",
    ),
    Paper(
        "HotpotQA: A Dataset for Diverse, Explainable Multi-hop Question Answering",
        "Zhilin Yang, Peng Qi, Saizheng Zhang, Yoshua Bengio, William W. Cohen, "
        "Ruslan Salakhutdinov, Christopher D. Manning",
        2018,
        arxiv="1809.09600",
    ),
    Paper(
        "Evaluating Very Long-Term Conversational Memory of LLM Agents",
        "Adyasha Maharana, Dong-Ho Lee, Sergey Tulyakov, Mohit Bansal, Francesco Barbieri, "
        "Yuwei Fang",
        2024,
        arxiv="2402.17753",
    ),
    Paper(
        "Fast unfolding of communities in large networks",
        "Vincent D. Blondel, Jean-Loup Guillaume, Renaud Lambiotte, Etienne Lefebvre",
        2008,
        arxiv="0803.0476",
    ),
    Paper(
        "Modularity from fluctuations in random graphs and complex networks",
        "Roger Guimerà, Marta Sales-Pardo, Luís A. Nunes Amaral",
        2004,
        url="https://doi.org/10.1103/PhysRevE.70.025101",
    ),
)
