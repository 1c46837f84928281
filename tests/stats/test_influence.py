"""Tests of leave-one-out influence on CKA."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gapstudy.stats import cka, cka_influence

Float = npt.NDArray[np.float64]
both = pytest.mark.parametrize("debiased", [False, True])


def pair(n: int = 30, widths: tuple[int, int] = (4, 50)) -> list[Float]:
    """Two languages that share three factors, off centre."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(n, 3))
    return [factors @ rng.normal(size=(3, d)) + rng.normal(size=(n, d)) + 2.0 for d in widths]


@both
def test_values_without_each_sentence(debiased: bool) -> None:
    """Each value is CKA of the other sentences, computed anew."""
    x, y = pair()
    found = cka_influence(x, y, debiased=debiased)
    direct = [cka(np.delete(x, i, axis=0), np.delete(y, i, axis=0), debiased=debiased) for i in range(30)]
    assert np.allclose(found.without, direct, rtol=1e-10)
    assert found.value == cka(x, y, debiased=debiased)


@pytest.mark.parametrize(("debiased", "outliers"), [(False, (7,)), (True, (7, 8))])
def test_far_off_sentences_are_found(debiased: bool, outliers: tuple[int, ...]) -> None:
    """Common outliers (for the debiased form it takes two) make most of CKA; trimmed, it is that of the rest."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 60, 5))
    x[list(outliers)] += 40.0
    y[list(outliers)] -= 40.0
    found = cka_influence(x, y, debiased=debiased, share=len(outliers) / 60)
    assert tuple(sorted(found.removed)) == outliers
    assert found.value > 0.9
    rest = np.delete(np.arange(60), outliers)
    assert found.trimmed == pytest.approx(cka(x[rest], y[rest], debiased=debiased), abs=1e-12)
    assert found.trimmed < 0.3


def test_share_sets_how_many_go() -> None:
    """A tenth of thirty sentences is three, those whose absence lowers CKA most, in that order."""
    found = cka_influence(*pair(), share=0.1)
    assert found.removed == tuple(np.argsort(found.without)[:3])


def test_errors() -> None:
    """Wrong features and shares, and a sentence on which all variation hangs, are errors that say so."""
    x, y = pair()
    with pytest.raises(ValueError, match=r"share must lie in \(0, 0.5\], got 0"):
        cka_influence(x, y, share=0)
    with pytest.raises(ValueError, match="x and y must be parallel"):
        cka_influence(x, y[1:])
    alone = np.zeros((30, 2))
    alone[4] = 1.0
    with pytest.raises(ValueError, match="y has no variation left without sentence 4"):
        cka_influence(x, alone)
