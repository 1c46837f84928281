"""Facts about the languages, against CLDR."""

from __future__ import annotations

import pytest

from gapstudy.languages import LANGUAGES, TOKEN_TASK_LANGUAGES, XNLI_LANGUAGES, language

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


def test_an_unknown_language_is_told_with_the_valid_ones() -> None:
    """The look-up lists the valid codes."""
    assert language("urd") is LANGUAGES["urd"]
    with pytest.raises(ValueError, match="unknown language 'en'; valid: ISO 639-3 codes, nearest eng"):
        language("en")
