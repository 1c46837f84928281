"""What the paper claims of its token tasks: smaller gap and spread, higher similarity, better scores in other scripts.

Paper: sections 4.1 to 4.3, Table 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gapstudy.exhibits.contrasts import (
    before_training,
    common_seeds,
    difference,
    difference_of_cka,
    few,
    sides_of,
    signed,
)
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE1
from gapstudy.exhibits.similarity import debiased_by_seed
from gapstudy.exhibits.table1 import TOKEN_TASKS
from gapstudy.exhibits.verdict import Part, Verdict
from gapstudy.languages import MAJOR_SCRIPTS, language
from gapstudy.stats import mean_rpd, spread

__all__ = ["PHONEMES", "other_scripts", "similarity_claim", "token_claims"]

PHONEMES = "Phonemes, compared with characters"
_GAPS = (
    ("gap", "smaller gap (mean RPD, %)", mean_rpd, "mean_rpd", 2),
    ("spread", "smaller spread (Std.)", spread, "std", 4),
)


def token_claims(evidence: Evidence, task: str, names: tuple[str, str]) -> Iterator[Verdict]:
    """Yield the claims on one token task, over the languages and seeds that both representations have."""
    languages = [c for c in evidence.spec(task).languages if all(evidence.seeds(task, r, (c,)) for r in names)]
    seeds = common_seeds(evidence, task, names, languages)
    if len(languages) > 1 and seeds:
        sides = [evidence.scores(task, r, languages, seeds) for r in names]
        for key, what, statistic, printed, digits in _GAPS:
            yield Verdict(
                claim=f"{task.upper()}: {what}",
                about=PHONEMES,
                sign=-1,
                printed=_printed(task, printed, digits) if _as_printed(evidence, names) else "–",
                estimate=difference(sides, statistic, evidence.study.analysis.level),
                digits=digits,
                remark=few(len(seeds)),
                key="gap" if key == "gap" else "spread",
                task=task,
                names=names,
                sides=sides_of(sides, statistic),
            )
    yield from _script_claim(evidence, task, names, languages)
    if len(languages) > 1 and seeds:
        yield similarity_claim(evidence, task, names, languages, seeds)


def other_scripts(languages: Sequence[str]) -> list[str]:
    """Return the languages that are not written in a major script.

    >>> other_scripts(["eng", "ukr", "kor", "hin"])
    ['kor', 'hin']
    """
    return [code for code in languages if language(code).script not in MAJOR_SCRIPTS]


def _script_claim(evidence: Evidence, task: str, names: tuple[str, str], languages: Sequence[str]) -> Iterator[Verdict]:
    """Claim better scores where the script is another than Latin or Cyrillic: the paper says it of NER."""
    others = other_scripts(languages)
    seeds = common_seeds(evidence, task, names, others) if others else []
    if not seeds:
        return
    level = evidence.study.analysis.level

    def over(codes: Sequence[str], here: Sequence[int]) -> list[np.ndarray]:
        return [evidence.scores(task, r, codes, here) for r in names]

    codes = TABLE1[task, "phoneme"]["scores"] if _as_printed(evidence, names) else ()
    ahead = {code: _ahead(task, code) for code in codes}
    parts = [
        Part(language=code, estimate=difference(over([code], seeds), _mean, level), printed=ahead.get(code, math.nan))
        for code in others
    ]
    major = [code for code in languages if code not in others]
    if shared := common_seeds(evidence, task, names, major) if major else []:
        parts.append(
            Part(
                name="Latin and Cyrillic script",
                estimate=difference(over(major, shared), _mean, level),
                printed=_mean_of([v for code, v in ahead.items() if code not in other_scripts(list(ahead))]),
            )
        )
    listed = ", ".join(others)
    remarks = (
        f"{listed}: neither Latin nor Cyrillic",
        "" if task == "ner" else "claimed for NER alone",
        few(len(seeds)),
    )
    yield Verdict(
        claim=f"{task.upper()}: better in other scripts (points)",
        about=PHONEMES,
        sign=1,
        printed=signed(_mean_of([ahead[code] for code in other_scripts(list(ahead))]), 2),
        estimate=difference(over(others, seeds), _mean, level),
        digits=2,
        remark="; ".join(filter(None, remarks)),
        key="scripts",
        task=task,
        names=names,
        sides=sides_of(over(others, seeds), _mean),
        parts=tuple(parts),
    )


def similarity_claim(
    evidence: Evidence, task: str, names: tuple[str, str], languages: Sequence[str], seeds: Sequence[int]
) -> Verdict:
    """Claim higher CKA: seeds and sentences are both a source of chance."""
    a, b = [list(debiased_by_seed(evidence, task, r, languages, seeds)) for r in names]
    before = before_training(evidence, task, names, languages)
    known = math.isfinite(before)
    return Verdict(
        claim=f"{task.upper()}: more similar (debiased CKA)",
        about=PHONEMES,
        sign=1,
        printed=_printed(task, "mean_cka", 3) if task in TOKEN_TASKS and _as_printed(evidence, names) else "–",
        estimate=difference_of_cka(a, b, level=evidence.study.analysis.level),
        digits=3,
        remark=f"{signed(before, 3)} already before fine-tuning, by input units and pre-training" if known else "",
        key="cka",
        task=task,
        names=names,
        sides=(float(np.mean([x.value for x in a])), float(np.mean([x.value for x in b]))),
        before=before,
    )


def _as_printed(evidence: Evidence, names: tuple[str, str]) -> bool:
    """Whether the baseline is the paper's, characters: it prints no token task with subwords."""
    return evidence.study.representations[names[0]].kind == "character"


def _mean_of(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _mean(means: Sequence[float]) -> float:
    return float(np.mean(means))


def _ahead(task: str, code: str) -> float:
    """Return by how much the paper's phonemes are ahead of its characters in a language, in points."""
    return float(TABLE1[task, "phoneme"]["scores"][code] - TABLE1[task, "character"]["scores"][code])


def _printed(task: str, what: str, digits: int) -> str:
    """Return the paper's difference, phonemes less characters."""
    return signed(TABLE1[task, "phoneme"][what] - TABLE1[task, "character"][what], digits)
