"""A mention pings: in whatever form the monitor file has it, what reaches Slack is the markup Slack pings by."""

import json
import re

import pytest

from demo.slack_scopes import SCOPES
from modelwatch.config.mention import markup
from modelwatch.errors import AlertError
from support.alert_days import AlertDays, judgement

PINGS = re.compile(r"<@(U\w+)>|<!subteam\^(S\w+)>|<!(here|channel|everyone)>")


def pinged(message: object) -> list[str]:
    return ["".join(found) for found in PINGS.findall(json.dumps(message["blocks"]))]  # type: ignore[index]


FORMS = {
    "<!subteam^S1>": ["S1"],
    "S012AB3CD": ["S012AB3CD"],
    "@U012AB3CD": ["U012AB3CD"],
    "@here": ["here"],
    "<@U012AB3CD> channel": ["U012AB3CD", "channel"],
    "@payments-oncall": ["S0000000001"],
    "payments-oncall": ["S0000000001"],
    "oncall@example.com": ["U0000000001"],
}


def test_every_form_pings_at_the_start_and_when_it_becomes_critical(days: AlertDays) -> None:
    for number, (days.mention, ids) in enumerate(FORMS.items()):
        days.name = f"m{number}"
        days.day(0, judgement(amount=2))
        assert pinged(days.roots()[-1]) == ids
        days.day(1, judgement(amount=5))
        root = days.roots()[-1]
        assert pinged(root) == [], "an edit pings nobody"
        assert pinged(days.replies(root)[-1]) == ids


UNKNOWN = [
    ("@payments-oncall", {"usergroups:read"}, "lacks the scope usergroups:read: add it and reinstall the app"),
    ("oncall@example.com", {"users:read.email"}, "lacks the scope users:read.email: add it"),
    ("@nobody", set(), "the workspace has no user group '@nobody'"),
    ("nobody@example.com", set(), "the workspace has nobody with the address 'nobody@example.com'"),
]


def test_whom_slack_does_not_tell_is_named_in_the_message_with_what_to_write(days: AlertDays) -> None:
    for number, (days.mention, lacking, why) in enumerate(UNKNOWN):
        days.name, days.slack.scopes = f"m{number}", set(SCOPES.values()) - lacking
        days.day(0, judgement(amount=2))
        said = json.dumps(days.roots()[-1]["blocks"])
        assert pinged(days.roots()[-1]) == []
        assert f"{days.mention} was not pinged: " in said
        assert why in said
        assert "write a user group as &lt;!subteam^S012AB3CD&gt;" in said


def test_a_slack_that_cannot_be_asked_is_asked_again(days: AlertDays) -> None:
    days.mention = "@payments-oncall"
    days.slack.trouble = lambda method: "http_500" if method == "usergroups.list" else None
    with pytest.raises(AlertError):
        days.day(0, judgement(amount=2))
    assert days.slack.messages == []
    days.slack.trouble = lambda _: None
    days.day(0, judgement(amount=2))
    assert pinged(days.roots()[0]) == ["S0000000001"]


def test_it_is_asked_once_for_many_messages(days: AlertDays) -> None:
    days.mention = "@payments-oncall"
    days.day(0, judgement(amount=2, gender=2))
    assert [pinged(root) for root in days.roots()] == [["S0000000001"], ["S0000000001"]]
    assert days.slack.calls["usergroups.list"] == 1


def test_a_scope_that_sending_needs_is_named_and_the_message_waits(days: AlertDays) -> None:
    days.slack.scopes.clear()
    for scope in ("chat:write", "channels:read", "channels:history"):
        with pytest.raises(AlertError, match=f"lacks the scope {scope}: add it and reinstall the app"):
            days.day(0, judgement(amount=2))
        days.slack.scopes.add(scope)
    days.day(0, judgement(amount=2))
    assert days.rows("SELECT key FROM outbox WHERE sent_at IS NULL") == []


@pytest.mark.parametrize("word", ["S1", "sales", "@U1", "Ulrike", "hereafter"])
def test_what_only_looks_like_an_id_is_a_name(word: str) -> None:
    assert markup(word) == word
