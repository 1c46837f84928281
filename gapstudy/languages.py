"""Facts about each language that code elsewhere looks up: names, script, Epitran code, corpus codes.

Paper: section 3.6 (languages), Table 4 (corpora). :data:`LANGUAGES` are the paper's twelve; :func:`language` knows every
language that Epitran has rules for, and those of FLORES-200, from ``languages.tsv`` beside this file, which
``python -m gapstudy.g2p.list_languages`` writes and which is read when one of them is first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

__all__ = [
    "LANGUAGES",
    "MAJOR_SCRIPTS",
    "RIGHT_TO_LEFT",
    "TABLE",
    "TOKEN_TASK_LANGUAGES",
    "XNLI_LANGUAGES",
    "Language",
    "all_languages",
    "language",
]

TABLE = "languages.tsv"
RIGHT_TO_LEFT = frozenset({"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm"})
MAJOR_SCRIPTS = frozenset({"Latn", "Cyrl"})
"""What the paper calls major scripts (its footnote 5: the ones that are used most in pre-training)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language.

    Attributes
    ----------
    code : ISO 639-3 code, the name used everywhere in gapstudy.
    name : English name.
    script : ISO 15924 code of the script it is written in.
    epitran : Epitran's language-script code; empty where Epitran has no rules for this script, so that the language
        has no phonemes here (subwords and characters it has).
    iso1 : ISO 639-1 code, used by XNLI, WikiAnn and UD file names and as BCP 47 tag; the code itself where there is none.
    flores : FLORES-200 / FLORES+ file stem; code_Script where FLORES lacks the language.
    right_to_left : whether the script runs from right to left.
    """

    code: str
    name: str
    script: str
    epitran: str
    iso1: str
    flores: str
    right_to_left: bool = False


_ROWS = (
    Language(code="eng", name="English", script="Latn", epitran="eng-Latn", iso1="en", flores="eng_Latn"),
    Language(code="fra", name="French", script="Latn", epitran="fra-Latn", iso1="fr", flores="fra_Latn"),
    Language(code="rus", name="Russian", script="Cyrl", epitran="rus-Cyrl", iso1="ru", flores="rus_Cyrl"),
    Language(code="ita", name="Italian", script="Latn", epitran="ita-Latn", iso1="it", flores="ita_Latn"),
    Language(code="hun", name="Hungarian", script="Latn", epitran="hun-Latn", iso1="hu", flores="hun_Latn"),
    Language(code="ukr", name="Ukrainian", script="Cyrl", epitran="ukr-Cyrl", iso1="uk", flores="ukr_Cyrl"),
    Language(code="kor", name="Korean", script="Hang", epitran="kor-Hang", iso1="ko", flores="kor_Hang"),
    Language(code="tur", name="Turkish", script="Latn", epitran="tur-Latn", iso1="tr", flores="tur_Latn"),
    Language(code="fin", name="Finnish", script="Latn", epitran="fin-Latn", iso1="fi", flores="fin_Latn"),
    Language(code="hin", name="Hindi", script="Deva", epitran="hin-Deva", iso1="hi", flores="hin_Deva"),
    Language(code="swa", name="Swahili", script="Latn", epitran="swa-Latn", iso1="sw", flores="swh_Latn"),
    Language(
        code="urd", name="Urdu", script="Arab", epitran="urd-Arab", iso1="ur", flores="urd_Arab", right_to_left=True
    ),
)

LANGUAGES: dict[str, Language] = {row.code: row for row in _ROWS}
TOKEN_TASK_LANGUAGES: tuple[str, ...] = ("eng", "fra", "rus", "ita", "hun", "ukr", "kor", "tur", "fin", "hin")
XNLI_LANGUAGES: tuple[str, ...] = ("eng", "swa", "urd")


@cache
def all_languages() -> dict[str, Language]:
    """Return every known language by its code: the study's twelve first, then the others (some 230), sorted."""
    from pathlib import Path

    known = dict(LANGUAGES)
    for line in Path(__file__).with_name(TABLE).read_text(encoding="utf-8").splitlines()[1:]:
        code, name, script, epitran, iso1, flores = line.split("\t")
        known[code] = Language(
            code=code,
            name=name,
            script=script,
            epitran=epitran,
            iso1=iso1,
            flores=flores,
            right_to_left=script in RIGHT_TO_LEFT,
        )
    return known


def _near(asked: str) -> list[str]:
    """Codes that the asked one may mean: the language with that other code or name, else up to three alike."""
    from difflib import get_close_matches

    spelt: dict[str, str] = {}
    for row in all_languages().values():
        for spelling in (row.code, row.iso1, row.flores, row.flores.split("_")[0], row.epitran, row.name):
            spelt.setdefault(spelling.lower(), row.code)
    del spelt[""]
    wanted = asked.lower()
    alike = [wanted] if wanted in spelt else get_close_matches(wanted, spelt, n=3)
    return list(dict.fromkeys(spelt[spelling] for spelling in alike))


def language(code: str) -> Language:
    """Return the facts of one language.

    Raises
    ------
    ValueError
        If ``code`` is none of :func:`all_languages`; the message names the nearest ones.
    """
    found = LANGUAGES.get(code) or all_languages().get(code)
    if found is None:
        near = ", ".join(f"{c} ({all_languages()[c].name})" for c in _near(code) or LANGUAGES)
        msg = f"unknown language {code!r}; valid: ISO 639-3 codes, nearest {near}"
        raise ValueError(msg)
    return found
