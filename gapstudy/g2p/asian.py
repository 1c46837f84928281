"""Repairs for Korean, Hindi and Urdu.

Paper: section 3.6 (languages). Each entry names a fact about Epitran 1.35's own tables. Urdu first of all: its map
(unchanged since 2017) holds the Arabic code points of kaf, heh and yeh, where Urdu text uses others of the same shape,
so that 71 % of real Urdu words held an unknown phone.
"""

from __future__ import annotations

from gapstudy.g2p.orthography import Orthography
from gapstudy.g2p.rules import JAMO

__all__ = ["HINDI", "KOREAN", "URDU"]

# Conjoining jamo on their own are the compatibility jamo of Epitran's map. t͈͡ɕ is a second notation of t͡ɕ͈.
KOREAN = Orthography(
    script="Hang", letters={chr(jamo): letter for jamo, letter in JAMO.items()}, after=(("t͈͡ɕ", "t͡ɕ͈"),), inside=""
)

# Vowels that the map lacks take the nearest that it has, candra o its own IPA (<ons> is how Epitran's rules mark a
# vowel that begins a syllable). Breathy voice is written ʱ, the flap too, which the map calls voiceless.
HINDI = Orthography(
    script="Deva",
    letters={"ऑ": "<ons>ɔ", "ऒ": "ओ", "ॊ": "ो", "ऍ": "ऐ", "ॅ": "ै", "ऎ": "ए", "ॆ": "े", "ॲ": "ऐ", "ऄ": "अ"}
    | {"ळ": "ल", "ऩ": "न", "ऱ": "र", "ऴ": "ल", "ॐ": "ओम", "ऽ": "", "ॽ": "", "ऀ": "ँ"},
    before=(("(?<![कखगजफडढ])\u093c", ""),),
    passes="<ons>ɔ",
    after=(("\u0324", "ʱ"), ("ɽ\u0325", "ɽʱ"), ("\u094d", "")),
    inside="",
)

# Aspirates are a consonant and do-chashmi heh. Vowel marks, where they are written, are short vowels; tashdid
# lengthens; sukun and honorific signs are silent; hamza on a carrier, alef madda and superscript alef are the letters
# they stand for. The map gives nun ghunna as a tilde on a dotted circle: it belongs to the vowel before, and without
# one it is [n].
_MARKS = {
    "\u064e": "ə",  # zabar
    "\u0650": "ɪ",  # zer
    "\u0656": "ɪ",  # subscript alef
    "\u064f": "ʊ",  # pesh
    "\u0657": "ʊ",  # inverted pesh
    "\u064b": "ən",  # tanwin
    "\u064d": "ɪn",
    "\u064c": "ʊn",
    "\u0651": "ː",  # tashdid
    "\u0654": "ء",  # hamza above, below, high
    "\u0655": "ء",
    "\u0674": "ء",
    "\u0670": "ا",  # superscript alef
} | dict.fromkeys("\u0652\u0653\u06e4\u0640\u0610\u0611\u0612\u0613\u0614", "")
URDU = Orthography(
    script="Arab",
    letters={"ک": "ك", "ڪ": "ك", "ی": "ي", "ى": "ي", "ې": "ے", "ۍ": "ي", "ہ": "ه", "ۂ": "ه", "ۀ": "ه", "ە": "ه"}
    | {"ۃ": "ت", "ة": "ت", "آ": "ا", "أ": "ا", "إ": "ا", "ٱ": "ا", "ؤ": "و", "ۇ": "و", "ۆ": "و", "ئ": "ء", "ۓ": "ے"}
    | {"ڻ": "ڑ", "ڼ": "ن", "ݨ": "ن", "ړ": "ڑ", "ټ": "ٹ", "ډ": "ڈ", "ځ": "ز", "څ": "س", "ښ": "ش", "ږ": "ژ", "ۋ": "و"}
    | {"ڤ": "و", "ۺ": "ش", "ګ": "گ"}
    | _MARKS,
    before=(("ا?ənا?", "ən"), ("(?<=[بپتٹجچدڈڑكگ])ھ", "ʰ"), ("ھ", "ه")),
    passes="əɪʊnːʰ",
    after=(
        ("([ɑeiouəɪʊ])(ː?)◌?\u0303", "\\1\u0303\\2"),
        ("◌\u0303", "n"),
        ("(?<=[bdɖɡʒɽ])(\u032a?)ʰ", "\\1ʱ"),
        ("ːː+", "ː"),
    ),
    inside="",
)
