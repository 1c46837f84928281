"""Figure 1: one sentence in script and in phones.

Paper: Figure 1 (English and Korean).
"""

from __future__ import annotations

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.svg import plain_text
from gapstudy.languages import language as facts_of

__all__ = ["compute"]

WORD_BOUNDARY = "\u2581"
_SCRIPTS = {"Latn": "Latin", "Cyrl": "Cyrillic", "Hang": "Hangul", "Deva": "Devanagari", "Arab": "Arabic", "Hans": "Han",
            "Hant": "Han", "Jpan": "Japanese", "Thai": "Thai", "Beng": "Bengali", "Taml": "Tamil", "Telu": "Telugu",
            "Ethi": "Ethiopic", "Geor": "Georgian", "Grek": "Greek", "Hebr": "Hebrew"}  # fmt: skip


def compute(evidence: Evidence) -> Exhibit:
    """Compute Figure 1 from the sentences that were spelt when the study was prepared."""
    spoken = next((n for n, r in evidence.study.used_representations().items() if r.kind == "phoneme"), None)
    examples = evidence.prepared["figure1"]
    wanted = [c for c in evidence.study.analysis.figure1 if f"{spoken}/{c}" in examples]
    absent = [c for c in evidence.study.analysis.figure1 if c not in wanted]
    missing = [] if spoken else ["the study has no phoneme representation"]
    missing += [f"no sentence of {', '.join(absent)} was prepared"] if spoken and absent else []
    rows = [row for code in wanted for row in _rows(code, examples[f"{spoken}/{code}"])]
    return Exhibit(
        key="figure1",
        kind="figure",
        title="One sentence, as text and as phonemes",
        caption="One sentence of the parallel corpus, the same in each language, as written and as the phoneme encoder reads it.",
        method=f"Phones are separated by blanks, words by {WORD_BOUNDARY}.",
        alt=_alt({code: examples[f"{spoken}/{code}"] for code in wanted}),
        signature=evidence.prepared_signature(
            f"representation:{spoken or 'none'}", *_backends(evidence, spoken, wanted)
        ),
        table=Table(header=((Head("Input"), Head("Sentence")),), rows=tuple(rows), align="ll") if rows else None,
        data={code: examples[f"{spoken}/{code}"] for code in wanted},
        records=tuple({"language": code, **examples[f"{spoken}/{code}"]} for code in wanted),
        missing=tuple(missing),
    )


def _alt(examples: dict[str, dict[str, str]]) -> str:
    """Say every sentence and its phones."""
    told = [
        f"{facts_of(code).name}: {plain_text(x['text'])} Phones: {plain_text(x['units'])}"
        for code, x in examples.items()
    ]
    return " ".join(["One sentence in several languages, each as written and in phones.", *told])


def _backends(evidence: Evidence, representation: str | None, languages: list[str]) -> list[str]:
    """Return what spelt the sentences."""
    return sorted(
        {
            f"g2p:{row['backend']}"
            for row in evidence.prepared["g2p"]
            if row["representation"] == representation and row["language"] in languages
        }
    )


def _rows(code: str, example: dict[str, str]) -> list[tuple[Cell, ...]]:
    """Return a heading with language and script, the sentence as written, and as the encoder reads it."""
    facts = facts_of(code)
    return [
        (Cell(f"{facts.name}, {_SCRIPTS.get(facts.script, facts.script)} script", heading=True),),
        (Cell("orthography"), Cell(example["text"], lang=f"{facts.iso1}-{facts.script}")),
        (Cell("phonemes"), Cell(example["units"], lang=f"{facts.iso1}-fonipa")),
    ]
