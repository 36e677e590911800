"""Sending a message to Slack through an Airflow Connection; every refusal says what to mend."""

from collections.abc import Sequence
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler
from slack_sdk.models.blocks import Block

from modelwatch.domain import Connection
from modelwatch.errors import AlertError

FIXES = {
    "invalid_auth": "the token of connection '{conn}' is not valid: store a bot token (xoxb-...) as its password",
    "not_authed": "connection '{conn}' has no token: store a bot token (xoxb-...) as its password",
    "token_revoked": "the token of connection '{conn}' was revoked: reinstall the app and store its new token",
    "account_inactive": "the token of connection '{conn}' belongs to a removed app or user: store another one",
    "channel_not_found": "channel '{channel}' does not exist or is hidden: check alerts.slack.channel, invite the app",
    "not_in_channel": "the app is not in channel '{channel}': invite it there",
    "is_archived": "channel '{channel}' is archived: name another in alerts.slack.channel",
    "missing_scope": "the app of connection '{conn}' lacks the scope chat:write: add it and reinstall the app",
    "msg_too_long": "the message is longer than Slack takes: please report this, with the number of findings",
    "invalid_blocks": "Slack refused the message's blocks: please report this, with the findings",
}


def post(connection: Connection, channel: str, *, text: str, blocks: Sequence[Block]) -> str:
    """Post one message and return its ``ts``. Waits out rate limits as Slack asks (Retry-After).

    Args:
        connection: password = bot token; extra ``base_url`` replaces Slack's API URL, extra ``timeout`` its 30 seconds.
        channel: name with ``#`` or id.
        text: the plain form. blocks: the Block Kit form.

    Raises:
        AlertError: Slack refused or could not be reached; the message says what to mend and holds no token.
    """
    client = WebClient(
        token=connection.password,
        base_url=str(connection.extra.get("base_url") or WebClient.BASE_URL),
        timeout=int(str(connection.extra.get("timeout") or 30)),
        retry_handlers=[
            RateLimitErrorRetryHandler(max_retry_count=5),
            ServerErrorRetryHandler(max_retry_count=3),
        ],
    )
    try:
        response = client.chat_postMessage(channel=channel, text=text, blocks=list(blocks), unfurl_links=False)
    except SlackApiError as error:
        raise AlertError(_refusal(error, connection, channel)) from None
    except (URLError, HTTPException, OSError) as error:
        message = f"Slack could not be reached through connection '{connection.conn_id}' ({type(error).__name__})"
        raise AlertError(message) from None
    return str(response["ts"])


def _refusal(error: SlackApiError, connection: Connection, channel: str) -> str:
    code = error.response.get("error") or f"HTTP {error.response.status_code}"
    fix = FIXES.get(code, "see https://docs.slack.dev/reference/methods/chat.postMessage")
    return f"Slack refused the message with '{code}': {fix.format(conn=connection.conn_id, channel=channel)}"
