"""Tokens of a realised sentence, and how they join into text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

__all__ = ["UPOS", "Token", "name", "phrase", "sentence", "text"]

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
    "SYM", "VERB", "X",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One token: form (NFC), universal part of speech, IOB2 entity tag, and whether it joins the one before."""

    form: str
    upos: str
    entity: str = "O"
    glued: bool = False


def phrase(spec: str) -> list[Token]:
    """Read tokens from ``"form/UPOS form/UPOS"``; a leading ``+`` glues a token to the one before.

    >>> [t.form for t in phrase("in/ADP the/DET morning/NOUN")]
    ['in', 'the', 'morning']
    """
    tokens = []
    for item in spec.split():
        form, _, upos = item.rpartition("/")
        if upos not in UPOS or not form:
            msg = f"{item!r} in {spec!r} is not form/UPOS"
            raise ValueError(msg)
        tokens.append(Token(form.removeprefix("+"), upos, glued=form.startswith("+")))
    return tokens


def name(spec: str, entity: str) -> list[Token]:
    """Mark the tokens of ``spec`` (as in :func:`phrase`; bare forms are PROPN) as one entity, B- then I-."""
    tagged = " ".join(item if "/" in item else f"{item}/PROPN" for item in spec.split())
    return [replace(t, entity=f"{'I' if i else 'B'}-{entity}") for i, t in enumerate(phrase(tagged))]


def sentence(tokens: Iterable[Token], stop: str = ".", upper: Callable[[str], str] = str.upper) -> tuple[Token, ...]:
    """Close a clause: capitalise its first letter where the script has capitals and add the full stop.

    ``upper`` maps that letter; Turkish needs its own (i becomes İ).
    """
    first, *rest = tokens
    head = replace(first, form=upper(first.form[:1]) + first.form[1:])
    return (head, *rest, Token(stop, "PUNCT", glued=True))


def text(tokens: Iterable[Token]) -> str:
    """Join tokens as people write them: blanks between words, none before a glued token."""
    parts: list[str] = []
    for token in tokens:
        if parts and not token.glued:
            parts.append(" ")
        parts.append(token.form)
    return "".join(parts)
