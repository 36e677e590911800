"""How labels arrive, and what a window's figures will be once they have: pure arithmetic on counts."""

from modelwatch.maturity.curve import FEWEST_COHORTS, Arrivals, Arrived, arrived_by, first_age
from modelwatch.maturity.estimate import METRICS, Estimate, estimates, figures

__all__ = [
    "FEWEST_COHORTS",
    "METRICS",
    "Arrivals",
    "Arrived",
    "Estimate",
    "arrived_by",
    "estimates",
    "figures",
    "first_age",
]
