"""Slack through an Airflow Connection: sending, changing, finding and reading messages; refusals say what to mend.

A message carries its key as metadata. A send whose answer was lost is never repeated here: the caller looks for the
key first.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from modelwatch.domain import Connection
from modelwatch.errors import AlertError

FIXES = {
    "invalid_auth": "the token of connection '{conn}' is not valid: store a bot token (xoxb-...) as its password",
    "not_authed": "connection '{conn}' has no token: store a bot token (xoxb-...) as its password",
    "token_revoked": "the token of connection '{conn}' was revoked: reinstall the app and store its new token",
    "account_inactive": "the token of connection '{conn}' belongs to a removed app or user: store another one",
    "channel_not_found": "channel '{channel}' does not exist or is hidden: check the channel in the monitor file's "
    "alerts, invite the app",
    "not_in_channel": "the app is not in channel '{channel}': invite it there",
    "is_archived": "channel '{channel}' is archived: name another in the monitor file's alerts",
    "missing_scope": "the app of connection '{conn}' lacks the scope {needed}: add it and reinstall the app",
    "msg_too_long": "the message is longer than Slack takes: please report this, with the number of findings",
    "msg_blocks_too_long": "the message is longer than Slack takes: please report this, with the number of findings",
    "invalid_blocks": "Slack refused the message's blocks: please report this, with the findings",
    "usergroup_not_found": "the workspace has no user group '{channel}'",
    "users_not_found": "the workspace has nobody with the address '{channel}'",
    "ratelimited": "Slack takes no more messages for now: the message stays unsent and the next run sends it",
}
# These say that whom the monitor file mentions cannot be found out, now or later.
NOBODY = ("missing_scope", "usergroup_not_found", "users_not_found", "not_allowed_token_type")
GONE = ("message_not_found", "thread_not_found")
"""These say that somebody deleted the message."""
SCOPES = "chat:write, channels:read, channels:history, reactions:read or files:write (groups:* for private channels)"
EVENT = "modelwatch_message"
CLOCKS_APART = timedelta(minutes=10)
Message = Mapping[str, Any]


class SlackRefused(AlertError):
    """Slack answered, and did not do it."""

    def __init__(self, code: str, fix: str) -> None:
        self.code, self.fix = code, fix
        super().__init__(f"Slack refused the message with '{code}': {fix}")


class Slack:
    """One workspace as one bot.

    Args:
        connection: password = bot token; extra ``base_url`` replaces Slack's API URL, extra ``timeout`` its 30 seconds.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pings: dict[str, tuple[str | None, str]] = {}
        self._client = WebClient(
            token=connection.password,
            base_url=str(connection.extra.get("base_url") or WebClient.BASE_URL),
            timeout=int(str(connection.extra.get("timeout") or 30)),
            # Waits as long as Slack says (Retry-After). Nothing else is repeated: it may have arrived.
            retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=5)],
        )

    def post(
        self, channel: str, payload: Message, key: str, *, thread_ts: str | None = None, broadcast: bool = False
    ) -> tuple[str, str]:
        """Post a message and return the channel's id and the message's ``ts``."""
        more = {"thread_ts": thread_ts, "reply_broadcast": broadcast} if thread_ts else {}
        answer = self._call(
            channel,
            self._client.chat_postMessage,
            channel=channel,
            metadata=_metadata(key),
            unfurl_links=False,
            **_content(payload),
            **more,
        )
        return str(answer["channel"]), str(answer["ts"])

    def update(self, channel: str, ts: str, payload: Message, key: str) -> None:
        """Replace a message's content; Slack notifies nobody of it."""
        self._call(
            channel, self._client.chat_update, channel=channel, ts=ts, metadata=_metadata(key), **_content(payload)
        )

    def upload(self, channel: str, thread_ts: str, name: str, image: bytes, *, title: str, alt: str) -> None:
        """Put an image into a thread."""
        file = {"file": image, "filename": name, "title": title, "alt_txt": alt}
        self._call(channel, self._client.files_upload_v2, channel=channel, thread_ts=thread_ts, file_uploads=[file])

    def find(self, channel: str, key: str, since: datetime) -> str | None:
        """The ``ts`` of the message with this key among the channel's own since a moment; None when it never came."""
        oldest = f"{(since - CLOCKS_APART).timestamp():.6f}"
        arguments = {"channel": channel, "oldest": oldest, "include_all_metadata": True, "limit": 200}
        pages = self._pages(channel, self._client.conversations_history, arguments)
        return next((str(one["ts"]) for page in pages for one in page["messages"] if _key(one) == key), None)

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """A message with its reactions, and its replies with theirs, oldest first; empty when somebody deleted it."""
        arguments = {"channel": channel, "ts": ts, "include_all_metadata": True, "limit": 200}
        try:
            pages = list(self._pages(channel, self._client.conversations_replies, arguments))
        except SlackRefused as refusal:
            if refusal.code not in GONE:
                raise
            return []
        return [one for page in pages for one in page["messages"]]

    def find_reply(self, channel: str, ts: str, key: str) -> str | None:
        """The ``ts`` of the reply with this key (or of the file of this name) in a thread."""
        for one in self.thread(channel, ts):
            if _key(one) == key or any(file.get("name") == key for file in one.get("files", ())):
                return str(one["ts"])
        return None

    def has_key(self, channel: str, ts: str, key: str) -> bool:
        """Whether a message carries this key by now: an update that arrived is not made again."""
        return any(one["ts"] == ts and _key(one) == key for one in self.thread(channel, ts))

    def channel_id(self, name: str) -> str:
        """Slack's id of a channel.

        Raises:
            AlertError: the app sees no channel of this name.
        """
        arguments = {"exclude_archived": True, "types": "public_channel,private_channel", "limit": 1000}
        for page in self._pages(name, self._client.conversations_list, arguments):
            for one in page["channels"]:
                if name in (one["id"], one["name"], f"#{one['name']}"):
                    return str(one["id"])
        raise self._refusal({"error": "channel_not_found"}, name)

    def ping(self, name: str) -> tuple[str | None, str]:
        """Slack's markup that pings a user group (``@payments-oncall``) or a person (by address).

        Returns:
            The markup and "", or None and why there is none.

        Raises:
            AlertError: Slack could not be asked; it may answer the next time.
        """
        if name not in self._pings:
            try:
                self._pings[name] = self._looked_up(name), ""
            except SlackRefused as refusal:
                if refusal.code not in NOBODY:
                    raise
                self._pings[name] = None, refusal.fix
        return self._pings[name]

    def _looked_up(self, name: str) -> str:
        if "@" in name[1:]:
            person = self._call(name, self._client.users_lookupByEmail, email=name)
            return f"<@{person['user']['id']}>"
        groups = self._call(name, self._client.usergroups_list)["usergroups"]
        found = next((one["id"] for one in groups if one["handle"] == name.removeprefix("@")), None)
        if found is None:
            raise self._refusal({"error": "usergroup_not_found"}, name)
        return f"<!subteam^{found}>"

    def _pages(
        self, channel: str, method: Callable[..., SlackResponse], arguments: dict[str, Any]
    ) -> Iterator[SlackResponse]:
        cursor: str | None = None
        while cursor != "":
            page = self._call(channel, method, **arguments, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")

    def _call(self, about: str, method: Callable[..., SlackResponse], /, **arguments: Any) -> SlackResponse:  # noqa: ANN401
        """Call a method.

        Raises:
            AlertError: Slack refused or could not be reached; the message says what to mend and holds no token.
        """
        try:
            return method(**arguments)
        except SlackApiError as error:
            answer = error.response if isinstance(error.response.data, dict) else {}
            code = answer.get("error") or f"HTTP {error.response.status_code}"
            raise self._refusal({"error": code, "needed": answer.get("needed")}, about) from None
        except SlackRequestError as error:
            message = f"Slack did not take a file through connection '{self._connection.conn_id}': {error}"
            raise AlertError(message) from None
        except (URLError, HTTPException, OSError) as error:
            message = (
                f"Slack could not be reached through connection '{self._connection.conn_id}' ({type(error).__name__})"
            )
            raise AlertError(message) from None

    def _refusal(self, answer: Message, channel: str) -> SlackRefused:
        code = answer["error"]
        fix = FIXES.get(code, "the message stays unsent; see https://docs.slack.dev/reference/methods")
        needed = answer.get("needed") or SCOPES
        return SlackRefused(code, fix.format(conn=self._connection.conn_id, channel=channel, needed=needed))


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT, "event_payload": {"key": key}}


def _content(payload: Message) -> dict[str, Any]:
    return {"text": payload["text"], "blocks": payload.get("blocks") or []}


def _key(message: Message) -> str | None:
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT else None
