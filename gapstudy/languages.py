"""Facts about each language that code elsewhere looks up: names, script, Epitran code, corpus codes.

Paper: section 3.6 (languages), Table 4 (corpora).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LANGUAGES", "TOKEN_TASK_LANGUAGES", "XNLI_LANGUAGES", "Language", "language"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One study language.

    Attributes
    ----------
    code : ISO 639-3 code, the name used everywhere in gapstudy.
    name : English name.
    script : ISO 15924 code of the script it is written in.
    epitran : Epitran's language-script code.
    iso1 : ISO 639-1 code, used by XNLI, WikiAnn and UD file names and as BCP 47 tag.
    flores : FLORES-200 / FLORES+ file stem.
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


def language(code: str) -> Language:
    """Return the facts of one language.

    Raises
    ------
    ValueError
        If ``code`` is not one of :data:`LANGUAGES`; the message lists the valid codes.
    """
    try:
        return LANGUAGES[code]
    except KeyError:
        msg = f"unknown language {code!r}; valid: {', '.join(LANGUAGES)}"
        raise ValueError(msg) from None
