"""Linear centred kernel alignment (CKA): how alike two languages' sentence representations are.

Paper: section 3.4, eq. (2); Table 1, Figure 3 (centre), Table 3.

The paper prints the 2-norm in eq. (2). The measure it cites (Kornblith et al. 2019) is defined with the
**Frobenius** norm on **column-centred** features, ``||X'Y||_F^2 / (||X'X||_F ||Y'Y||_F)``, and that is used here.

Plain CKA is biased upwards when d is not small against n: independent Gaussian features have about d / (n + d),
0.43 at n = 1,012 and d = 768. So the debiased form (HSIC_1 in numerator and denominator) and the permutation null
(:func:`gapstudy.stats.cka_null`) stand beside it, and intervals come from :func:`gapstudy.stats.cka_intervals`.

References
----------
Kornblith, Norouzi, Lee, Hinton (2019). Similarity of neural network representations revisited. ICML, PMLR 97.
Song, Smola, Gretton, Bedo, Borgwardt (2012). Feature selection via dependence maximization. JMLR 13.
Nguyen, Raghu, Kornblith (2021). Do wide and deep networks learn the same things? ICLR, arXiv:2010.15327.
Murphy, Zylberberg, Fyshe (2024). Correcting biased centered kernel alignment measures in biological and artificial
neural networks. arXiv:2405.01012.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gapstudy.stats.checks import same_rows
from gapstudy.stats.gram import centred, centred_all, inner_products, normalised

__all__ = ["cka", "cka_matrix"]

Array = npt.NDArray[np.floating]


def cka(x: Array, y: Array, *, debiased: bool = False) -> float:
    """Linear CKA of two sets of features of the same sentences.

    Invariant to orthogonal maps, isotropic scaling and translation of either side; not to general linear maps.

    Parameters
    ----------
    x : (n_sentences, d_x) float array.
    y : (n_sentences, d_y) float array; row i is parallel to row i of ``x``.
    debiased : False for the paper's measure; True puts the unbiased HSIC_1 in numerator and denominator.

    Returns
    -------
    float
        Plain: in [0, 1]. Debiased: in [-1, 1], about 0 under independence, slightly negative by chance: the sign
        is kept. Computed in float64 whatever the input.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix, has fewer than 2 rows (debiased: 4) or only equal rows, if the row
        counts differ, or if debiased CKA is undefined because HSIC_1(x, x) or HSIC_1(y, y) is 0.
    """
    rows = 4 if debiased else 2
    a, b = centred("x", x, rows=rows), centred("y", y, rows=rows)
    same_rows("x", a, "y", b)
    products = inner_products([a, b], debiased=debiased)
    return float(normalised(products, debiased=debiased, names=("x", "y"), features=[a, b])[0, 1])


def cka_matrix(features: Sequence[Array], *, debiased: bool = False) -> npt.NDArray[np.float64]:
    """Linear CKA of all pairs of languages.

    Parameters
    ----------
    features : sequence of (n_sentences, d_i) float arrays, one a language, with parallel rows.
    debiased : as in :func:`cka`.

    Returns
    -------
    (n_languages, n_languages) float array
        Symmetric, diagonal exactly 1; ranges as in :func:`cka`.

    Raises
    ------
    ValueError
        As :func:`cka`, naming the element (``features[2]``); also for fewer than 2 languages.

    Notes
    -----
    Each centred Gram matrix is built once, in blocks of rows; one GEMM a block gives all pairs. Where the features
    are narrow against n, the same numbers come from one product of the concatenated features.
    """
    stack = centred_all(features, rows=4 if debiased else 2)
    return normalised(inner_products(stack, debiased=debiased), debiased=debiased, features=stack)
