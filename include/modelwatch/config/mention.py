"""Whom a message pings: in Slack's own markup where the monitor file says enough, else by a name Slack is asked for."""

import re
from typing import Annotated

from pydantic import AfterValidator

SPECIAL = re.compile(r"@?(here|channel|everyone)")
PERSON, GROUP = re.compile(r"@?([UW][A-Z0-9]{6,})"), re.compile(r"@?(S[A-Z0-9]{6,})")


def markup(mention: str) -> str:
    """Each word as Slack pings by it: ``@here`` -> ``<!here>``, ``U012AB3CD`` -> ``<@U012AB3CD>``, ``S012AB3CD`` ->
    ``<!subteam^S012AB3CD>``; the handle of a user group and an address stay as they are.
    """
    return " ".join(_word(word) for word in mention.split())


def _word(word: str) -> str:
    for pattern, form in ((SPECIAL, "<!{}>"), (PERSON, "<@{}>"), (GROUP, "<!subteam^{}>")):
        if found := pattern.fullmatch(word):
            return form.format(found[1])
    return word


Mention = Annotated[str, AfterValidator(markup)]
