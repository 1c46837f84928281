"""Colours that keep apart: for colour-blind readers, in grey, and with a second code beside them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gapstudy.exhibits.looks import KINDS, of_languages, of_representations
from gapstudy.languages import LANGUAGES, all_languages
from gapstudy.study import Study

# Machado, Oliveira, Fernandes (2009), doi:10.1109/TVCG.2009.113: severity 1, on linear RGB.
SEEN = {
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    """Return linear RGB of ``#RRGGBB``."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIELAB (D65) of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("reader", SEEN)
@pytest.mark.parametrize("pair", list(combinations(KINDS, 2)))
def test_kinds_keep_apart_for_every_reader(reader: str, pair: tuple[str, str]) -> None:
    """Two kinds are at least 25 units of CIELAB apart as readers see them, 15 for the rare ones without blue cones."""
    a, b = (lab(SEEN[reader] @ linear(KINDS[kind].colour)) for kind in pair)

    assert np.linalg.norm(a - b) >= (15 if reader == "tritan" else 25)


@pytest.mark.parametrize("pair", list(combinations(KINDS, 2)))
def test_kinds_keep_apart_in_grey(pair: tuple[str, str]) -> None:
    """Two kinds differ by at least 10 units of lightness, and in marker and line style beside."""
    a, b = (lab(linear(KINDS[kind].colour))[0] for kind in pair)

    assert abs(a - b) >= 10
    assert KINDS[pair[0]].marker != KINDS[pair[1]].marker
    assert KINDS[pair[0]].line != KINDS[pair[1]].line


def test_a_second_representation_of_a_kind_is_told_apart(wide: Study) -> None:
    """It has its own marker and is darker; the look of the first does not depend on it."""
    representations = {**wide.representations, "other": wide.representations["phoneme"]}
    task = wide.tasks["ner"].model_copy(update={"representations": ("character", "phoneme", "other")})
    study = wide.model_copy(update={"representations": representations, "tasks": {**wide.tasks, "ner": task}})

    looks = of_representations(study, ("phoneme", "other"))

    assert (looks["phoneme"].colour, looks["phoneme"].marker) == (KINDS["phoneme"].colour, KINDS["phoneme"].marker)
    assert looks["other"].marker != looks["phoneme"].marker
    assert lab(linear(looks["phoneme"].colour))[0] - lab(linear(looks["other"].colour))[0] >= 10
    assert looks["other"].name == "other"


def test_languages_have_looks_of_their_own() -> None:
    """No two of forty languages share colour and marker, and the paper's twelve keep theirs in any company."""
    codes = list(all_languages())[:40]
    looks = of_languages(codes)

    assert list(looks) == codes
    assert len({(look.colour, look.marker) for look in looks.values()}) == 40
    for code in LANGUAGES:
        assert of_languages([code])[code] == looks[code]
