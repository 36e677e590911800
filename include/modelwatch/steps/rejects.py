"""Rows that did not parse, beside a window's counts, and samples that do not stand for their window."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from modelwatch.domain import Reject, Rules, Sample
from modelwatch.profile import Profile


def with_rejects(counted: Profile, rejects: Sequence[Reject]) -> Profile:
    """The counts of a window's rows, with what was kept out of them."""
    type_errors: Counter[str] = Counter()
    for reject in rejects:
        type_errors[reject.column] += reject.count
    return replace(counted, type_errors=dict(type_errors), n_rejected=sum(type_errors.values()))


def sample_problem(sample: Sample, rules: Rules) -> str | None:
    """Why a sample does not stand for its window, or None."""
    problem = unparsed(sample.rejects, sample.n_seen, rules.max_rejected)
    if problem is not None:
        return problem
    if sample.coverage is not None and sample.coverage < rules.min_coverage:
        return f"{sample.n_seen} of {sample.n_total} requests were seen"
    return None


def unparsed(rejects: Sequence[Reject], n_parsed: int, limit: float) -> str | None:
    """Why a window is not measured of which a larger share than the limit did not parse, or None."""
    n_rejected = sum(reject.count for reject in rejects)
    if n_rejected <= limit * (n_parsed + n_rejected):
        return None
    worst = max(rejects, key=lambda reject: reject.count)
    return (
        f"{n_rejected} of {n_parsed + n_rejected} rows do not parse, most of them for '{worst.column}' "
        f"({worst.count}: {worst.problem})"
    )
