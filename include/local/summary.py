"""What the demo shows at its end: a line per day from the store, and the Slack messages as text."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from local.environment import MONITOR

if TYPE_CHECKING:
    from modelwatch.store.repository import LoadedEvaluation

LINE = "{:<12} {:<18} {:<5} {:>9}  {}"


@dataclass(frozen=True)
class Day:
    """The newest evaluation of one day.

    Attributes:
        number: 1 for the day's first evaluation; a run of the same day again adds the next.
        top_finding: the worst finding, or why the day could not be judged; None on a quiet day.
    """

    day: str
    number: int
    verdict: str
    page: bool
    n_current: int
    top_finding: str | None


def stored_days(database_url: str, first: date, last: date) -> list[Day]:
    """The newest evaluation of each day from ``first`` to ``last``, oldest first."""
    from modelwatch.store import engine, repository

    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    with engine.session(database_url) as session:
        stored = repository.current_evaluations(session, MONITOR, since=start, until=end)
        loaded = [repository.load_evaluation(session, one.id) for one in stored]
    return [_day(one) for one in sorted(loaded, key=lambda one: one.window)]


def _day(stored: "LoadedEvaluation") -> Day:
    from modelwatch.domain import Judgement
    from modelwatch.report.document import Evaluation
    from modelwatch.report.table import top_finding

    judgement = Judgement(stored.verdict, stored.reason, stored.results, stored.findings)
    counts = (stored.n_reference, stored.n_current, stored.coverage)
    top = top_finding(Evaluation(stored.monitor, stored.window, judgement, *counts, stored.page))
    day = stored.window.start.date().isoformat()
    return Day(day, stored.number, stored.verdict, stored.page, stored.n_current, top or stored.reason)


def messages_after(log: Path, offset: int) -> list[dict[str, object]]:
    """The messages the stand-in for Slack received since its log was ``offset`` bytes long."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(offset)
        return [json.loads(line) for line in file if line.strip()]


def render_messages(messages: list[dict[str, object]]) -> str:
    """The messages as a person in the channel reads them."""
    from demo.slack import render

    return "\n\n".join(render(message) for message in messages)


def table(days: list[Day]) -> str:
    """One line per day, for a terminal."""
    lines = [LINE.format("day", "verdict", "page", "requests", "top finding")]
    for day in days:
        page = "page" if day.page else "-"
        lines.append(LINE.format(day.day, day.verdict, page, f"{day.n_current:,}", day.top_finding or "").rstrip())
    return "\n".join(lines)


def write_files(folder: Path, days: list[Day], messages: list[dict[str, object]]) -> list[Path]:
    """Write demo.txt, demo.json and slack.txt; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "demo.txt": table(days) + "\n",
        "demo.json": json.dumps({"days": [asdict(day) for day in days], "slack": messages}, indent=2) + "\n",
        "slack.txt": render_messages(messages) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]
