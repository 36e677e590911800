"""Which section of docs/runbook.md a message belongs to, and the link to it."""

SECTIONS = {
    "quality": "data-quality",
    "feature_drift": "feature-drift",
    "multivariate_drift": "multivariate-drift",
    "prediction_drift": "prediction-drift",
    "performance": "performance",
    "fairness": "fairness",
    "redeploy": "after-a-redeploy",
    "health:not_measured": "not-measured",
    "health:empty": "no-requests",
    "health:below_minimum": "too-few-requests",
    "health:blind": "not-enough-evidence",
    "health:missed": "not-watched-since",
    "health:config": "a-monitor-file-that-does-not-parse",
    "digest": "daily-digest-of-warnings",
    "summary": "backfill-summary",
    "silence": "expired-silence",
    "drill": "fire-drill",
}


def section(about: str) -> str:
    """The anchor for a check, a fingerprint or a kind of message."""
    return SECTIONS.get(about) or SECTIONS.get(about.partition(":")[0]) or "reading-a-message"


def link(base: str | None, about: str) -> str | None:
    """The section below the runbook's address; None when it has none."""
    return f"{base.partition('#')[0]}#{section(about)}" if base else None
