"""Where things are on a page."""

import hashlib
from functools import lru_cache


@lru_cache(maxsize=10_000)
def anchor(name: str) -> str:
    """Where a feature or group is on the page of a window; any name gives a short and harmless one."""
    return f"f-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
