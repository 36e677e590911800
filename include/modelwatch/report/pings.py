"""Names that nobody is pinged by until Slack has said what they are. Pure but for the function that asks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelwatch.report.slack import context, cut, escape

Ask = Callable[[str], tuple[str | None, str]]
HOW = "write a user group as <!subteam^S012AB3CD> or a person as <@U012AB3CD> in alerts.slack.mention"


def pinging(payload: Mapping[str, Any], names: Sequence[str], ask: Ask) -> dict[str, Any]:
    """The message with each name that stands in it replaced by the markup that pings; one that has none stays, and a
    line below says why and what to write.
    """
    said = dict(payload)
    for name in names:
        if not _holds(said, name):
            continue
        found, why = ask(name)
        if found is not None:
            said = _replaced(said, name, found)
        elif said.get("blocks"):
            note = context(cut(escape(f"{name} was not pinged: {why}; {HOW}"), 600))
            said["blocks"] = [*said["blocks"], note.to_dict()]
    return said


def _holds(value: Any, name: str) -> bool:  # noqa: ANN401  # whatever JSON holds
    if isinstance(value, str):
        return name in value.split()
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_holds(part, name) for part in parts)


def _replaced(value: Any, name: str, new: str) -> Any:  # noqa: ANN401  # whatever JSON holds
    if isinstance(value, str):
        return value.replace(name, new, 1) if name in value.split() else value
    if isinstance(value, list):
        return [_replaced(part, name, new) for part in value]
    return {key: _replaced(part, name, new) for key, part in value.items()} if isinstance(value, Mapping) else value
