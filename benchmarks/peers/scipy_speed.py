"""A bare loop of scipy.stats.ks_2samp and chi2_contingency: the exact statistics that the others are compared with."""

from pathlib import Path

import numpy as np
import pandas as pd
import speed
from scipy import stats
from scipy.spatial import distance


def answer(reference: Path, current: Path) -> speed.Answers:
    """Exact KS and Wasserstein of numbers, chi-square and base-2 Jensen-Shannon of categories."""
    r, c = pd.read_parquet(reference), pd.read_parquet(current)
    answers: speed.Answers = {"kolmogorov_smirnov": {}, "chi2": {}}
    for name in r:
        if pd.api.types.is_numeric_dtype(r[name]):
            answers["kolmogorov_smirnov"][name] = float(stats.ks_2samp(r[name], c[name], method="asymp").statistic)
        else:
            counts = r[name].value_counts()
            table = np.array([counts, c[name].value_counts().reindex(counts.index, fill_value=0)])
            answers["chi2"][name] = float(stats.chi2_contingency(table, correction=False).statistic)
            shares = table / table.sum(axis=1, keepdims=True)
            answers.setdefault("jensen_shannon", {})[name] = float(distance.jensenshannon(*shares, base=2))
    return answers


if __name__ == "__main__":
    speed.main(answer)
