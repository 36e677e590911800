"""A store as it is after years: written in bulk by Postgres itself, for measuring and for long lists."""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from modelwatch.store import engine

CONFIG = {
    "owner": "payments-ml",
    "description": "made up for a measurement",
    "tags": ["card", "eu"],
    "window": "P1D",
    "schedule": "0 3 * * *",
    "timezone": "UTC",
    "sample": {"rows": 20000, "minimum": 500},
    "columns": {"score": "score", "decision": "flagged"},
    "false_discovery_rate": 0.01,
}

EVALUATIONS = """
INSERT INTO evaluation (monitor, window_start, window_end, number, run_id, run_type, config_sha256, content_digest,
                        verdict, page, n_reference, n_current, coverage, sample)
SELECT :monitor, day, day + interval '1 day', 1, 'scheduled__' || day, 'scheduled', :sha, 'd' || day,
       (CASE WHEN at % 97 = 0 THEN 'not_measured' WHEN at % 31 < 2 THEN 'alert' WHEN at % 13 = 0 THEN 'warning'
             WHEN at % 53 = 0 THEN 'insufficient_data' ELSE 'ok' END), at % 31 < 2, 50000, 18000 + i % 700, 1.0,
       '{"n_seen": 18000, "n_rejected": 0, "n_duplicate": 0, "n_total": 18000, "rejects": []}'::jsonb
FROM generate_series(0, :days - 1) AS i,
     LATERAL (SELECT CAST(:first AS timestamptz) + i * interval '1 day', i + :phase) AS d(day, at)
"""

RESULTS = """
INSERT INTO result (evaluation_id, position, rank, "check", metric, feature, "group", value, effect, p_value, q_value,
                    threshold, smallest_detectable, n_reference, n_current, sufficient, status, evidence)
SELECT e.id, f * 8 + m.at, CASE WHEN crossed THEN f END, m."check", m.metric, 'feature_' || f, NULL,
       x, x, 0.2, CASE WHEN crossed THEN 1e-9 ELSE 0.4 END, CASE WHEN m.judged THEN 0.25 END, 0.01, 50000, 18000, true,
       CASE WHEN crossed AND m.judged THEN e.verdict ELSE 'ok' END, CASE WHEN crossed THEN '(-inf, 3]: 3 % -> 36 %' END
FROM evaluation e
CROSS JOIN generate_series(1, :features) AS f
CROSS JOIN (VALUES (0, 'feature_drift', 'psi', true), (1, 'feature_drift', 'ks_statistic', true),
                   (2, 'feature_drift', 'js_distance', false), (3, 'feature_drift', 'wasserstein', false),
                   (4, 'quality', 'missing_share', true), (5, 'quality', 'type_error_share', false),
                   (6, 'quality', 'out_of_range_share', false)) AS m(at, "check", metric, judged)
CROSS JOIN LATERAL (SELECT abs(hashint8(e.id * 1000 + f)) % 1000 / 4000.0 AS low) AS r
CROSS JOIN LATERAL (SELECT e.verdict IN ('alert', 'warning') AND f % least(9, :features) = 0 AND m.at < 2) AS c(crossed)
CROSS JOIN LATERAL (SELECT CASE WHEN crossed THEN 0.3 + low ELSE low / 2 END AS x) AS v
WHERE e.monitor = :monitor AND e.verdict <> 'not_measured'
"""

FAIRNESS = """
INSERT INTO result (evaluation_id, position, "check", metric, "group", value, effect, ci_low, ci_high, threshold,
                    n_reference, n_current, sufficient, status)
SELECT e.id, 5000 + g, 'fairness', m.metric, m."group" , 0.05, 0.05, 0.04, 0.06, m.threshold, 50000, 4000, true, 'ok'
FROM evaluation e
CROSS JOIN generate_series(1, 12) AS g
CROSS JOIN LATERAL (SELECT CASE WHEN g = 1 THEN 'demographic_parity_difference' ELSE 'selection_rate' END,
                           CASE WHEN g = 1 THEN 'age_band' ELSE 'age_band=' || g END,
                           CASE WHEN g = 1 THEN 0.1 END) AS m(metric, "group", threshold)
WHERE e.monitor = :monitor AND e.verdict <> 'not_measured'
"""


def write_years(
    url: str, monitor: str, *, until: datetime, days: int, features: int, phase: int = 0, **config: str
) -> None:
    """A monitor with one evaluation a day up to ``until`` and seven results of each feature.

    Args:
        phase: shifts its bad days, so that monitors differ.
        config: what its file says beside `CONFIG`.
    """
    first = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    named = {"monitor": monitor, "sha": f"sha-{monitor}", "first": first, "days": days, "features": features}
    content = json.dumps({**CONFIG, "monitor": monitor, **config})
    insert = "INSERT INTO monitor_config (sha256, monitor, content) VALUES (:sha, :monitor, CAST(:content AS jsonb))"
    with engine.session(url) as session, session.begin():
        session.execute(sa.text(insert), {"sha": named["sha"], "monitor": monitor, "content": content})
        for statement in (EVALUATIONS, RESULTS, FAIRNESS):
            session.execute(sa.text(statement), {**named, "phase": phase})


def write_monitors(url: str, n: int, *, until: datetime, days: int = 60) -> list[str]:
    """``n`` monitors with a few features each; returns their names."""
    names = [f"model_{i:03d}" for i in range(n)]
    for i, name in enumerate(names):
        write_years(url, name, until=until, days=days, features=3, phase=7 * i, owner=f"team-{i % 7}")
    with engine.session(url) as session, session.begin():
        session.execute(sa.text("ANALYZE"))
    return names
