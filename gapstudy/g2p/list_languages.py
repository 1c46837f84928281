"""Write ``gapstudy/languages.tsv``, the languages beside the twelve of the study: ``python -m gapstudy.g2p.list_languages``.

Paper: none (section 3.6 names twelve). Run once; needs the extra ``train`` and Babel. The rows are every
language that Epitran has a map for, and every language of FLORES-200 that it has none for.

* names and ISO 639-1 codes are CLDR's (Babel), :data:`_NAMES` where CLDR has none;
* of several maps the one in the language's usual script (CLDR's likely one) and without a suffix is taken
  (``spa-Latn``, not ``spa-Latn-eu``); where all have a suffix, the first by name (``mon-Cyrl-bab``);
* the FLORES code is that of the same script, under the individual language's code where FLORES uses that
  (``lav`` is ``lvs_Latn``); where FLORES lacks the language, ``code_Script``;
* :data:`_HAN` are written in characters for which Epitran asks for dictionaries or has a map of a romanisation only:
  they are listed without a map.
"""

from __future__ import annotations

import re
import sys
from importlib import resources
from pathlib import Path

from gapstudy.languages import LANGUAGES, RIGHT_TO_LEFT, TABLE, Language

__all__ = ["epitran_maps", "rows", "text"]

# Maps of Epitran whose names are no ISO 639-3 codes; "pii" is Proto-Indo-Iranian there and Pini in ISO 639-3.
NO_LANGUAGES = ("generic", "pii", "uew")
_HAN = {"cmn": "Hans", "cjy": "Hans", "gan": "Hans", "hsn": "Hans", "wuu": "Hans", "yue": "Hant", "jpn": "Jpan"}
_NAMES = {
    "acm": "Mesopotamian Arabic",
    "acq": "Ta'izzi-Adeni Arabic",
    "aii": "Assyrian Neo-Aramaic",
    "ajp": "South Levantine Arabic",
    "apc": "North Levantine Arabic",
    "ayr": "Central Aymara",
    "azb": "South Azerbaijani",
    "bxk": "Bukusu",
    "cjk": "Chokwe",
    "cjy": "Jin Chinese",
    "cmn": "Mandarin Chinese",
    "dik": "Southwestern Dinka",
    "hne": "Chhattisgarhi",
    "kbp": "Kabiye",
    "kmr": "Northern Kurdish",
    "knc": "Central Kanuri",
    "ltc": "Late Middle Chinese",
    "nhi": "Zacatlan-Ahuacatlan-Tepetzintla Nahuatl",
    "npi": "Nepali",
    "ood": "O'odham",
    "pbt": "Southern Pashto",
    "pbu": "Northern Pashto",
    "plt": "Plateau Malagasy",
    "prs": "Dari",
    "quy": "Ayacucho Quechua",
    "sro": "Campidanese Sardinian",
    "taq": "Tamasheq",
    "tgl": "Tagalog",
    "twi": "Twi",
    "xty": "Yoloxochitl Mixtec",
    "ydd": "Eastern Yiddish",
}
_ISO1 = {"tgl": "tl"}  # CLDR takes Tagalog for Filipino
# How FLORES-200 names what Epitran names by its macrolanguage (or the other way round).
_FLORES = {
    "ara": "arb",
    "aze": "azj",
    "cmn": "zho",
    "fas": "pes",
    "ful": "fuv",
    "lav": "lvs",
    "mon": "khk",
    "msa": "zsm",
    "ori": "ory",
    "orm": "gaz",
    "sqi": "als",
    "uzb": "uzn",
}
_MAP = re.compile("([a-z]{3})-([A-Za-z]{4})")


def epitran_maps() -> dict[str, list[str]]:
    """Return the names of Epitran's maps by ISO 639-3 code, sorted."""
    maps: dict[str, list[str]] = {}
    for file in resources.files("epitran").joinpath("data/map").iterdir():
        name, found = file.name.removesuffix(".csv"), _MAP.match(file.name)
        if found and found[1] not in NO_LANGUAGES and file.name.endswith(".csv"):
            maps.setdefault(found[1], []).append(name)
    return {code: sorted(maps[code]) for code in sorted(maps)}


def _script(name: str) -> str:
    """The ISO 15924 code in the name of a map."""
    return name.split("-")[1][:4].title()


def _flores_codes() -> tuple[str, ...]:
    """The codes of FLORES-200, as the tokenizer of NLLB-200 lists them."""
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    # NLLB writes sat_Beng for the text that FLORES-200 has as sat_Olck.
    return tuple(str(code).replace("sat_Beng", "sat_Olck") for code in FAIRSEQ_LANGUAGE_CODES)


def _iso1(code: str) -> str:
    """ISO 639-1, or the code itself."""
    from babel.core import get_global

    alias = str(get_global("language_aliases").get(code, code))
    return _ISO1.get(code) or (alias if len(alias) == 2 else code)


def _facts(code: str, script: str, epitran: str, flores: tuple[str, ...]) -> Language:
    """One row."""
    from babel import Locale

    names, iso1 = Locale("en").languages, _iso1(code)
    stem = f"{_FLORES.get(code, code)}_{script}"
    return Language(
        code=code,
        name=_NAMES.get(code) or names.get(iso1) or names[code],
        script=script,
        epitran=epitran,
        iso1=iso1,
        flores=stem if stem in flores else f"{code}_{script}",
        right_to_left=script in RIGHT_TO_LEFT,
    )


def _usual_script(code: str) -> str:
    """The script that CLDR says a language is most likely written in; may be empty."""
    from babel.core import get_global

    likely = str(get_global("likely_subtags").get(_iso1(code), "")).split("_")
    return likely[1] if len(likely) > 1 else ""


def _chosen(code: str, maps: list[str]) -> str:
    """The map that stands for a language."""
    usual = _usual_script(code)
    return min(maps, key=lambda name: (_script(name) != usual, name.count("-"), name))


def rows() -> list[Language]:
    """Return the languages beside the study's twelve, sorted by code."""
    flores, maps = _flores_codes(), epitran_maps()
    found = {}
    for code, names in maps.items():
        name = _chosen(code, names)
        script = _HAN.get(code) or _script(name)
        found[code] = _facts(code, script, "" if code in _HAN else name, flores)
    used = {row.flores.split("_")[0] for row in (*found.values(), *LANGUAGES.values())} | {"zho"}
    for code, script in (stem.split("_") for stem in flores):
        if code not in used and (code not in found or script == _usual_script(code)):
            found[code] = _facts(code, script, "", flores)
    return [found[code] for code in sorted(found) if code not in LANGUAGES]


def text() -> str:
    """Return the file as it should be."""
    lines = ["code\tname\tscript\tepitran\tiso1\tflores"]
    lines += [f"{r.code}\t{r.name}\t{r.script}\t{r.epitran}\t{r.iso1}\t{r.flores}" for r in rows()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    path = Path(sys.modules["gapstudy.languages"].__file__ or "").with_name(TABLE)
    beside = path.with_suffix(".new")
    beside.write_text(text(), encoding="utf-8")
    beside.replace(path)
    print(f"{path}: {len(rows())} languages")  # noqa: T201  (what the command says)
