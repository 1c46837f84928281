"""Every letter of every alphabet reaches IPA, and one phone has one notation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest

from gapstudy.g2p import Phonemizer
from gapstudy.g2p.audit import unmapped_characters

pytestmark = pytest.mark.train

Say = Callable[..., tuple[str, ...]]

ALPHABETS = {
    "fra": "aàâæbcçdeéèêëfghiîïjklmnoôœpqrstuùûüvwxyÿz",
    "rus": "абвгдеёжзийклмнопрстуфхцчшщыэюя",
    "ita": "abcdefgijklmnopqrstuvwxyzàèéìíòóùú",
    "hun": "aábcdeéfghiíjklmnoóöőpqrstuúüűvwxyz",
    "ukr": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "kor": "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ",
    "tur": "abcçdefgğhıijklmnoöprsştuüvyzqwxâîû",
    "fin": "abcdefghijklmnopqrstuvwxyzåäöšž",
    "hin": "अआइईउऊऋएऐओऔकखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहक़ख़ग़ज़ड़ढ़फ़ळऑऍ",
    "swa": "abcdefghijklmnopqrstuvwxyz",
    "urd": "اآبپتٹثجچحخدڈذرڑزژسشصضطظغفقکگلمنںوہھءیےئؤأۂۃةىيكه",
}
# Left over from letters; the IPA's tilde, tie bar and ring below are not among them.
ACCENTS_THAT_ARE_NO_IPA = set("\u0300\u0301\u0302\u0306\u0307\u0308\u030a\u030b\u030c\u0327")


@pytest.mark.parametrize("language", ALPHABETS)
def test_every_letter_is_mapped(say: Say, language: str) -> None:
    """No letter of the alphabet, small or capital, alone or between others, passes through unmapped."""
    first = ALPHABETS[language][0]
    for letter in re.findall(".\u093c?", ALPHABETS[language]):  # a nukta belongs to its letter
        for word in (letter * 2, letter.upper() + first, first + letter + first):
            phones = say(language, word)
            assert unmapped_characters(phones) == [], (word, phones)
            assert not ACCENTS_THAT_ARE_NO_IPA & set("".join(phones)), word


@pytest.mark.parametrize("language", [code for code in ALPHABETS if code not in {"kor", "hin", "urd"}])
def test_no_pair_of_letters_leaves_a_stray_accent(language: str) -> None:
    """Epitran's rules on decomposed letters leave no accent behind, whichever two letters meet."""
    alphabet = ALPHABETS[language]
    words = Phonemizer(language).words(a + b for a in alphabet for b in alphabet)
    stray = {word for word, phones in words.items() if ACCENTS_THAT_ARE_NO_IPA & set("".join(phones))}
    assert stray == set()


@pytest.mark.parametrize("mark", "َُِّْٰٓٔ")
def test_urdu_vowel_marks_are_mapped(say: Say, mark: str) -> None:
    """Zabar, zer, pesh, tashdid, sukun, superscript alef, madda and hamza pass into IPA or silence."""
    assert unmapped_characters(say("urd", f"ب{mark}ر")) == []


URDU_WORDS = {
    "کی": "k iː",
    "ہے": "h eː",
    "بھی": "bʱ iː",
    "تھا": "t̪ʰ ɑː",
    "تمھیں": "t̪ m h ĩː",
    "میں": "m ĩː",
    "ماں": "m ɑ̃ː",
    "جنگں": "d͡ʒ n ɡ n",
    "آپ": "ɑː p",
    "رحمٰن": "r h m ɑː n",
    "فوراً": "f uː r ə n",
    "کوئی": "k uː ʔ iː",
    "پـاک": "p ɑː k",
    "ﻛﻴﺎ": "k iː ɑː",
}


@pytest.mark.parametrize("word", URDU_WORDS)
def test_urdu_words(say: Say, word: str) -> None:
    """Urdu's own kaf, yeh and heh, aspirates, nun ghunna, vowel marks and presentation forms become the phones meant."""
    assert " ".join(say("urd", word)) == unicodedata.normalize("NFD", URDU_WORDS[word])


NOTATION = {
    ("fin", "maailma"): "m ɑː i l m ɑ",
    ("fin", "kenkä"): "k e ŋ k æ",
    ("fin", "grilli"): "ɡ r i lː i",
    ("fin", "sääntöönne"): "s æː n̪ t øː nː e",
    ("fin", "ultraääni"): "u l̪ t r ɑ æː n i",
    ("fra", "être"): "ɛ t ʀ",
    ("fra", "poésie"): "p o e z i",
    ("fra", "où"): "u",
    ("rus", "ночь"): "n o t͡ɕ",
    ("rus", "мышь"): "m ɨ ʂ",
    ("rus", "за́мок"): "z a m o k",
    ("ukr", "м'яч"): "m j ɑ t͡ʂ",
    ("kor", "진짜"): "t͡ɕ i n t͡ɕ͈ a",
    ("tur", "IŞIK"): "ɯ ʃ ɯ k",
    ("tur", "İstanbul'da"): "i s t a n b u l d a",
    ("hin", "भारत"): "bʱ aː r ə t",
    ("hin", "पढ़ना"): "p ə ɽʱ ə n aː",
    ("hin", "ऑफ"): "ɔ pʰ",
    ("ita", "taxi"): "t a k s i",
    ("swa", "ng’ombe"): "ŋ o m b e",
    ("hun", "qatar"): "k ɒ t ɒ r",
}


@pytest.mark.parametrize(("language", "word"), NOTATION)
def test_repairs_of_notation(say: Say, language: str, word: str) -> None:
    """Length, breathy voice, tie bars and Epitran's slips on decomposed letters come out as one notation."""
    assert " ".join(say(language, word)) == unicodedata.normalize("NFD", NOTATION[language, word])


def test_faithful_keeps_what_normalised_repairs(say: Say) -> None:
    """The faithful mode shows Epitran's own output: ASCII colon, unmapped kaf, ə with a circumflex."""
    assert say("fin", "maa", mode="faithful") == ("m", "ɑ", ":")
    assert say("urd", "کی", mode="faithful") == ("ک", "ی")
    assert say("fra", "être", mode="faithful")[0] == "ə\u0302"
