"""The law of the Kolmogorov-Smirnov statistic for a finite sample, from numpy and scipy's special functions alone.

scipy.stats has it as ``kstwo``, but importing that package costs more than a second of every process, which is more
than everything else a check does.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Matrix = NDArray[np.float64]

EXACT_BELOW = 141  # up to here Durbin's matrix is small for every statistic
DURBIN_BELOW = 100_001
FAR_TAIL = 2.2  # from n x^2 on, twice the one-sided law is the two-sided one to ten digits; small n: `FAR_TAIL_SMALL`
FAR_TAIL_SMALL = 4.0
BEYOND = 370.0  # of n x^2: the probability is below the smallest float
SERIES_FROM = 20_000  # the exact sum has n terms; from here on the series is right to six digits wherever p > 1e-14


def kolmogorov_sf(statistic: float, n: int) -> float:
    """P(D_n >= statistic) for the largest gap D_n between a continuous law and the empirical one of ``n`` values.

    Args:
        statistic: the gap, in [0, 1].
        n: number of values, at least 1.

    Returns:
        ``[0, 1]``; compared with scipy.stats.kstwo.sf in tests/oracle: within 1e-10, and in the tail within 1e-10 of
        its own size up to n = 20,000 and to six digits beyond.

    Source: Simard & L'Ecuyer, Computing the two-sided Kolmogorov-Smirnov distribution, 2011, section 2: which of the
    three laws below is exact, or good enough, where.
    """
    steps, squared = n * statistic, n * statistic * statistic
    if steps <= 0.5:
        return 1.0
    if statistic >= 1 or squared >= BEYOND:
        return 0.0
    if statistic >= 0.5 or squared >= (FAR_TAIL if n >= EXACT_BELOW else FAR_TAIL_SMALL):
        return min(1.0, 2 * _one_sided(n, statistic))
    is_near_zero = n < DURBIN_BELOW and n * statistic**1.5 <= 1.4
    below = _durbin(n, statistic) if n < EXACT_BELOW or is_near_zero else _pelz_good(n, statistic)
    return float(min(max(1 - below, 0.0), 1.0))


def _one_sided(n: int, x: float) -> float:
    """P(D+_n >= x), Smirnov's law: summed exactly, and for large n by its expansion.

    scipy.special.smirnov is the same sum one term after the other, a second for a million values.

    Source: Smirnov 1944 (the sum); Chang Li-Chien 1956 (the series, here that of the logarithm).
    """
    if n >= SERIES_FROM:
        z = math.sqrt(n) * x
        third = (4 * z / 45 - 88 * z**3 / 405) / n**1.5
        return math.exp(-2 * z**2 - 2 * x / 3 + 4 * (z**2 - z**4) / (9 * n) + third)
    j = np.arange(math.floor(n * (1 - x)) + 1)
    up = x + j / n
    ways = special.gammaln(n + 1) - special.gammaln(j + 1) - special.gammaln(n - j + 1)
    terms = ways + (j - 1) * np.log(up) + special.xlogy(n - j, np.maximum(1 - up, 0.0))
    return x * float(np.exp(terms).sum())


def _durbin(n: int, x: float) -> float:
    """P(D_n < x) exactly: ``n! / n^n`` times the middle entry of the n-th power of a matrix of side 2 ceil(n x) - 1.

    Source: Durbin 1968; Marsaglia, Tsang & Wang 2003.
    """
    k = math.ceil(n * x)
    power, exponent = _power(_durbin_matrix(k, k - n * x), n)
    log = math.lgamma(n + 1) - n * math.log(n) + exponent * math.log(2)
    middle = power[k - 1, k - 1]
    return math.exp(log + math.log(middle)) if middle > 0 else 0.0


def _durbin_matrix(k: int, h: float) -> Matrix:
    side = 2 * k - 1
    i = np.arange(1, side + 1)
    factorials = special.gamma(i + 1.0)
    matrix = np.zeros((side, side))
    for offset in range(-1, side):  # below the diagonal by `offset`: 1 / (offset + 1)!
        np.fill_diagonal(matrix[max(offset, 0) :, max(-offset, 0) :], 1 / special.gamma(offset + 2.0))
    edge = (1 - h**i) / factorials
    edge[-1] = (1 - 2 * h**side + max(2 * h - 1, 0.0) ** side) / factorials[-1]
    matrix[:, 0], matrix[-1, :] = edge, edge[::-1]
    return matrix


def _power(matrix: Matrix, n: int) -> tuple[Matrix, int]:
    """``matrix ** n`` as a matrix and the power of two it is to be multiplied with, so that nothing overflows."""
    result, exponent, scale = np.eye(len(matrix)), 0, 0
    while n:
        if n % 2:
            result, exponent = _scaled(result @ matrix, exponent + scale)
        matrix, scale = _scaled(matrix @ matrix, 2 * scale)
        n //= 2
    return result, exponent


def _scaled(matrix: Matrix, exponent: int) -> tuple[Matrix, int]:
    largest = math.frexp(float(matrix.max()))[1]
    return np.ldexp(matrix, -largest), exponent + largest


@cache
def _powers(n_terms: int) -> tuple[Matrix, Matrix]:
    """Powers 0 to 3 of ``(pi (k - 1/2))^2`` and 0 to 2 of ``(pi k)^2``, a row for each k from 1."""
    k = np.arange(1, n_terms + 1)
    odd, even = (math.pi * (k - 0.5)) ** 2, (math.pi * k) ** 2
    return np.vander(odd, 4, increasing=True), np.vander(even, 3, increasing=True)


def _pelz_good(n: int, x: float) -> float:
    """P(D_n < x) to O(1/n^2): Kolmogorov's limit and three corrections, as theta functions.

    Source: Pelz & Good 1976, in the form of Simard & L'Ecuyer 2011.
    """
    z = math.sqrt(n) * x
    z2, z4, z6, z8 = z**2, z**4, z**6, z**8
    odd, even = _powers(math.ceil(16 * z / math.pi))
    m0, m1, m2, m3 = (np.exp(-odd[:, 1] / (2 * z2)) @ odd).tolist()
    e1, e2 = (np.exp(-even[:, 1] / (2 * z2)) @ even[:, 1:]).tolist()
    sums = (
        m0 / z,
        (m1 - z2 * m0) / (6 * z4),
        ((6 * z6 + 2 * z4) * m0 + (2 * z4 - 5 * z2) * m1 + (1 - 2 * z2) * m2) / (72 * z**7) - e1 / (36 * z**3),
        ((-30 * z6 - 90 * z8) * m0 + (135 * z4 - 96 * z6) * m1 + (212 * z4 - 60 * z2) * m2 + (5 - 30 * z2) * m3)
        / (6480 * z**10)
        + (3 * z2 * e1 - e2) / (216 * z6),
    )
    return math.sqrt(2 * math.pi) * math.fsum(one / n ** (order / 2) for order, one in enumerate(sums))
