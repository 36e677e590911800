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
from modelwatch.report.changes import Change, changes_of
from modelwatch.report.meaning import meaning
from modelwatch.words import listed

MAX_CHANGES = 8
MAX_CHANGE = 900  # characters; eight of them stay within what Slack takes in all blocks together
MAX_METRICS, MAX_FEATURES = 4, 6
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
    changes = changes_of(alert.judgement.findings)
    first = _headline(changes[0]) if changes else (alert.judgement.reason or "")
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{alert.monitor}: {alert.judgement.verdict} for {span(alert.window)}: {first}{more}"


def alert_blocks(alert: Alert) -> list[Block]:
    """The Block Kit message, within Slack's limits whatever the number and length of the findings."""
    changes = changes_of(alert.judgement.findings)
    blocks: list[Block] = [
        HeaderBlock(text=cut(f"{alert.monitor}: {alert.judgement.verdict}, {_count(changes)}", HEADER_LIMIT)),
        section(_intro(alert)),
        DividerBlock(),
        *change_blocks(changes),
    ]
    blocks.append(section(f"*What it may mean*\n{meaning(alert.judgement)}"))
    if alert.links:
        blocks.append(ActionsBlock(elements=[ButtonElement(text=text, url=url) for text, url in alert.links]))
    version = f" · model {alert.model_version}" if alert.model_version else ""
    blocks.append(context(f"owner {alert.owner or 'not set'}{version} · evaluation {alert.number} of this window"))
    return blocks


def change_blocks(changes: Sequence[Change]) -> list[Block]:
    """One paragraph for each of the worst changes, and how many more there are."""
    blocks: list[Block] = [section(cut(_change(one), MAX_CHANGE)) for one in changes[:MAX_CHANGES]]
    more = len(changes) - len(blocks)
    return [*blocks, context(f"and {more} more, smaller than these")] if more > 0 else blocks


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


def _count(changes: Sequence[Change]) -> str:
    return "1 thing moved" if len(changes) == 1 else f"{len(changes)} things moved"


def _headline(change: Change) -> str:
    return f"{change.title} {change.worst.measurement.metric} {_value(change.worst)}"


def _change(change: Change) -> str:
    """One feature or group with its metrics and what moved in words, or features that moved for one reason."""
    first, *others = change.names
    checks = ", ".join(check.replace("_", " ") for check in change.checks)
    company = f" with {listed(others)}" if others else ""
    title = f"{ICONS[change.worst.status]} *{escape(first)}*{escape(company)} · {checks}"
    metrics = [_metric(one) for one in change.findings[:MAX_METRICS]]
    body = _together(change) if others else [*metrics, *_said(change.words(first))]
    return "\n".join([title, *body])


def _together(change: Change) -> list[str]:
    """The common reason, then a line for each feature."""
    lines = _said(change.reason)
    for name in change.names[:MAX_FEATURES]:
        worst, words = change.of(name)[0], change.words(name)
        what = f" · {words}" if words else ""
        lines.append(f"• *{escape(name)}* {worst.measurement.metric} *{_value(worst)}*{escape(what)}")
    more = len(change.names) - MAX_FEATURES
    return [*lines, f"• and {more} more"] if more > 0 else lines


def _metric(result: Result) -> str:
    m = result.measurement
    interval = "" if m.ci_low is None else f", interval {m.ci_low:.3g} to {m.ci_high:.3g}"
    return f"• {m.metric} *{_value(result)}*{interval} (n = {m.n_current:,})"


def _said(words: str | None) -> list[str]:
    return [f"_{escape(words)}_"] if words else []


def _value(result: Result) -> str:
    m = result.measurement
    return f"{m.value:.3g} ({result.status} at {result.threshold:g})" if m.value is not None else "not computable"


def section(text: str) -> SectionBlock:
    """A paragraph, within Slack's limit."""
    return SectionBlock(text=MarkdownTextObject(text=cut(text, SECTION_LIMIT)))


def context(text: str) -> ContextBlock:
    """A small line, within Slack's limit."""
    return ContextBlock(elements=[MarkdownTextObject(text=cut(text, SECTION_LIMIT))])
