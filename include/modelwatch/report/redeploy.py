"""A comparison of two versions for machines, terminals, approvers and Slack. Pure rendering."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, HeaderBlock

from modelwatch.domain import Window, iso
from modelwatch.redeploy.verdict import Comparison
from modelwatch.report.document import SCHEMA_VERSION, result_document
from modelwatch.report.probed import probed_lines
from modelwatch.report.runbook import section as section_of
from modelwatch.report.slack import HEADER_LIMIT, context, cut, escape, section

MOST_SHOWN = 10
ICONS = {
    "same": ":white_check_mark:",
    "changed": ":large_yellow_circle:",
    "worse": ":red_circle:",
    "unfair": ":red_circle:",
    "insufficient": ":grey_question:",
}


def redeploy_document(
    monitor: str, old: str, new: str, window: Window, comparison: Comparison, *, budget: int, sent: int, lost: int
) -> dict[str, Any]:
    """The comparison as plain JSON types.

    Args:
        budget: requests that might be sent; sent: those that were; lost: those a kill cut off from their answer.
    """
    parts = {"traffic": comparison.traffic, "reference": comparison.reference, "probes": comparison.probes}
    judged = {
        name: None if one is None else {"verdict": one.verdict, "reason": one.reason} for name, one in parts.items()
    }
    judgements = [one for one in (comparison.traffic, comparison.probes) if one is not None]
    results = [result for one in judgements for result in one.results]
    return {
        "schema_version": SCHEMA_VERSION,
        "monitor": monitor,
        "old_version": old,
        "new_version": new,
        "window": {"start": iso(window.start), "end": iso(window.end)},
        "verdict": comparison.verdict,
        "reason": comparison.reason,
        **judged,
        "requests": {"budget": budget, "sent": sent, "lost": lost},
        "scores": [one._asdict() for one in comparison.scores],
        "results": [result_document(result) for result in results],
        "findings": [result_document(result) for result in comparison.findings],
    }


def redeploy_table(document: Mapping[str, Any]) -> str:
    """The document for a terminal."""
    requests = document["requests"]
    lines = [
        f"{document['monitor']}  {document['old_version']} -> {document['new_version']}  {document['verdict'].upper()}",
        document["reason"],
        f"{requests['sent']:,} of {requests['budget']:,} requests sent to the model, {requests['lost']:,} lost",
        "",
        *(_line(finding) for finding in document["findings"]),
        "",
        *probed_lines(document["results"]),
    ]
    return "\n".join(lines).rstrip()


def redeploy_summary(document: Mapping[str, Any]) -> str:
    """What who decides on the new version reads: Markdown."""
    findings = document["findings"]
    lines = [
        f"**{document['old_version']} → {document['new_version']}: {document['verdict']}**",
        "",
        document["reason"],
        "",
        *(f"- {_line(finding)}" for finding in findings[:MOST_SHOWN]),
    ]
    if len(findings) > MOST_SHOWN:
        lines.append(f"- and {len(findings) - MOST_SHOWN} more")
    lines += ["", "Accepting makes the new version's requests, if they suffice, the reference of later windows."]
    return "\n".join(lines)


def redeploy_message(document: Mapping[str, Any], *, owner: str, url: str | None) -> dict[str, Any]:
    """The Slack message."""
    verdict = document["verdict"]
    title = f"{document['monitor']}: version {document['new_version']} is {_words(verdict)}"
    found = "\n".join(f"• {escape(_line(finding))}" for finding in document["findings"][:MOST_SHOWN])
    blocks = [
        HeaderBlock(text=cut(title, HEADER_LIMIT)),
        section(f"{ICONS[verdict]} against {escape(document['old_version'])}: {escape(document['reason'])}"),
        *([section(found)] if found else []),
        *([ActionsBlock(elements=[ButtonElement(text="Decide in Airflow", url=url)])] if url else []),
        context(f"owner {owner or 'not set'} · docs/runbook.md#{section_of('redeploy')}"),
    ]
    return {"text": cut(title, HEADER_LIMIT), "blocks": [block.to_dict() for block in blocks]}


def _words(verdict: str) -> str:
    return {"same": "the same", "insufficient": "not judged for want of evidence"}.get(verdict, verdict)


def _line(finding: Mapping[str, Any]) -> str:
    where = " · ".join(str(finding[key]) for key in ("feature", "group") if finding[key])
    evidence = f": {finding['evidence']}" if finding["evidence"] else ""
    return f"{finding['metric']} {finding['value']:.3g}" + (f" ({where})" if where else "") + evidence
