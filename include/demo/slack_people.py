"""Who is in the workspace of the stand-in for Slack, as Slack's methods tell it."""

from typing import Any

from demo.slack_limits import error

GROUPS = {"payments-oncall": "S0000000001"}
PEOPLE = {"oncall@example.com": "U0000000001"}


def groups(_: dict[str, Any]) -> dict[str, Any]:
    """`usergroups.list`."""
    return {"ok": True, "usergroups": [{"id": one, "handle": handle} for handle, one in GROUPS.items()]}


def person(body: dict[str, Any]) -> dict[str, Any]:
    """`users.lookupByEmail`."""
    found = PEOPLE.get(str(body.get("email")))
    return {"ok": True, "user": {"id": found}} if found else error("users_not_found")
