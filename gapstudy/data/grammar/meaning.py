"""What a sentence of the embedded corpora says, before any language says it.

A :data:`Meaning` is a small frozen record; each language module turns it into tokens. Two languages that
realise the same record have a parallel sentence, and two records that differ in a known way have a known
inference label. The inventories below are the whole vocabulary: every lexicon must cover them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ADJECTIVES",
    "ANIMALS",
    "ANTONYMS",
    "CITIES",
    "COMPANIES",
    "COUNTRIES",
    "FAMILY_NAMES",
    "FOODS",
    "FRUITS",
    "GIVEN_NAMES",
    "HYPERNYMS",
    "INTRANSITIVE",
    "MASS",
    "NUMERALS",
    "ORG_CITIES",
    "ORG_KINDS",
    "PEOPLE",
    "PLACES",
    "THINGS",
    "TIMES",
    "TRANSITIVE",
    "WOMEN",
    "Action",
    "City",
    "Company",
    "Country",
    "Couple",
    "Identity",
    "Institution",
    "Located",
    "Meaning",
    "NounPhrase",
    "Person",
    "Place",
    "Quality",
    "Spot",
    "Subject",
]

# ---- common nouns -------------------------------------------------------------------------------------
PEOPLE = (
    "teacher", "student", "doctor", "farmer", "child", "woman", "man", "driver",
    "cook", "singer", "writer", "baker", "fisher", "neighbour", "person",
)  # fmt: skip
ANIMALS = ("dog", "cat", "bird", "horse", "cow", "animal")
FRUITS = ("apple", "mango", "banana", "fruit")
FOODS = ("bread", "rice", "fish", "soup", "food")
DRINKS = ("water", "milk", "tea", "coffee")
THINGS = (
    "book", "letter", "newspaper", "house", "bridge", "boat", "car", "bicycle", "bag", "box",
    "shirt", "cup", "chair", "table", "door", "window", "key", "tree",
)  # fmt: skip
MASS = (*FOODS, *DRINKS)  # no plural, no numeral
HYPERNYMS = {
    **dict.fromkeys((p for p in PEOPLE if p != "person"), "person"),
    **dict.fromkeys((a for a in ANIMALS if a != "animal"), "animal"),
    **dict.fromkeys((f for f in FRUITS if f != "fruit"), "fruit"),
    **dict.fromkeys((f for f in FOODS if f != "food"), "food"),
}

# ---- verbs, each transitive one with the objects that make sense ---------------------------------------
_GOODS = ("book", "car", "bicycle", "bag", "shirt", "house", "boat", "chair", "table", "cup", *FRUITS)
TRANSITIVE: dict[str, tuple[str, ...]] = {
    "read": ("book", "letter", "newspaper"),
    "write": ("book", "letter"),
    "buy": (*_GOODS, *FOODS, "milk", "tea", "coffee"),
    "sell": (*_GOODS, *FOODS, "milk", "tea", "coffee"),
    "eat": (*FRUITS, *FOODS),
    "drink": DRINKS,
    "cook": ("rice", "fish", "soup", "food"),
    "build": ("house", "bridge", "boat", "table", "chair"),
    "repair": ("car", "bicycle", "boat", "bridge", "house", "door", "window", "chair", "table"),
    "carry": ("bag", "box", "book", "chair", "letter", *FRUITS),
    "wash": ("car", "shirt", "cup", "window", "bag", "table"),
    "draw": ("house", "tree", "boat", *ANIMALS),
    "seek": ("key", "bag", "book", "letter", *ANIMALS),
    "open": ("door", "window", "box", "letter"),
    "close": ("door", "window", "box"),
}
INTRANSITIVE = ("sleep", "run", "sing", "dance", "work", "wait", "laugh", "swim", "live")

# ---- adjectives ---------------------------------------------------------------------------------------
ADJECTIVES = (
    "new", "old", "big", "small", "clean", "dirty", "heavy", "light", "hot", "cold",
    "expensive", "cheap", "white", "black", "red", "beautiful",
)  # fmt: skip
ANTONYMS = {
    "new": "old", "old": "new", "big": "small", "small": "big", "clean": "dirty", "dirty": "clean",
    "heavy": "light", "light": "heavy", "hot": "cold", "cold": "hot", "expensive": "cheap", "cheap": "expensive",
    "white": "black", "black": "white",
}  # fmt: skip
NUMERALS = (2, 3, 5)

# ---- where and when -----------------------------------------------------------------------------------
PLACES = (
    "school", "market", "hospital", "village", "city", "garden", "kitchen", "office", "library", "station",
)  # fmt: skip
TIMES = ("today", "now", "in_morning", "in_evening", "at_night", "on_monday", "on_sunday")

# ---- names: countries and cities are CLDR territory codes and time-zone exemplar cities ------------------
GIVEN_NAMES = (
    "Anna", "Maria", "David", "Ali", "Sofia", "Omar", "Elena", "Daniel", "Fatima", "Marco", "Nina", "Ahmed",
    "Sara", "Victor", "Leila", "Ivan", "Amina", "Robert", "Yuki", "Rosa", "Samuel", "Priya", "Kofi", "Laura",
)  # fmt: skip
WOMEN = frozenset(
    ("Anna", "Maria", "Sofia", "Elena", "Fatima", "Nina", "Sara", "Leila", "Amina", "Yuki", "Rosa", "Priya", "Laura")
)
FAMILY_NAMES = (
    "Kovacs", "Rossi", "Virtanen", "Petrov", "Kim", "Yilmaz", "Singh", "Khan", "Dubois", "Smith", "Garcia", "Tanaka",
    "Mwangi", "Novak", "Sato", "Costa", "Hansen", "Lopez", "Okafor", "Sharma", "Demir", "Moreau", "Lindberg", "Romano",
)  # fmt: skip
COUNTRIES = (
    "FR", "IT", "JP", "IN", "BR", "KE", "TR", "FI", "HU", "UA", "CA", "EG",
    "MX", "CN", "ES", "DE", "PK", "TZ", "NO", "GR", "PE", "SE", "PT", "AR",
)  # fmt: skip
CITIES = {
    "oslo": "Europe/Oslo", "tokyo": "Asia/Tokyo", "toronto": "America/Toronto", "chicago": "America/Chicago",
    "baku": "Asia/Baku", "tbilisi": "Asia/Tbilisi", "helsinki": "Europe/Helsinki", "nairobi": "Africa/Nairobi",
    "paris": "Europe/Paris", "rome": "Europe/Rome", "london": "Europe/London", "berlin": "Europe/Berlin",
    "madrid": "Europe/Madrid", "moscow": "Europe/Moscow", "kyiv": "Europe/Kiev", "istanbul": "Europe/Istanbul",
    "budapest": "Europe/Budapest", "athens": "Europe/Athens", "vienna": "Europe/Vienna", "seoul": "Asia/Seoul",
    "karachi": "Asia/Karachi", "cairo": "Africa/Cairo", "lima": "America/Lima", "warsaw": "Europe/Warsaw",
}  # fmt: skip
# Institutions bear only the names of cities that no language here inflects irregularly inside the name.
ORG_CITIES = ("oslo", "tokyo", "toronto", "chicago", "baku", "tbilisi", "helsinki", "nairobi")
ORG_KINDS = ("university", "bank", "museum", "theatre")
COMPANIES = (
    "UNESCO", "UNICEF", "FIFA", "NATO", "Google", "Toyota", "Samsung", "Nokia", "Siemens", "Volvo", "Sony", "Fiat",
)  # fmt: skip


# ---- the records --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A common noun with its number and modifiers.

    ``definite`` is how English marks it ("the" / "a", bare for indefinite plurals and mass nouns); languages
    without articles ignore it. ``numeral`` is one of :data:`NUMERALS`; then ``number`` is "pl".
    """

    noun: str
    number: Literal["sg", "pl"] = "sg"
    definite: bool = False
    adjective: str | None = None
    numeral: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A named person (entity PER); ``family`` may be absent."""

    given: str
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Couple:
    """Two named people joined by "and" (two PER entities); a plural subject."""

    first: Person
    second: Person


@dataclass(frozen=True, slots=True)
class Institution:
    """"The University of Oslo" (one ORG entity): ``kind`` from ORG_KINDS, ``city`` from ORG_CITIES."""  # fmt: skip

    kind: str
    city: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company or world body with a fixed name (entity ORG), from COMPANIES."""

    name: str


@dataclass(frozen=True, slots=True)
class City:
    """A city (entity LOC), a key of CITIES."""

    name: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country (entity LOC), a CLDR territory code of COUNTRIES."""

    code: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A common place, "at the market", from PLACES (no entity)."""

    noun: str


Subject = NounPhrase | Person | Couple | Institution | Company
Place = Spot | City | Country | Institution | Company


@dataclass(frozen=True, slots=True)
class Action:
    """"The teacher is (not) reading a new book at the library today."

    ``obj`` is present exactly for verbs of TRANSITIVE, always indefinite. "live" takes a City or Country (or
    Spot "village"/"city"); Institution and Company occur as ``place`` only with "work".
    """  # fmt: skip

    subject: Subject
    verb: str
    obj: NounPhrase | None = None
    place: Place | None = None
    time: str | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """"The soup is (not) hot." The subject is a definite noun phrase without adjective or numeral."""  # fmt: skip

    subject: NounPhrase
    adjective: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """"Anna is (not) in London today", "The dog is at the market"."""  # fmt: skip

    subject: NounPhrase | Person | Couple
    place: Spot | City | Country
    time: str | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """"Oslo is a big city." / "Kenya is a beautiful country." / "Anna Rossi is a doctor."

    ``noun`` is "city" for a City, "country" for a Country (with ``adjective`` one of big, small, old, beautiful,
    cold, hot) and one of PEOPLE (never child, woman, man, person; no adjective) for a Person.
    """  # fmt: skip

    subject: City | Country | Person
    noun: str
    adjective: str | None = None


Meaning = Action | Quality | Located | Identity
