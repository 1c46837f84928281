"""Names of countries and cities, against CLDR."""

from __future__ import annotations

import pytest

from gapstudy.data.grammar.lexicon import lexicon
from gapstudy.data.grammar.meaning import CITIES, COUNTRIES
from gapstudy.languages import LANGUAGES

babel = pytest.importorskip("babel")


@pytest.mark.parametrize("code", LANGUAGES)
def test_countries_are_named_as_in_cldr(code: str) -> None:
    """Each country bears its CLDR territory name in the language, the documented exceptions aside."""
    words = lexicon(code)
    cldr = babel.Locale.parse(LANGUAGES[code].iso1).territories
    named = {country: words["countries"][country] for country in COUNTRIES}
    exceptions = words.get("cldr_exceptions", [])
    assert {c: n for c, n in named.items() if n != cldr[c] and c not in exceptions} == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_cities_are_named_as_in_cldr(code: str) -> None:
    """Each city bears the name of its time zone's city in the language, the documented exceptions aside."""
    from babel.dates import get_timezone_location

    words = lexicon(code)
    locale = babel.Locale.parse(LANGUAGES[code].iso1)
    cldr = {city: get_timezone_location(zone, locale=locale, return_city=True) for city, zone in CITIES.items()}
    exceptions = words.get("cldr_exceptions", [])
    assert {c: words["cities"][c] for c in CITIES if words["cities"][c] != cldr[c] and c not in exceptions} == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_exceptions_are_few_and_named(code: str) -> None:
    """An exception is the name of a city or country that the lexicon has; there is one at most."""
    exceptions = lexicon(code).get("cldr_exceptions", [])
    assert set(exceptions) <= {*CITIES, *COUNTRIES}
    assert len(exceptions) <= 1
