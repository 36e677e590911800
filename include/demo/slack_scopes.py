"""What an app must be allowed to call a method: https://docs.slack.dev/reference/scopes (public channels)."""

from typing import Any

from demo.slack_limits import error

SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.list": "channels:read",
    "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "reactions.get": "reactions:read",
    "usergroups.list": "usergroups:read",
    "users.lookupByEmail": "users:read.email",
}


def missing_scope(method: str, granted: set[str]) -> dict[str, Any] | None:
    """Slack's refusal when the app lacks the method's scope, None when it has it."""
    needed = SCOPES.get(method)
    if needed is None or needed in granted:
        return None
    return error("missing_scope") | {"needed": needed, "provided": ",".join(sorted(granted))}
