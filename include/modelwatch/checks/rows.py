"""Two tables of rows as one matrix of numbers, for the checks that look at columns together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modelwatch.domain import FeatureKind, Measurement
from modelwatch.metrics.multivariate import normal_scores
from modelwatch.profile.cells import count_values, to_numpy

MAX_INDICATORS = 8
MIN_SHARE = 0.05

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """Reference rows above current rows, column by column.

    Attributes:
        features: the feature of each column of ``values``.
        values: ``(n, d)``: the number itself, or a category's place by frequency in the reference (unseen: -1); NaN is
            missing, infinities stay.
        is_current: ``(n,)``.
        pair_names: what each column of ``pairs`` is called: ``amount``, or ``channel=web``.
        pair_features: the feature each of them comes from.
        pairs: ``(n, k)`` what correlations are taken of: the numbers, and an indicator of each frequent category.
    """

    features: tuple[str, ...]
    values: Floats
    is_current: Flags
    pair_names: tuple[str, ...]
    pair_features: tuple[str, ...]
    pairs: Floats

    @property
    def sizes(self) -> tuple[int, int]:
        """Reference rows, current rows."""
        m = int(np.count_nonzero(self.is_current))
        return len(self.is_current) - m, m


def joint_measurement(metric: str, sizes: tuple[int, int], value: float | None = None) -> Measurement:
    """A metric of the features together; its effect is its value."""
    return Measurement("multivariate_drift", metric, value, *sizes, effect=value)


def join_rows(reference: pa.Table, current: pa.Table, features: Mapping[str, FeatureKind]) -> Rows:
    """The features of both tables (domain.Page's column types) side by side."""
    values: list[Floats] = []
    pairs: list[tuple[str, str, Floats]] = []
    for name, kind in features.items():
        if kind == "numeric":
            column = np.concatenate([to_numpy(table[name]) for table in (reference, current)])
            values.append(column)
            pairs.append((name, name, column))
            continue
        before, after = _text(reference[name]), _text(current[name])
        ranked = _by_frequency(before)
        column = np.concatenate([_places(texts, ranked) for texts in (before, after)])
        values.append(column)
        pairs += [(f"{name}={level}", name, _indicator(column, place)) for level, place in _frequent(before, ranked)]
    return Rows(
        features=tuple(features),
        values=_matrix(values, reference.num_rows + current.num_rows),
        is_current=np.arange(reference.num_rows + current.num_rows) >= reference.num_rows,
        pair_names=tuple(name for name, _, _ in pairs),
        pair_features=tuple(feature for _, feature, _ in pairs),
        pairs=_matrix([column for _, _, column in pairs], reference.num_rows + current.num_rows),
    )


def scored(columns: Floats) -> Floats:
    """The normal scores of each column; ``(n, d)``."""
    return _matrix([normal_scores(column) for column in columns.T], len(columns))


def _matrix(columns: list[Floats], n_rows: int) -> Floats:
    return np.column_stack(columns) if columns else np.empty((n_rows, 0))


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(pa.string()) if pa.types.is_boolean(values.type) else values


def _by_frequency(values: pa.ChunkedArray) -> dict[str, int]:
    counted = count_values(values)
    ranked = sorted(counted, key=lambda category: (-counted[category], category))
    return {category: place for place, category in enumerate(ranked)}


def _places(values: pa.ChunkedArray, ranked: Mapping[str, int]) -> Floats:
    encoded = values.combine_chunks().dictionary_encode()
    places = np.array([ranked.get(level, -1) for level in encoded.dictionary.to_pylist()] + [np.nan], dtype=np.float64)
    return np.asarray(places[encoded.indices.fill_null(len(places) - 1).to_numpy(zero_copy_only=False)])


def _frequent(values: pa.ChunkedArray, ranked: Mapping[str, int]) -> list[tuple[str, int]]:
    counted = count_values(values)
    enough = MIN_SHARE * max(1, len(values) - values.null_count)
    return [(level, place) for level, place in ranked.items() if place < MAX_INDICATORS and counted[level] >= enough]


def _indicator(places: Floats, place: int) -> Floats:
    return np.where(np.isnan(places), np.nan, places == place)
