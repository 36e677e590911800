"""Every message of an episode's life, and the digest and the summary, as Slack payloads. Pure rendering."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, DividerBlock, HeaderBlock

from modelwatch.domain import Result, Window, iso
from modelwatch.report import runbook
from modelwatch.report.changes import changes_of
from modelwatch.report.slack import HEADER_LIMIT, change_blocks, context, cut, escape, section, span
from modelwatch.words import listed

Payload = dict[str, Any]
HOW_TO = "react with :eyes: to acknowledge, or reply `snooze 7d because …`"
OUTAGES = {
    "health:not_measured": "could not be measured",
    "health:empty": "gets no requests",
    "health:below_minimum": "gets too few requests",
    "health:blind": "has too little evidence for some checks",
    "health:missed": "did not run",
    "health:config": "has a monitor file that does not parse",
}


@dataclass(frozen=True)
class Facts:
    """All that an episode's messages say.

    Attributes:
        number: the episode's id. status: open, closed or withdrawn. state: what the newest window said.
        n_seen, n_windows: windows at level alert, and all since it opened.
        since: for an outage, until when the model was watched.
        findings: what crossed in the last window that showed it, worst first.
        note: who acknowledged it, or which silence covers it; None when nobody and none.
        meaning: how all that crossed in that window together may be read, whichever episode it belongs to.
        reason: for an outage, why the newest window was not measured.
    """

    number: int
    monitor: str
    fingerprint: str
    members: tuple[str, ...]
    severity: str
    status: str
    state: str
    n_seen: int
    n_windows: int
    peak: float
    opened: Window
    last: Window
    newest: Window
    findings: tuple[Result, ...] = ()
    note: str | None = None
    reason: str | None = None
    owner: str = ""
    runbook_base: str | None = None
    page_url: str | None = None
    run_url: str | None = None
    model_version: str | None = None
    meaning: str = ""

    @property
    def is_health(self) -> bool:
        """Whether it is about watching rather than about the model."""
        return self.fingerprint.startswith("health:")


def root(facts: Facts, mention: str | None = None) -> Payload:
    """The one message of an episode as it now stands; the mention is for its first version only."""
    title = title_of(facts)
    lead = f"{mention} " if mention else ""
    blocks: list[Block] = [
        HeaderBlock(text=cut(f"{facts.monitor}: {title}", HEADER_LIMIT)),
        section(f"{lead}{_standing(facts)}"),
    ]
    if facts.findings:
        blocks += [DividerBlock(), *change_blocks(changes_of(facts.findings))]
        blocks.append(section(f"*What it may mean*\n{facts.meaning}"))
    blocks += _buttons(facts)
    blocks.append(context(_footer(facts)))
    return payload(f"{facts.monitor}: {title} ({facts.status}, {span(facts.newest)})", blocks)


def details(facts: Facts) -> Payload:
    """The first reply: every finding with its numbers."""
    lines = [_line(result) for result in facts.findings[:40]]
    more = len(facts.findings) - len(lines)
    tail = [f"and {more} more in the store"] if more > 0 else []
    return payload(f"{facts.monitor}: details", [section("\n".join(["*All findings*", *lines, *tail]))])


def escalated(facts: Facts, mention: str | None) -> Payload:
    """It has become critical."""
    lead = f"{mention} " if mention else ""
    text = f"{lead}:rotating_light: *{facts.monitor}* is critical: {facts.peak:.3g} times its threshold"
    return payload(text, [section(f"{text} in the window {span(facts.newest)}.")])


def reopened(facts: Facts, mention: str | None) -> Payload:
    """It was told as over, and windows judged since say that it is not."""
    lead = f"{mention} " if mention else ""
    text = f"{lead}:repeat: Open again: windows judged since say that it is not over ({span(facts.newest)})."
    return payload(text, [section(text)])


def joined(names: Sequence[str]) -> Payload:
    """More features or groups are part of it."""
    text = f"Also now: {', '.join(escape(name) for name in names)}"
    return payload(text, [section(cut(text, 2900))])


def recovered(facts: Facts) -> Payload:
    """It is over."""
    how = "watched again" if facts.is_health else f"quiet since {span(facts.last)}"
    text = f":white_check_mark: Recovered: {how}; {facts.n_seen} windows were affected."
    return payload(text, [section(text)])


def withdrawn() -> Payload:
    """A later evaluation of its windows took it back."""
    text = ":leftwards_arrow_with_hook: Withdrawn: its windows were judged again, and this is no problem by that."
    return payload(text, [section(text)])


def snooze_over(facts: Facts, mention: str | None) -> Payload:
    """The snooze has ended and it is still there."""
    lead = f"{mention} " if mention else ""
    text = f"{lead}:alarm_clock: The snooze is over and this is still open ({span(facts.newest)})."
    return payload(text, [section(text)])


def digest(monitor: str, day: str, lines: Sequence[str], base: str | None) -> Payload:
    """The day's warnings."""
    shown = [f"• {escape(line)}" for line in lines[:25]]
    more = [f"and {len(lines) - len(shown)} more"] if len(lines) > len(shown) else []
    blocks: list[Block] = [section("\n".join([f":large_yellow_circle: *{monitor}*: warnings of {day}", *shown, *more]))]
    blocks.append(context(_where(base, "digest")))
    return payload(f"{monitor}: {len(lines)} warnings of {day}", blocks)


def summary(
    monitor: str, n_windows: int, first: Window, last: Window, alerts: Sequence[str], base: str | None
) -> Payload:
    """What a backfill restated."""
    spans = f"{span(first)} to {span(last)}" if first != last else span(first)
    lines = [f"• {escape(one)}" for one in alerts[-20:]]
    text = f"{monitor}: a backfill judged {n_windows} windows ({spans}) again; {len(alerts)} of them are alerts"
    blocks: list[Block] = [section("\n".join([f":rewind: {text}. Nobody was paged.", *lines]))]
    blocks.append(context(_where(base, "summary")))
    return payload(text, blocks)


def silence_over(monitor: str, what: str, reason: str, until: str, base: str | None) -> Payload:
    """A silence of the monitor file has expired."""
    text = f"{monitor}: the silence of {what} ended on {until} ({reason}); remove it from the file, or renew it"
    return payload(text, [section(escape(f":bell: {text}.")), context(_where(base, "silence"))])


def payload(text: str, blocks: Sequence[Block]) -> Payload:
    """What `delivery` sends: the plain form for notifications, and the blocks."""
    return {"text": cut(text, 3000), "blocks": [block.to_dict() for block in blocks]}


def title_of(facts: Facts) -> str:
    """``amount (with 3 more) and hour moved``; ``groups differ by gender``; ``could not be measured``."""
    if facts.is_health:
        return OUTAGES.get(facts.fingerprint, "is not watched")
    names = [one.title for one in changes_of(facts.findings)]
    names = names or list(dict.fromkeys(member.partition(":")[2] for member in facts.members))
    shown = listed(names)
    verb = {"fairness": "groups differ by", "performance": "performance fell:"}.get(facts.fingerprint.partition(":")[0])
    return f"{verb} {shown}" if verb else f"{shown} moved"


def _standing(facts: Facts) -> str:
    if facts.is_health:
        return _not_watched(facts)
    icon = {"closed": ":white_check_mark:", "withdrawn": ":leftwards_arrow_with_hook:"}.get(
        facts.status, ":rotating_light:" if facts.severity == "critical" else ":red_circle:"
    )
    now = {"unclear": "not measured well enough", "warning": "back to a warning", "quiet": "quiet"}.get(facts.state)
    latest = f" · newest window ({span(facts.newest)}): {now}" if now and facts.status == "open" else ""
    word = facts.severity if facts.status == "open" else facts.status
    return (
        f"{icon} *{word}* · since *{span(facts.opened)}*, last seen {span(facts.last)} "
        f"({facts.n_seen} of {facts.n_windows} windows) · worst {facts.peak:.3g} times its threshold{latest}"
    )


def _not_watched(facts: Facts) -> str:
    if facts.status != "open":
        return f":white_check_mark: *watched again* · it was not from {iso(facts.opened.start)} on"
    reason = f"\n{escape(cut(facts.reason, 1500))}" if facts.reason else ""
    windows = f" · {facts.n_seen} windows" if facts.n_seen > 1 else ""
    return f":no_entry: *not watched since {iso(facts.opened.start)}*{windows}{reason}"


def _buttons(facts: Facts) -> list[Block]:
    links = [
        ("Open the window", facts.page_url),
        ("Open the run", facts.run_url),
        ("Runbook", runbook.link(facts.runbook_base, facts.fingerprint)),
    ]
    buttons = [ButtonElement(text=text, url=url) for text, url in links if url]
    return [ActionsBlock(elements=buttons)] if buttons else []


def _footer(facts: Facts) -> str:
    parts = [f"owner {facts.owner or 'not set'}", f"episode {facts.number}", _where(None, facts.fingerprint)]
    if facts.model_version:
        parts.insert(1, f"model {escape(facts.model_version)}")
    if facts.note:
        parts.insert(0, facts.note)
    elif facts.status == "open":
        parts.append(HOW_TO)
    return " · ".join(parts)


def _where(base: str | None, about: str) -> str:
    address = runbook.link(base, about)
    return f"<{address}|runbook>" if address else f"docs/runbook.md#{runbook.section(about)}"


def _line(result: Result) -> str:
    m = result.measurement
    value = "not computable" if m.value is None else f"{m.value:.3g}"
    q_value = "" if result.q_value is None else f", q {result.q_value:.2g}"
    evidence = f" · {m.evidence}" if m.evidence else ""
    name = m.feature or m.group or ""
    return escape(cut(f"{result.status}: {m.metric} {name} {value} (at {result.threshold:g}{q_value}){evidence}", 250))
