"""The Slack message: which model, which window, what moved, what it may mean, where to look. Pure rendering."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from modelwatch.domain import Judgement, Result, Window
from modelwatch.episodes import problem_key
from modelwatch.report.meaning import meaning

MAX_PROBLEMS = 8
MAX_PROBLEM = 900  # eight of them stay within what Slack takes in all blocks together
SECTION_LIMIT = 3000
HEADER_LIMIT = 150
ICONS = {"alert": ":red_circle:", "warning": ":large_yellow_circle:"}


@dataclass(frozen=True)
class Alert:
    """All a message needs.

    Attributes:
        coverage: share of the window's requests that were seen, or None when the source does not say.
        links: button label -> URL.
    """

    monitor: str
    window: Window
    judgement: Judgement
    n_reference: int
    n_current: int
    coverage: float | None
    owner: str
    mention: str | None = None
    model_version: str | None = None
    number: int = 1
    links: tuple[tuple[str, str], ...] = ()


def alert_text(alert: Alert) -> str:
    """The one-line form for notifications and screen readers."""
    problems = by_problem(alert.judgement.findings)
    first = _headline(problems[0]) if problems else (alert.judgement.reason or "")
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"{alert.monitor}: {alert.judgement.verdict} for {span(alert.window)}: {first}{more}"


def alert_blocks(alert: Alert) -> list[Block]:
    """The Block Kit message, within Slack's limits whatever the number and length of the findings."""
    problems = by_problem(alert.judgement.findings)
    blocks: list[Block] = [
        HeaderBlock(text=cut(f"{alert.monitor}: {alert.judgement.verdict}, {_count(problems)}", HEADER_LIMIT)),
        section(_intro(alert)),
        DividerBlock(),
        *(section(cut(problem(results), MAX_PROBLEM)) for results in problems[:MAX_PROBLEMS]),
    ]
    if len(problems) > MAX_PROBLEMS:
        blocks.append(context(f"and {len(problems) - MAX_PROBLEMS} more, smaller than these"))
    blocks.append(section(f"*What it may mean*\n{meaning(alert.judgement)}"))
    if alert.links:
        blocks.append(ActionsBlock(elements=[ButtonElement(text=text, url=url) for text, url in alert.links]))
    version = f" · model {alert.model_version}" if alert.model_version else ""
    blocks.append(context(f"owner {alert.owner or 'not set'}{version} · evaluation {alert.number} of this window"))
    return blocks


def by_problem(findings: Sequence[Result]) -> list[list[Result]]:
    """The findings of one feature or group together, in the order of each one's worst finding."""
    problems: dict[str, list[Result]] = {}
    for result in findings:
        problems.setdefault(problem_key(result), []).append(result)
    return list(problems.values())


def span(window: Window) -> str:
    """A window for people: one day as its date, else both ends."""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (window.start, window.end))
    is_day = start.endswith("00:00") and (window.end - window.start).total_seconds() == 86400
    return start[:10] if is_day else f"{start} to {end} UTC"


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, the cut marked."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def escape(text: str) -> str:
    """Slack's three control characters, so that a category name can neither ping a channel nor fake a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _intro(alert: Alert) -> str:
    seen = "" if alert.coverage is None else f" ({100 * alert.coverage:.0f} % of the window seen)"
    lead = f"{alert.mention} " if alert.mention else ""
    return (
        f"{lead}Window *{span(alert.window)}*: {alert.n_current:,} requests{seen} "
        f"against {alert.n_reference:,} of the reference."
    )


def _count(problems: list[list[Result]]) -> str:
    return "1 thing moved" if len(problems) == 1 else f"{len(problems)} things moved"


def _headline(results: list[Result]) -> str:
    m = results[0].measurement
    return f"{m.feature or m.group or m.metric} {m.metric} {_value(results[0])}"


def problem(results: list[Result]) -> str:
    """One feature or group: its findings, and what moved in words."""
    worst = results[0]
    m = worst.measurement
    name = escape(m.feature or m.group or m.metric)
    lines = [f"{ICONS[worst.status]} *{name}* · {m.check.replace('_', ' ')}"]
    for result in results[:4]:
        one = result.measurement
        interval = "" if one.ci_low is None else f", interval {one.ci_low:.3g} to {one.ci_high:.3g}"
        lines.append(f"• {one.metric} *{_value(result)}*{interval} (n = {one.n_current:,})")
    evidence = next((r.measurement.evidence for r in results if r.measurement.evidence), None)
    if evidence:
        lines.append(f"_{escape(evidence)}_")
    return "\n".join(lines)


def _value(result: Result) -> str:
    m = result.measurement
    return f"{m.value:.3g} ({result.status} at {result.threshold:g})" if m.value is not None else "not computable"


def section(text: str) -> SectionBlock:
    """A paragraph, within Slack's limit."""
    return SectionBlock(text=MarkdownTextObject(text=cut(text, SECTION_LIMIT)))


def context(text: str) -> ContextBlock:
    """A small line, within Slack's limit."""
    return ContextBlock(elements=[MarkdownTextObject(text=cut(text, SECTION_LIMIT))])
