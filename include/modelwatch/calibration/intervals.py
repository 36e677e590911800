"""Confidence intervals of rates, their differences and ratios, from statsmodels."""

from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint


def rate_interval(x: int, n: int, *, alpha: float) -> tuple[float, float]:
    """Wilson's interval of ``x / n`` at confidence ``1 - alpha``, in [0, 1]."""
    low, high = proportion_confint(x, n, alpha=alpha, method="wilson")
    return float(low), float(high)


def difference_interval(x1: int, n1: int, x2: int, n2: int, *, alpha: float) -> tuple[float, float]:
    """Newcombe's interval of ``x1 / n1 - x2 / n2`` at confidence ``1 - alpha``, in [-1, 1]. Source: Newcombe 1998."""
    low, high = confint_proportions_2indep(x1, n1, x2, n2, compare="diff", method="newcomb", alpha=alpha)
    return float(low), float(high)


def ratio_interval(x1: int, n1: int, x2: int, n2: int, *, alpha: float) -> tuple[float, float]:
    """Log-adjusted (Walter) interval of ``(x1 / n1) / (x2 / n2)`` at confidence ``1 - alpha``, >= 0."""
    low, high = confint_proportions_2indep(x1, n1, x2, n2, compare="ratio", method="log-adjusted", alpha=alpha)
    return float(low), float(high)
