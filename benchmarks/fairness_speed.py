"""CPU seconds of fairness on a million requests with three sensitive features and all their intersections.

    PYTHONPATH=include python benchmarks/fairness_speed.py

Counting the groups is part of the profile; measuring them is the fairness check, fairlearn's import left out.
"""

import time
from itertools import combinations

import numpy as np
import pyarrow as pa
from fairlearn import metrics  # noqa: F401  # its second of import is not what is measured

from modelwatch.checks.fairness import measure_fairness
from modelwatch.domain import Schema, Sensitive
from modelwatch.profile.groups import count_groups

N_ROWS = 1_000_000
LEVELS = ((2, 4, 5), (5, 10, 10), (50, 50, 50), (2, 4, 100_000))


def main() -> None:
    """One line for each number of levels."""
    print(f"{'levels':<16} {'groups':>8} {'results':>8} {'count s':>8} {'measure s':>10}")
    for levels in LEVELS:
        rows, schema = requests(levels)
        started = time.process_time()
        groups = count_groups(rows, schema)
        counted = time.process_time()
        found = measure_fairness(groups, groups, alpha=0.01, outcome="adverse")
        measured = time.process_time()
        n_groups = sum(len(table.counts) for table in groups.values())
        seconds = f"{counted - started:>8.2f} {measured - counted:>10.2f}"
        print(f"{' x '.join(map(str, levels)):<16} {n_groups:>8} {len(found):>8} {seconds}")


def requests(levels: tuple[int, ...]) -> tuple[pa.Table, Schema]:
    """Decisions and labels that do not depend on the groups."""
    rng = np.random.default_rng(0)
    names = [f"feature {i}" for i in range(len(levels))]
    columns = {
        name: pa.array([f"level {j}" for j in range(k)]).take(pa.array(rng.integers(0, k, N_ROWS)))
        for name, k in zip(names, levels, strict=True)
    }
    rows = pa.table({**columns, "decision": rng.random(N_ROWS) < 0.2, "label": rng.random(N_ROWS) < 0.3})
    intersections = tuple(several for size in (2, 3) for several in combinations(names, size))
    sensitive = tuple(Sensitive(name) for name in names)
    return rows, Schema((), {}, decision="decision", label="label", sensitive=sensitive, intersections=intersections)


if __name__ == "__main__":
    main()
