"""How often the fingerprint of a change is right, and how often it claims something wrong.

    python benchmarks/fingerprints.py [--repeats 20] [--reference-rows 30000]

Changes of known cause (benchmarks/fingerprint_cases.py), seeded, at n = 1,000 and 5,000 against the reference. The
fingerprint is asked for each of them, significant or not. Printed: the share right of each cause and what was said
instead, the share right of each kind of distribution, and the false claims: a specific word (not shift, spread or
unknown) where none or another was true.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fingerprint_cases import Case, categorical_cases, numeric_cases

from modelwatch.checks.fingerprint import UNSPECIFIC, fingerprint
from modelwatch.profile.cells import fit_categorical, fit_numeric
from modelwatch.profile.features import count

SIZES = (1_000, 5_000)
NOTHING_DONE = ("quiet", "mixture")


def said_of(case: Case) -> str:
    """The word for one case."""
    is_text = str(case.reference.type) == "string"
    cells = (fit_categorical if is_text else fit_numeric)(case.reference)
    return fingerprint(count(case.reference, cells), count(case.current, cells)).word


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--reference-rows", type=int, default=30_000)
    options = parser.parse_args()
    started = time.perf_counter()
    for n in SIZES:
        said: Counter[tuple[str, str, str]] = Counter()
        missed: Counter[tuple[str, str, str]] = Counter()
        right: Counter[tuple[str, str]] = Counter()
        for seed in range(options.repeats):
            for cases in (numeric_cases, categorical_cases):
                for case in cases(options.reference_rows, n, seed):
                    word = said_of(case)
                    said[case.truth, word, case.base] += 1
                    missed[case.truth, word, case.base] += word not in case.right
                    right[case.truth, case.base] += word in case.right
        report(n, said, missed, right)
    print(f"{time.perf_counter() - started:.0f} s")


def report(
    n: int,
    said: Counter[tuple[str, str, str]],
    missed: Counter[tuple[str, str, str]],
    right: Counter[tuple[str, str]],
) -> None:
    """One sample size."""
    print(f"\nn = {n:,}\n{'cause':<20} {'right':>7}  said instead (where)")
    truths, totals = list(dict.fromkeys(truth for truth, _ in right)), total_by_case(said)
    for truth in truths:
        hits = sum(count for (t, _), count in right.items() if t == truth)
        cases = sum(count for (t, _), count in totals.items() if t == truth)
        print(f"{truth:<20} {hits / cases:>6.1%}   {instead(truth, missed)}")
    injected = [key for key in totals if key[0] not in NOTHING_DONE]
    n_injected = sum(totals[key] for key in injected)
    print(f"injected causes right: {sum(right[key] for key in injected) / n_injected:.1%} of {n_injected}")
    wrong = sum(k for (t, w, _), k in said.items() if t not in NOTHING_DONE and w != t and w not in UNSPECIFIC)
    print(f"a wrong specific cause where one was injected: {wrong / n_injected:.2%}")
    for truth in NOTHING_DONE:
        false = sum(k for (t, w, _), k in said.items() if t == truth and w not in UNSPECIFIC)
        cases = sum(count for (t, _), count in totals.items() if t == truth)
        print(f"a specific cause where nothing was done ({truth}): {false / cases:.2%} of {cases}")
    print("by distribution: " + ", ".join(by_distribution(right, totals)))


def by_distribution(right: Counter[tuple[str, str]], totals: Counter[tuple[str, str]]) -> Iterator[str]:
    """The share of injected causes that were told, per base."""
    injected = [key for key in totals if key[0] not in NOTHING_DONE]
    for base in dict.fromkeys(base for _, base in injected):
        keys = [key for key in injected if key[1] == base]
        yield f"{base} {sum(right[key] for key in keys) / sum(totals[key] for key in keys):.1%}"


def total_by_case(said: Counter[tuple[str, str, str]]) -> Counter[tuple[str, str]]:
    """How many cases there were of each cause and distribution."""
    totals: Counter[tuple[str, str]] = Counter()
    for (truth, _, base), count_ in said.items():
        totals[truth, base] += count_
    return totals


def instead(truth: str, missed: Counter[tuple[str, str, str]]) -> str:
    """The wrong words, the most frequent first."""
    others = sorted(((k, w, b) for (t, w, b), k in missed.items() if t == truth and k), reverse=True)
    return ", ".join(f"{word} {k} ({base})" for k, word, base in others[:6])


if __name__ == "__main__":
    main()
