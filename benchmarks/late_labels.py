"""How right a figure is before its labels have come: the naive one, and the estimate that knows how labels arrive.

    python benchmarks/late_labels.py [repeats]

Simulated card fraud: of 4,000 payments a day 2 % are fraud. A flagged one is confirmed within days; a missed one is
charged back after weeks. Days differ in how fast both are. At every age the recall of the labels so far is compared
with that of the labels at day 30.
"""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.maturity import Arrivals, arrived_by, estimates, figures

DAYS, PAYMENTS, FRAUD, HISTORY = 30, 4000, 0.02, 60
RECALL, FLAGGED = 0.6, 0.01
FAST, SLOW, DIFFER = 3.0, 14.0, 0.25  # mean delays in days, and the spread of a day's log speed

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Day:
    """One day: payments by decision, and its fraud by decision and age of the label."""

    requests: Counts
    arrivals: Counts

    def table(self, age: int) -> Counts:
        """Decision x label of what has come before an age, none of it negative."""
        return np.column_stack([np.zeros(2, dtype=np.int64), self.arrivals[:, :age].sum(axis=1)])


def simulate(rng: np.random.Generator) -> Day:
    """A day whose labels have all come by `DAYS`."""
    n_fraud = rng.binomial(PAYMENTS, FRAUD)
    caught = rng.binomial(n_fraud, RECALL)
    false = rng.binomial(PAYMENTS - n_fraud, FLAGGED)
    speed = np.exp(rng.normal(0, DIFFER, 2))
    arrivals = np.zeros((2, DAYS), dtype=np.int64)
    for row, (n, mean) in enumerate(((n_fraud - caught, SLOW), (caught, FAST))):
        ages = rng.gamma(2.0, mean / 2.0, 20 * n + 20) / speed[row]
        arrivals[row] = np.bincount(ages[ages < DAYS][:n].astype(int), minlength=DAYS)
    return Day(np.array([PAYMENTS - caught - false, caught + false]), arrivals)


def history(days: list[Day]) -> list[Arrivals]:
    """What a night knows of the days before it, each a day older than the next: by decision."""
    observed = np.minimum(np.arange(len(days), 0, -1), DAYS)
    is_over = np.arange(DAYS)[None, :] < observed[:, None]
    return [Arrivals(np.array([day.arrivals[d] for day in days]) * is_over, observed) for d in (0, 1)]


def recall_of(day: Day, age: int) -> float:
    """The recall of the labels that have come before an age, as if they were all."""
    whole = day.table(age).astype(float)
    whole[:, 0] = day.requests - whole[:, 1]
    return float(figures(whole[None])["recall"][0])


def trial(rng: np.random.Generator, age: int) -> tuple[float, float, bool]:
    """The naive recall over the final one, the estimate over it, and whether the interval holds it."""
    known = history([simulate(rng) for _ in range(HISTORY)])
    day = simulate(rng)
    arrived = {(d, 1): arrived_by(known[d], age) for d in (0, 1)}
    found = estimates(day.table(age), day.requests, arrived, unlabelled_is_negative=True)["recall"]
    final = recall_of(day, DAYS)
    value, low, high = (np.nan if end is None else end for end in (found.value, found.low, found.high))
    return recall_of(day, age) / final, value / final, low <= final <= high


def main() -> None:
    """Print a line for each age."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = np.random.default_rng(7)
    print("age  naive / final  estimate / final  interval holds the final recall")
    for age in (3, 7, 14, 21):
        trials = [trial(rng, age) for _ in range(repeats)]
        naive, estimate, held = (np.mean([one[i] for one in trials]) for i in range(3))
        print(f"{age:3}  {naive:13.2f}  {estimate:16.2f}  {held:.1%}")


if __name__ == "__main__":
    main()
