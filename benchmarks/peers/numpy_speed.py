"""The floor: reading, and exact PSI and KS in plain numpy, with the reference's sorted columns prepared or not."""

import sys
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import speed


def answer(reference: Path, current: Path) -> speed.Answers:
    """PSI over reference deciles and exact KS of numbers, PSI of categories."""
    prepared = reference.with_suffix(".npz")
    if "prepared" in sys.argv and not prepared.exists():
        np.savez(prepared, **_fitted(reference))
    fitted = dict(np.load(prepared)) if "prepared" in sys.argv else _fitted(reference)
    table = pq.read_table(current)
    answers: speed.Answers = {"psi": {}, "kolmogorov_smirnov": {}}
    for name in table.column_names:
        if name in fitted:
            psi, ks = _of_numbers(fitted[name], np.sort(table[name].to_numpy()))
            answers["psi"][name], answers["kolmogorov_smirnov"][name] = psi, ks
        else:
            names, counts = fitted[f"{name} names"], fitted[f"{name} counts"]
            found = {str(one["values"]): int(one["counts"]) for one in pc.value_counts(table[name]).to_pylist()}
            answers["psi"][name] = _psi(counts, np.array([found.get(str(one), 0) for one in names]))
    return answers


def _fitted(reference: Path) -> dict[str, np.ndarray]:
    """Sorted numbers, thinned to 4,096 quantiles; names and counts of categories."""
    table, fitted = pq.read_table(reference), {}
    for name in table.column_names:
        if name.startswith("n"):
            ordered = np.sort(table[name].to_numpy())
            fitted[name] = ordered[np.linspace(0, len(ordered) - 1, 4096).astype(int)]
        else:
            counted = pc.value_counts(table[name])
            fitted[f"{name} names"] = np.array(counted.field(0).to_pylist())
            fitted[f"{name} counts"] = counted.field(1).to_numpy()
    return fitted


def _of_numbers(grid: np.ndarray, ordered: np.ndarray) -> tuple[float, float]:
    upto = np.searchsorted(ordered, grid, side="right") / len(ordered)
    cuts = np.linspace(0, len(grid), 11).astype(int)[1:-1]
    shares = np.diff(upto[cuts], prepend=0, append=1)
    even = np.full(10, 0.1)
    ks = np.max(np.abs(upto - np.arange(1, len(grid) + 1) / len(grid)))
    return float(np.sum((shares - even) * np.log(shares / even))), float(ks)


def _psi(r: np.ndarray, c: np.ndarray) -> float:
    p, q = (r + 0.5) / (r + 0.5).sum(), (c + 0.5) / (c + 0.5).sum()
    return float(np.sum((q - p) * np.log(q / p)))


if __name__ == "__main__":
    speed.main(answer)
