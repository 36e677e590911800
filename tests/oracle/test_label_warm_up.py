"""The card transactions of 2018: April's label warm-up is a label shift, and the stationary months after are quiet."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from modelwatch.checks.drift_kind import Facts, kind_of
from modelwatch.checks.relation import Answer, classes_changed, rate_changed, relation
from modelwatch.checks.reweighting import Labelled, areas, as_before
from modelwatch.checks.rows import join_rows
from modelwatch.domain import FeatureKind
from support.shared_data import shared_data

FEATURES: dict[str, FeatureKind] = {"TX_AMOUNT": "numeric", "TX_DURING_NIGHT": "numeric"}
COLUMNS = [*FEATURES, "TX_DATETIME", "TX_FRAUD", "score_lr"]
FALL = 0.05  # of ROC AUC: an alert


def weeks(rows: pd.DataFrame, first: str, last: str, *, every: int = 1) -> Iterator[pd.DataFrame]:
    for start in pd.date_range(first, last, freq=f"{7 * every}D"):
        yield rows[rows.TX_DATETIME.between(start, start + pd.Timedelta(days=7), inclusive="left")]


def side_by_side(reference: pd.DataFrame, week: pd.DataFrame) -> Labelled:
    tables = [pa.table({name: rows[name].astype(float).to_numpy() for name in FEATURES}) for rows in (reference, week)]
    both = pd.concat([reference, week])
    return Labelled(join_rows(*tables, FEATURES), both.score_lr.to_numpy(np.float64), both.TX_FRAUD.to_numpy(bool))


def named(labelled: Labelled) -> tuple[str | None, Facts]:
    """With the amounts as they were, which the drift checks say of every week of the file."""
    amounts, now = labelled.rows.values[:, 0], labelled.is_current  # noqa: PD011  # no pandas
    assert abs(amounts[now].mean() / amounts[~now].mean() - 1) < 0.02
    found, three = relation(labelled, as_before(labelled)), areas(labelled, as_before(labelled))
    assert found is not None and three is not None
    fell: Answer = "yes" if three.reference - three.window >= FALL else "no" if three.has_held(FALL) else "unclear"
    rate = rate_changed(labelled)
    facts = Facts("no", fell, rate, found.shape(), found.level(), classes_changed(labelled))
    return kind_of(facts), facts


def test_the_warm_up_is_a_label_shift_and_the_months_after_it_are_quiet() -> None:
    rows = pd.read_parquet(shared_data("fraud_handbook") / "transactions_base.parquet", columns=COLUMNS)
    reference = pd.concat(weeks(rows, "2018-05-07", "2018-05-28"))[::2]
    april = [named(side_by_side(reference, week)) for week in weeks(rows, "2018-04-02", "2018-04-09")]
    assert [kind for kind, _ in april] == ["label_shift", "label_shift"]
    later = [named(side_by_side(reference, week)) for week in weeks(rows, "2018-06-04", "2018-09-17", every=2)]
    assert {facts.rate for _, facts in later} == {"no"}
    assert {facts.performance for _, facts in later} <= {"no", "unclear"}
    assert {kind for kind, _ in later} == {None}
