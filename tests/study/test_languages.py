"""Facts about the languages, against CLDR."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gapstudy import languages
from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES, XNLI_LANGUAGES, all_languages, language

babel = pytest.importorskip("babel")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_facts_are_those_of_cldr(code: str) -> None:
    """Name, script and direction of each language are those that CLDR gives for its two-letter code."""
    facts = LANGUAGES[code]
    locale = babel.Locale.parse(facts.iso1)
    scripts = {"ko": "Hang"}  # CLDR says Kore, which is Hangul and Han together
    likely = babel.core.get_global("likely_subtags")[facts.iso1].split("_")[1]
    assert facts.code == code
    assert facts.name == locale.english_name
    assert facts.script == scripts.get(facts.iso1, likely)
    assert facts.right_to_left == (locale.text_direction == "rtl")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_codes_of_one_language_agree(code: str) -> None:
    """Epitran and FLORES name the same script; the language too, but for FLORES' Swahili (swh)."""
    facts = LANGUAGES[code]
    assert facts.epitran == f"{code}-{facts.script}"
    assert facts.flores == f"{'swh' if code == 'swa' else code}_{facts.script}"


def test_the_languages_of_the_tasks_are_known() -> None:
    """Ten languages have token tasks, three have XNLI, twelve are all, as in the paper."""
    assert len(LANGUAGES) == 12
    assert len(TOKEN_TASK_LANGUAGES) == 10
    assert XNLI_LANGUAGES == ("eng", "swa", "urd")
    assert {*TOKEN_TASK_LANGUAGES, *XNLI_LANGUAGES} == set(LANGUAGES)


@pytest.mark.parametrize(
    ("asked", "near"),
    [("en", "eng (English)"), ("German", "deu (German)"), ("swh", "swa (Swahili)"), ("pes_Arab", "fas (Persian)")],
)
def test_an_unknown_language_is_told_with_the_one_meant(asked: str, near: str) -> None:
    """Another code or a name of a language leads to its ISO 639-3 code."""
    assert language("urd") is LANGUAGES["urd"]
    with pytest.raises(
        ValueError, match=re.escape(f"unknown language {asked!r}; valid: ISO 639-3 codes, nearest {near}")
    ):
        language(asked)


@pytest.mark.parametrize("asked", ["xq", ""])
def test_what_is_like_no_language_is_told_with_the_twelve(asked: str) -> None:
    """Where nothing is near, the message lists the languages of the study."""
    with pytest.raises(ValueError, match=r"nearest eng \(English\), fra \(French\), .*urd \(Urdu\)"):
        language(asked)


def test_a_slip_of_the_pen_is_told_with_what_is_alike() -> None:
    """Up to three codes or names that look alike are named."""
    with pytest.raises(ValueError, match=r"nearest .*deu \(German\)"):
        language("deut")


def test_the_twelve_come_first() -> None:
    """All languages are the study's twelve and then the others, sorted, each under its own code."""
    known = all_languages()
    codes = list(known)
    assert codes[:12] == list(LANGUAGES)
    assert codes[12:] == sorted(codes[12:])
    assert [row.code for row in known.values()] == codes
    assert len(codes) > 200


def test_every_row_is_whole() -> None:
    """Codes have their form, no two languages have one FLORES code or name, and direction follows from the script."""
    known = all_languages().values()
    for row in known:
        assert re.fullmatch("[a-z]{3}", row.code)
        assert re.fullmatch("[a-z]{2}|" + row.code, row.iso1)
        assert re.fullmatch("[A-Z][a-z]{3}", row.script)
        assert re.fullmatch(f"[a-z]{{3}}_{row.script}", row.flores)
        assert not row.epitran or row.epitran.startswith(f"{row.code}-")
        assert row.right_to_left == (row.script in {"Arab", "Hebr", "Syrc"})
    assert len({row.flores for row in known}) == len({row.name for row in known}) == len(known)


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("deu", ("German", "Latn", "deu-Latn", "de", "deu_Latn", False)),
        ("ara", ("Arabic", "Arab", "ara-Arab", "ar", "arb_Arab", True)),
        ("lav", ("Latvian", "Latn", "lav-Latn", "lv", "lvs_Latn", False)),
        ("spa", ("Spanish", "Latn", "spa-Latn", "es", "spa_Latn", False)),
        ("mon", ("Mongolian", "Cyrl", "mon-Cyrl-bab", "mn", "khk_Cyrl", False)),
        ("srp", ("Serbian", "Cyrl", "srp-Cyrl", "sr", "srp_Cyrl", False)),
        ("dan", ("Danish", "Latn", "", "da", "dan_Latn", False)),
        ("jpn", ("Japanese", "Jpan", "", "ja", "jpn_Jpan", False)),
    ],
)
def test_other_languages_have_their_facts(code: str, facts: tuple[object, ...]) -> None:
    """Rows chosen for their turns (several maps, another FLORES code, no map) are as they should be."""
    row = language(code)
    assert (row.name, row.script, row.epitran, row.iso1, row.flores, row.right_to_left) == facts


@pytest.mark.train
def test_every_language_of_epitran_is_known() -> None:
    """Each code that Epitran has a map for is listed, with a map that exists, but for languages written in Han."""
    from gapstudy.g2p.list_languages import _HAN, epitran_maps

    maps = epitran_maps()
    assert set(maps) <= set(all_languages())
    with_map = {code: row.epitran for code, row in all_languages().items() if row.epitran and code != "eng"}
    assert {code for code, name in with_map.items() if name not in maps[code]} == set()
    assert set(maps) - set(with_map) == set(_HAN)


@pytest.mark.train
def test_the_table_is_what_the_command_writes() -> None:
    """The shipped file is generated, not edited."""
    from gapstudy.g2p.list_languages import text

    shipped = (Path(languages.__file__).parent / languages.TABLE).read_text(encoding="utf-8")
    assert text() == shipped
