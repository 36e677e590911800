"""From two files to the words on-call reads: cause in the document, phrase in the message, one problem of two."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from modelwatch.domain import Window
from modelwatch.report.document import document
from modelwatch.report.slack import Alert, alert_blocks
from support.payments import checked, requests


def test_a_change_of_one_segment_is_told_with_the_segment(tmp_path: Path) -> None:
    current = requests(4_000, 3)
    current["age"] = np.where(current["channel"] == "ios", -current["age"], current["age"])
    evaluation = checked(tmp_path, current)
    drift = [r.measurement for r in evaluation.judgement.results if r.measurement.check == "feature_drift"]
    assert {m.cause for m in drift if m.feature == "age"} == {"only_in_segment"}
    assert "only_in_segment" not in {m.cause for m in drift if m.feature != "age"}
    evidence = next(m.evidence for m in drift if m.feature == "age")
    assert evidence is not None
    assert evidence.startswith("only where channel is 'ios' (")
    assert "values have the opposite sign" in evidence


def test_a_changed_unit_is_told_in_the_document_and_the_message(tmp_path: Path) -> None:
    current = requests(2_000, 2)
    current |= {"amount": 100 * current["amount"], "fee": 100 * current["fee"]}

    evaluation = checked(tmp_path, current)

    findings = [f for f in document(evaluation)["findings"] if f["check"] in ("feature_drift", "quality")]
    assert {f["feature"] for f in findings} == {"amount", "fee"}
    assert {f["cause"] for f in findings} == {"scale_x100"}
    window = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
    (both,) = [one for one in document(evaluation)["changes"] if one["features"]]
    assert sorted(both["features"]) == ["amount", "fee"]
    message = alert_blocks(Alert("payments", window, evaluation.judgement, 20_000, 2_000, 1.0, "team"))
    assert "values are 100 times as large: a changed unit?" in str([block.to_dict() for block in message])
