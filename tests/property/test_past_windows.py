"""Past windows side by side: whatever was looked at before, the counts are those of the windows asked for."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.calibration.windows import Windows
from modelwatch.metrics.bins import bins_of
from modelwatch.profile import Profile
from modelwatch.profile.cells import Cells, fit_categorical, fit_numeric
from modelwatch.profile.features import CategoricalProfile, NumericProfile, count

RNG = np.random.default_rng(1)
NUMBERS = [
    pa.chunked_array([np.where(RNG.random(200) < 0.2, RNG.choice([np.nan, np.inf, 3.0], 200), RNG.normal(i, 2, 200))])
    for i in range(8)
]
WORDS = [pa.chunked_array([RNG.choice(["a", "b", "c", f"day {i}", None], 200).tolist()]) for i in range(8)]
CELLS: dict[str, Cells] = {"number": fit_numeric(NUMBERS[0]), "word": fit_categorical(WORDS[0])}
DAYS = [
    Profile(200, {"number": count(number, CELLS["number"]), "word": count(word, CELLS["word"])})
    for number, word in zip(NUMBERS, WORDS, strict=True)
]
looks = st.lists(st.lists(st.sampled_from(DAYS), min_size=1, unique=True), min_size=1, max_size=6)


@given(looks=looks)
def test_the_tables_are_those_of_the_windows_asked_for(looks: list[list[Profile]]) -> None:
    windows = Windows()
    for days in looks:
        for name, table in windows.tables(days).items():
            columns = [day.columns[name] for day in days]
            bins = bins_of(CELLS[name], np.sum([one.counts for one in columns], axis=0))
            assert table.bins.tolist() == [bins.counts(one).tolist() for one in columns]
            assert table.n.tolist() == [one.n for one in columns]
            assert table.missing.tolist() == [one.n_missing for one in columns]
            assert table.present.tolist() == [present(one) for one in columns]
            assert table.new.tolist() == [new(one) for one in columns]


def present(column: NumericProfile | CategoricalProfile) -> int:
    return column.n_finite if isinstance(column, NumericProfile) else column.n - column.n_missing


def new(column: NumericProfile | CategoricalProfile) -> int:
    if isinstance(column, CategoricalProfile):
        return column.n_unseen
    return int(column.finite[0] + column.finite[-1])
