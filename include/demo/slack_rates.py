"""How often Slack lets its methods be called: https://docs.slack.dev/apis/web-api/rate-limits."""

import math
import time

TIERS = {
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.list": 20,
    "conversations.replies": 50,
    "files.completeUploadExternal": 100,
    "files.getUploadURLExternal": 100,
    "reactions.get": 50,
}
MINUTE = 60.0


class RateLimited(Exception):
    """A method or a channel gets more than Slack takes."""

    def __init__(self, wait: float) -> None:
        self.retry_after = str(max(1, math.ceil(wait)))
        super().__init__(self.retry_after)


class Tiers:
    """Calls of each method within the last minute."""

    def __init__(self) -> None:
        self._calls: dict[str, list[float]] = {}

    def count(self, method: str) -> None:
        """Take a call.

        Raises:
            RateLimited: there were as many as the method's tier allows.
        """
        if method not in TIERS:
            return
        now = time.monotonic()
        calls = [one for one in self._calls.get(method, []) if one > now - MINUTE]
        if len(calls) >= TIERS[method]:
            raise RateLimited(calls[0] + MINUTE - now)
        self._calls[method] = [*calls, now]
