"""The paper's printed numbers, as data; the slips of method are named in :mod:`gapstudy.exhibits.check`.

Paper: Tables 1, 2, 3, 4 and 5, and the numbers of its text. Nothing here is computed.
"""

from __future__ import annotations

from typing import Any

__all__ = ["AHEAD", "SIZES", "TABLE1", "TABLE2", "TABLE3", "TABLE4", "TABLE4_NOTES", "TABLE5", "TABLE5_SPACE"]

_TEN = ("eng", "fra", "rus", "ita", "hun", "ukr", "kor", "tur", "fin", "hin")


def _row(scores: tuple[float, ...], std: float, mean_rpd: float, mean_cka: float) -> dict[str, Any]:
    return {"scores": dict(zip(_TEN, scores, strict=True)), "std": std, "mean_rpd": mean_rpd, "mean_cka": mean_cka}


TABLE1: dict[tuple[str, str], dict[str, Any]] = {
    ("ner", "character"): _row(
        (87.13, 91.27, 91.80, 92.26, 93.14, 93.88, 84.11, 92.92, 90.45, 87.68), 0.0316, 4.02, 0.4584
    ),
    ("ner", "phoneme"): _row(
        (83.61, 89.42, 89.60, 90.56, 91.89, 92.76, 87.19, 92.35, 89.23, 88.23), 0.0259, 3.52, 0.7195
    ),
    ("pos", "character"): _row(
        (96.62, 95.54, 87.91, 96.06, 74.57, 85.79, 86.71, 90.49, 91.78, 96.81), 0.0692, 8.77, 0.4593
    ),
    ("pos", "phoneme"): _row(
        (95.94, 96.35, 86.69, 96.37, 85.87, 91.32, 85.82, 91.11, 93.76, 96.94), 0.0455, 5.80, 0.7204
    ),
}
"""(task, representation) -> F1 in percent by language, Std. as a fraction, mean RPD in percent, mean CKA."""

TABLE2: dict[str, dict[str, Any]] = {
    "subword": {"scores": {"eng": 80.80, "swa": 62.93, "urd": 61.57}, "swa": (24.87, 17.87), "urd": (27.01, 19.23)},
    "character": {"scores": {"eng": 75.02, "swa": 59.72, "urd": 56.55}, "swa": (22.71, 15.30), "urd": (28.08, 18.47)},
    "phoneme": {"scores": {"eng": 71.89, "swa": 60.88, "urd": 56.10}, "swa": (16.59, 11.01), "urd": (24.67, 15.79)},
}
"""representation -> XNLI accuracy in percent by language; (relative, absolute) gap to English by language."""

TABLE3: dict[str, tuple[float, float, float, float]] = {
    "performance": (0.111, 0.56, 0.104, 0.43),
    "sinkhorn": (0.681, 3.5e-05, 0.457, 2.0e-04),
    "cka": (-0.782, 3.4e-07, -0.577, 2.1e-06),
}
"""what the performance gap is correlated with -> Spearman's rho, its p, Kendall's tau, its p."""

_UD_DEV = ("2k", "1.5k", "0.9k", "0.6k", "0.4k", "0.7k", "2k", "1.6k", "1.4k", "1.7k")
_UD_TEST = ("2k", "0.4k", "0.9k", "0.5k", "0.4k", "0.9k", "2.3k", "1.6k", "1.6k", "1.7k")

TABLE4: dict[tuple[str, str], tuple[str, str, str]] = {
    **{("parallel", code): ("-", "1.2k", "-") for code in _TEN},
    **{("xnli", code): ("393k", "2.49k", "5.01k") for code in ("eng", "swa", "urd")},
    **{("ner", code): ("20k", "10k", "10k") for code in _TEN[:-1]},
    ("ner", "hin"): ("5k", "1k", "1k"),
    **{("pos", code): ("-", dev, test) for code, dev, test in zip(_TEN, _UD_DEV, _UD_TEST, strict=True)},
}
"""(corpus, language) -> train, dev, test as printed, "-" where that is not clear (:data:`TABLE4_NOTES`)."""

TABLE4_NOTES: dict[tuple[str, str], str] = {
    ("parallel", "dev"): "the paper counts 1,012 sentences in its section 3.4",
    ("ner", "dev"): "the paper prints nine development sizes for ten languages; 10k is assumed for all but hin",
    (
        "pos",
        "train",
    ): "the paper prints eleven training sizes for ten languages: 12.5k 14.5k 16k 13k 0.9k 5.5k 23k 15k 12k 12k 13k",
}
"""(corpus, column) -> what is not clear of Table 4."""

AHEAD: dict[str, float] = {"eng": 8.91, "swa": 2.05, "urd": 5.47}
"""Section 4.2: by how much the subword model outperforms the phoneme-based one on XNLI (printed with a percent sign)."""

SIZES: dict[str, tuple[int, int, int]] = {
    "FLORES+ development-test sentences": (1_200, 1_012, 100),
    "XNLI training pairs": (393_000, 392_702, 1_000),
    "XNLI development pairs": (2_490, 2_490, 10),
    "XNLI test pairs": (5_010, 5_010, 10),
}
"""what Table 4 counts -> as printed, as the data set has (FLORES+: as section 3.4 says), one unit of the last digit."""

TABLE5_SPACE: dict[str, dict[str, str]] = {
    "xnli": {
        "learning rate": "5e-6, 7e-6, 1e-5, 3e-5, 5e-5",
        "weight decay": "0.0, 1e-1, 1e-2, 1e-3",
        "schedule": "cosine or constant",
    },
    "ner": {"learning rate": "3e-5, 5e-5, 1e-4, 3e-4", "weight decay": "1e-2"},
    "pos": {"learning rate": "3e-5, 5e-5, 1e-4, 3e-4", "weight decay": "1e-2"},
}
"""task -> hyper-parameter -> search space as printed (the schedule is printed as True or False)."""

TABLE5: dict[tuple[str, str], dict[str, str]] = {
    ("xnli", "subword"): {"learning rate": "5e-6", "weight decay": "0.01", "schedule": "cosine"},
    ("xnli", "character"): {
        "learning rate": "5e-6 (eng), 1e-5 (swa, urd)",
        "weight decay": "0.1 (eng), 0.0 (swa), 0.01 (urd)",
        "schedule": "cosine",
    },
    ("xnli", "phoneme"): {
        "learning rate": "7e-6 (eng), 3e-6 (swa, urd)",
        "weight decay": "0.1 (eng), 0.0 (swa), 0.01 (urd)",
        "schedule": "constant",
    },
    ("ner", "character"): {
        "learning rate": "5e-5 (eng, fra, ita, hun, kor, tur), 1e-4 (rus, ukr, fin, hin)",
        "weight decay": "1e-2",
    },
    ("ner", "phoneme"): {
        "learning rate": "8e-5 (rus, ita), 5e-5 (eng, fra, hun, ukr, tur, fin, hin), 1e-4 (kor)",
        "weight decay": "1e-2",
    },
    ("pos", "character"): {
        "learning rate": "5e-5 (rus, ukr, tur), 1e-4 (eng, fra, fin, hin), 3e-4 (ita, hun, kor)",
        "weight decay": "1e-2",
    },
    ("pos", "phoneme"): {
        "learning rate": "5e-5 (eng), 1e-4 (fra, rus, ita, hun, ukr, kor, tur, fin, hin)",
        "weight decay": "1e-2",
    },
}
"""(task, representation) -> hyper-parameter -> the values the paper selected, as printed but for its language codes."""
