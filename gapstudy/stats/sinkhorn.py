"""Distance between two languages' outputs by optimal transport: Sinkhorn and its debiased form.

Paper: section 4.3, Figure 3 (right), Table 3 ("S-Dist"). The paper gives neither ground cost nor regularisation;
here both are arguments, and a value means nothing without them (0.178 at reg 0.1, 0.132 at 0.05, 0.098 at 0.01
where exact transport is 0.092): print them in every caption.

What is reported is the **transport cost** ``<P, C>`` of the regularised plan (Cuturi 2013; as ``ot.sinkhorn2``),
with uniform weights. The debiased form is the Sinkhorn divergence of Feydy et al. (2019), made of *regularised
objectives* ``<P, C> + reg KL(P | a b')``, which is what makes it non-negative and 0 for equal clouds.

Solver: :mod:`gapstudy.stats.scaling`, which goes over to damped Newton steps in the log domain
(:mod:`gapstudy.stats.damped`) where ``reg`` is so small beside the distances between neighbouring points (wide logits)
that Sinkhorn's iteration takes tens of thousands of steps. POT's solvers came first; stopped at the same marginal error (benchmarks/README.md)
they took, over ours: ``ot.sinkhorn2`` 35, 13 and 4.4 times at n = 5,010 in 3, 5 and 17 classes, and as long at n = 20;
``ot.solve_sample`` (the log domain) 555 times at n = 1,002; ``ot.batch`` 5 times for 90 pairs of n = 450. Earlier, against
``sinkhorn2``: ``sinkhorn_log`` 5 to 100 times, ``sinkhorn_stabilized`` 2 times (and a plan without mass when stopped early),
``sinkhorn_epsilon_scaling`` slower with its error not controlled, ``greenkhorn`` not converged. Not timed, as they are the
same iteration behind ``ot.dist`` or solve another problem: ``empirical_sinkhorn``, ``lowrank_sinkhorn`` (a plan of low
rank). POT's network simplex is what :func:`gapstudy.stats.exact_distance` calls; it needs the n x m matrix in float64, and
its time grows faster than n^2.

**What the certificate proves.** ``marginal_error`` e is that of all points in float64, whatever was compressed or stored
in float32 on the way. The rows of the plan P that was found hold exactly, and each of its potentials answers the other
(for a cloud against itself, to the tolerance), so that it varies by at most the range R of the costs over reg (R <= sqrt(2) on the simplex). By weak duality the
objective O that is reported is never above the solution's O*, and as the dual is concave O* - O <= R e. That difference
is ``reg KL(P* | P)``, which by Pinsker's inequality bounds the cost: ``|<P, C> - <P*, C>| <= R sqrt(R e / (2 reg))``. This
is the worst case; against POT 1e-6 of the value is usual at the default tolerance.

References
----------
Cuturi (2013). Sinkhorn distances: lightspeed computation of optimal transport. NeurIPS 26, arXiv:1306.0895.
Feydy, Sejourne, Vialard, Amari, Trouve, Peyre (2019). Interpolating between optimal transport and MMD using
Sinkhorn divergences. AISTATS, PMLR 89, arXiv:1810.08278.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gapstudy.stats.pairs import solve_pairs, warn
from gapstudy.stats.regularised import Options, Transport

__all__ = ["sinkhorn_distance", "transport"]

Array = npt.NDArray[np.floating]


def sinkhorn_distance(
    x: Array,
    y: Array,
    *,
    reg: float = 0.05,
    cost: str = "euclidean",
    debiased: bool = False,
    tol: float = 1e-6,
    max_iterations: int = 20_000,
    threads: int | None = None,
) -> float:
    """Sinkhorn distance between two point clouds with uniform weights.

    Parameters
    ----------
    x, y : (n, d) and (m, d) float arrays: class probabilities or logits of each language's test set, in any order.
    reg : entropic regularisation > 0, in the unit of the cost (the default suits the probability simplex).
    cost : ground cost, "euclidean" or "sqeuclidean".
    debiased : False for ``<P, C>``; True for ``OT(x, y) - OT(x, x) / 2 - OT(y, y) / 2`` of the regularised objectives.
    tol : largest summed (L1) marginal error that counts as converged.
    max_iterations : where the solver stops without having converged.
    threads : at most so many; None: as many as there are cores. The value does not depend on it.

    Returns
    -------
    float
        In the unit of the cost; on the simplex at most sqrt(2) (squared: 2). Symmetric in x and y up to ``tol``. Where
        it converged, plain: >= the exact distance, and above 0 even for equal clouds; debiased: >= 0 up to ``tol``, 0
        for equal clouds. Where it did not (see the warning), none of these need hold.

    Raises
    ------
    ValueError
        If an argument is not a finite matrix, the widths differ, or an option or the value is out of its range.

    Warns
    -----
    ConvergenceWarning
        If the tolerance was not reached; names the value, the error, sizes, ``reg``, the iterations and what to do.
    """
    pair = solve_pairs({"x": x, "y": y}, [("x", "y")], Options(reg, cost, tol, max_iterations), debiased, threads)[0]
    warn(pair.trouble)
    return pair.divergence if debiased else pair.solved.cost


def transport(
    x: Array,
    y: Array,
    *,
    reg: float = 0.05,
    cost: str = "euclidean",
    tol: float = 1e-6,
    max_iterations: int = 20_000,
    threads: int | None = None,
) -> Transport:
    """Solve the regularised problem and say how well; arguments, errors and warning as :func:`sinkhorn_distance`."""
    pair = solve_pairs({"x": x, "y": y}, [("x", "y")], Options(reg, cost, tol, max_iterations), False, threads)[0]
    warn(pair.trouble)
    return pair.solved
