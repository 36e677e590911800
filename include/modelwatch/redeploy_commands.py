"""What `redeploy` does; `cli.py` only declares its arguments."""

import json
import sys
import uuid

from modelwatch.commands import load, moment
from modelwatch.errors import SettingsError
from modelwatch.settings import connection_from_env

EXIT_STATUS = {"same": 0, "changed": 0, "worse": 1, "unfair": 1, "insufficient": 3}
SLICE_SECONDS = 60.0


def redeploy(
    monitor: str, versions: tuple[str, str], *, since: str, until: str | None, requests: int | None, output: str
) -> int:
    """Compare two versions, ``(old, new)``, and print the verdict with its evidence."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from modelwatch.domain import Window
    from modelwatch.report.redeploy import redeploy_table
    from modelwatch.steps.migrated import migrated_settings
    from modelwatch.steps.probing import ask_probes
    from modelwatch.steps.redeploy import Redeploy, compare_traffic
    from modelwatch.steps.redeploy_verdict import judge_redeploy

    settings, watched = load(monitor)
    start, end = moment(since, watched, "--since"), moment(until, watched, "--until") or datetime.now(UTC)
    if start is None or end <= start:
        message = f"--until must be after --since; got --since {since} --until {until or 'now'}"
        raise SettingsError(message)
    budget = requests if requests is not None else watched.probe.requests if watched.probe else 0
    old, new = versions
    one = Redeploy(watched, new, old, Window(start, end), f"cli__{uuid.uuid4()}", settings, budget)
    one = replace(one, settings=migrated_settings(settings))
    compare_traffic(one, connection_from_env)
    while not ask_probes(one, connection_from_env, seconds=SLICE_SECONDS):
        pass
    document = judge_redeploy(one, notify=False)
    sys.stdout.write((json.dumps(document, indent=2) if output == "json" else redeploy_table(document)) + "\n")
    return EXIT_STATUS[document["verdict"]]
