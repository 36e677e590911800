"""The commands of docs/redeploy.md, as a deploy pipeline runs them against an Airflow that is up."""

import re
import subprocess
import threading
from collections.abc import Mapping

from support.pages import ROOT

SECONDS = 110
PAGE = (ROOT / "docs" / "redeploy.md").read_text(encoding="utf-8")
TOKEN, TRIGGER, VERDICT, DECIDE = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SET_PAUSED = (
    'curl -sS --fail -X PATCH -H "Authorization: Bearer $AIRFLOW_TOKEN" -H "Content-Type: application/json" '
    '"$AIRFLOW_URL/api/v2/dags/{dag}" -d \'{{"is_paused": {paused}}}\''
)
STATE = (
    'curl -sS --fail -H "Authorization: Bearer $AIRFLOW_TOKEN" '
    '"$AIRFLOW_URL/api/v2/dags/redeploy_fraud/dagRuns/deployment-$NEW"'
)


class Pipeline:
    """One deployment: it triggers the comparison, waits for the verdict, decides, and waits for the run's end.

    Attributes:
        said: of each call, by what it was for, whether curl took it for a success, and what it printed.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self.said: dict[str, tuple[bool, str]] = {}
        self._thread = threading.Thread(target=self._run)

    def start(self, **environ: str) -> None:
        """In the background, with where Airflow is and who may log in."""
        self._environ |= environ
        self._thread.start()

    def finish(self, *, holding: str) -> None:
        """Wait for its end, keeping the Dag ``holding`` from going on meanwhile."""
        self._call("held", SET_PAUSED.format(dag=holding, paused="true"))
        self._thread.join(SECONDS)
        self._call("released", SET_PAUSED.format(dag=holding, paused="false"))

    def _run(self) -> None:
        self._call("unpaused", SET_PAUSED.format(dag="redeploy_fraud", paused="false"))
        self._call("wrong time", TRIGGER, SINCE="yesterday")
        self._call("triggered", TRIGGER)
        self._call("triggered again", TRIGGER)
        self._call("verdict", VERDICT)
        self._call("decided", DECIDE)
        self._call("ended", f"until {STATE} | grep -E '\"(success|failed)\"'; do sleep 1; done")

    def _call(self, name: str, command: str, **changed: str) -> None:
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", TOKEN + command],
            env={**self._environ, **changed},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        has_worked = done.returncode == 0
        self.said[name] = (has_worked, done.stdout if has_worked else done.stdout + done.stderr)
