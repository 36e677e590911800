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


class RateLimited(Exception):
    """A method or a channel gets more than Slack takes."""

    def __init__(self, wait: float) -> None:
        self.retry_after = str(max(1, math.ceil(wait)))
        super().__init__(self.retry_after)


class Tiers:
    """Calls of each method within the last minute, which may be made shorter."""

    def __init__(self) -> None:
        self.minute = 60.0
        self._calls: dict[str, list[float]] = {}

    def count(self, method: str) -> None:
        """Take a call.

        Raises:
            RateLimited: there were as many as the method's tier allows.
        """
        if method not in TIERS:
            return
        now = time.monotonic()
        calls = [one for one in self._calls.get(method, []) if one > now - self.minute]
        if len(calls) >= TIERS[method]:
            raise RateLimited(calls[0] + self.minute - now)
        self._calls[method] = [*calls, now]
