"""Outcome tables add up exactly, survive being stored, and give the same performance whatever was added to what."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from modelwatch.domain import Schema
from modelwatch.metrics.performance import average_precision, roc_auc
from modelwatch.profile import Outcomes, Profile, count_outcomes, decode_outcomes, decode_profile, encode_profile
from modelwatch.profile.outcomes import MAX_SCORES

SCHEMA = Schema(columns=(), features={}, score="score", decision="decision", label="label")
FLAG = st.sampled_from([True, False, None])
ROW = st.tuples(st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 0.25, float("inf")])), FLAG, FLAG)


def counted(rows: list[tuple[float | None, bool | None, bool | None]]) -> Outcomes:
    score, decision, label = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table(
        {
            "score": pa.chunked_array([pa.array(score, pa.float64())]),
            "decision": pa.chunked_array([pa.array(decision, pa.bool_())]),
            "label": pa.chunked_array([pa.array(label, pa.bool_())]),
        }
    )
    found = count_outcomes(table, SCHEMA)
    assert found is not None
    return found


def content(outcomes: Outcomes) -> bytes:
    return encode_profile(Profile(0, {}, outcomes=outcomes))


@settings(max_examples=30)
@given(st.lists(ROW, max_size=60), st.lists(ROW, max_size=60))
def test_the_sum_of_two_tables_is_the_table_of_both(
    a: list[tuple[float | None, bool | None, bool | None]], b: list[tuple[float | None, bool | None, bool | None]]
) -> None:
    assert content(counted(a) + counted(b)) == content(counted(a + b))


@settings(max_examples=30)
@given(st.lists(ROW, max_size=60))
def test_a_stored_table_is_the_same(rows: list[tuple[float | None, bool | None, bool | None]]) -> None:
    outcomes = counted(rows)
    stored = decode_profile(content(outcomes), {}).outcomes
    assert stored is not None
    assert content(stored) == content(outcomes)
    assert (stored.table == outcomes.table).all()
    alone = decode_outcomes(content(outcomes))
    assert alone is not None
    assert content(alone) == content(outcomes)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_the_area_is_that_of_the_rows_and_turns_round_with_the_labels(rows: list[tuple[float, bool]]) -> None:
    score, label = np.array([s for s, _ in rows]), np.array([y for _, y in rows])
    if len(set(label)) < 2:
        return
    negatives, positives, _ = counted([(s, None, bool(y)) for s, y in rows]).by_label.T
    assert roc_auc(positives, negatives) == pytest.approx(roc_auc_score(label, score))
    assert roc_auc(positives, negatives) + roc_auc(negatives, positives) == pytest.approx(1)


def test_of_more_scores_than_are_kept_little_is_lost_and_sums_stay_exact() -> None:
    rng = np.random.default_rng(4)
    score = rng.beta(1, 8, 40_000)
    label = rng.random(40_000) < score
    rows = [(float(s), None, bool(y)) for s, y in zip(score, label, strict=True)]
    whole, parts = counted(rows), counted(rows[:15_000]) + counted(rows[15_000:])
    assert content(whole) == content(parts)
    assert not whole.is_exact and len(whole.scores) <= MAX_SCORES
    negatives, positives, _ = whole.by_label.T
    assert roc_auc(positives, negatives) == pytest.approx(roc_auc_score(label, score), abs=1e-4)
    exact = np.argsort(-score)
    precision = np.cumsum(label[exact]) / np.arange(1, len(score) + 1)
    assert average_precision(positives, negatives) == pytest.approx(precision[label[exact]].mean(), abs=1e-3)
