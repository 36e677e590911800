"""Which drift it is: the rule that names it, and a small round of the benchmark with known truth."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.drift_kind_cases import KINDS, draw, named

from modelwatch.checks.drift_kind import Facts, kind_of

QUIET = Facts(inputs="no", performance="no", rate="no", relation="no", level="no", classes="no")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, None),
        ({"inputs": "unclear", "rate": "unclear"}, None),
        ({"inputs": "yes"}, "benign"),
        ({"inputs": "yes", "performance": "yes"}, "covariate_shift"),
        ({"performance": "yes", "relation": "yes"}, "concept_drift"),
        ({"inputs": "yes", "performance": "yes", "relation": "yes"}, "both"),
        ({"rate": "yes", "level": "yes"}, "label_shift"),
        ({"rate": "yes"}, "label_shift"),
        ({"inputs": "yes", "rate": "yes", "level": "yes"}, "label_shift"),
        ({"inputs": "yes", "rate": "yes", "level": "yes", "classes": "yes"}, "both"),
        ({"inputs": "yes", "rate": "yes", "level": "yes", "classes": "unclear"}, "undetermined"),
        ({"inputs": "yes", "performance": "unclear"}, "undetermined"),
        ({"inputs": "yes", "relation": "unclear"}, "undetermined"),
        ({"performance": "yes"}, "undetermined"),
        ({"inputs": "yes", "performance": "yes", "fault": "amount: scale_x100"}, "data_fault"),
    ],
)
def test_what_is_known_decides_the_name(changes: dict[str, str], kind: str | None) -> None:
    assert kind_of(replace(QUIET, **changes)) == kind  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_of_known_kind_gets_its_name(kind: str) -> None:
    rng = np.random.default_rng(11)
    assert named(draw(8_000, rng), draw(4_000, rng, kind)) == kind


@pytest.mark.parametrize("kind", ["none", *KINDS])
def test_a_few_requests_get_no_wrong_name(kind: str) -> None:
    rng = np.random.default_rng(12)
    said = Counter(named(draw(600, rng), draw(200, rng, kind)) for _ in range(4))
    assert said.keys() <= {kind, "undetermined", "none"}
