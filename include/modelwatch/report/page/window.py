"""One window: what was judged, by what evidence, feature by feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelwatch.domain import Judgement, Result, Window, iso
from modelwatch.history import About, Judged, Mark
from modelwatch.report.changes import Change, changes_of
from modelwatch.report.document import Evaluation, document
from modelwatch.report.meaning import meaning
from modelwatch.report.page.compare import Comparison
from modelwatch.report.page.headline import moved_words
from modelwatch.report.page.tables import Table, columns_of
from modelwatch.report.page.words import CHECK_WORDS, count, percent, window_slug


@dataclass(frozen=True)
class Group:
    """The results of one check."""

    check: str
    words: str
    results: tuple[Result, ...]
    n_findings: int

    @property
    def judged(self) -> tuple[Result, ...]:
        """Those that have a threshold, and those that lacked data."""
        return tuple(r for r in self.results if r.threshold is not None or r.status not in ("ok", "not_computable"))

    @property
    def reported(self) -> tuple[Result, ...]:
        """The rest."""
        judged = {id(result) for result in self.judged}
        return tuple(result for result in self.results if id(result) not in judged)


@dataclass(frozen=True)
class Cover:
    """What was seen of the window, as pairs of a name and its words, and what was rejected."""

    facts: tuple[tuple[str, str], ...]
    rejects: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class WindowView:
    """All that the page of one window shows.

    Attributes:
        others: earlier windows that this one can be compared with, newest first.
        against: what the current counts are compared with, in words.
        comparisons: the features, what moved first; empty with ``no_comparison`` saying why.
    """

    about: About | None
    judged: Judged
    judgement: Judgement
    groups: tuple[Group, ...]
    cover: Cover
    versions: tuple[Judged, ...]
    before: Window | None
    after: Window | None
    others: tuple[Mark, ...]
    comparisons: tuple[Comparison, ...]
    against: str
    no_comparison: str | None

    @property
    def slug(self) -> str:
        """The window in addresses."""
        return window_slug(self.judged.window)

    @property
    def is_current(self) -> bool:
        """Whether no newer evaluation of this window exists."""
        return not self.versions or self.versions[0].number == self.judged.number

    @property
    def meaning(self) -> str | None:
        """What the findings may mean together."""
        return meaning(self.judgement) if self.judgement.findings else None

    @property
    def moved(self) -> str:
        """What moved, in one sentence."""
        names = [name for change in self.changes for name in change.names]
        return moved_words(names, "alert" if self.changes[0].worst.status == "alert" else "warning")

    @property
    def changes(self) -> list[Change]:
        """The findings told once each, worst first."""
        return changes_of(self.judgement.findings)

    def document(self) -> dict[str, Any]:
        """The JSON document of the window, as the command line prints it."""
        one = self.judged
        evaluation = Evaluation(
            one.monitor, one.window, self.judgement, one.n_reference, one.n_current, one.coverage, one.page
        )
        return document(evaluation)

    def tables(self) -> dict[str, Table]:
        """Everything that can be exported, by name."""
        tables = [
            columns_of(self.document()["results"], "results"),
            versions_table(self.versions),
            Table("rejects", ("column", "problem", "rows"), self.cover.rejects),
        ]
        return {table.name: table for table in tables}

    def comparison(self, feature: str) -> Comparison | None:
        """The comparison of this feature."""
        return next((one for one in self.comparisons if one.feature == feature), None)


def versions_table(versions: Sequence[Judged]) -> Table:
    """Every evaluation of a window, newest first."""
    columns = ("evaluation", "verdict", "n_current", "coverage", "judged_at", "run_id", "run_type", "config_sha256")
    rows = tuple(
        (v.number, v.verdict, v.n_current, v.coverage, iso(v.created_at), v.run_id, v.run_type, v.config_sha256)
        for v in versions
    )
    return Table("versions", columns, rows)


def groups_of(results: Sequence[Result]) -> tuple[Group, ...]:
    """The results by check, in the order they were measured; within a check findings come first."""
    by_check: dict[str, list[Result]] = {}
    for result in results:
        by_check.setdefault(result.measurement.check, []).append(result)
    order = {"alert": 0, "warning": 1}
    return tuple(
        Group(
            check,
            CHECK_WORDS[check],
            tuple(sorted(found, key=lambda r: order.get(r.status, 2 if r.threshold is not None else 3))),
            sum(r.status in order for r in found),
        )
        for check, found in by_check.items()
    )


def cover_of(judged: Judged, sample: dict[str, Any] | None) -> Cover:
    """What was seen, what was kept, what was rejected."""
    facts = [("judged", count(judged.n_current)), ("reference", count(judged.n_reference))]
    facts.append(("coverage", percent(judged.coverage) if judged.coverage is not None else "unknown"))
    if sample is None:
        return Cover(tuple(facts), ())
    names = {"n_total": "exist", "n_seen": "seen", "n_duplicate": "repeated ids", "n_rejected": "rejected"}
    facts += [(words, count(sample[key])) for key, words in names.items() if sample.get(key) is not None]
    rejects = tuple((str(c), str(p), int(n)) for c, p, n, *_ in sample.get("rejects") or ())
    return Cover(tuple(facts), rejects)


def by_findings(names: Sequence[str], judgement: Judgement) -> list[str]:
    """The features in the order of their findings, then the rest as they were."""
    crossed = [r.measurement.feature for r in judgement.findings if r.measurement.feature in names]
    return list(dict.fromkeys([*(name for name in crossed if name is not None), *names]))
