"""Keeps the embedded Postgres running, with Airflow's and modelwatch's databases, until told to stop."""

import json
import signal
import sys
from pathlib import Path

import psutil

from local.home import Home, write_private
from modelwatch.store.engine import embedded_postgres


def forget_the_dead(data: Path) -> None:
    """Strike killed processes off the list of the server's users; it stops only when the last on it leaves."""
    users = data / ".handle_pids.json"
    try:
        pids = json.loads(users.read_text())
    except (FileNotFoundError, ValueError):
        return
    users.write_text(json.dumps([pid for pid in pids if psutil.pid_exists(pid)]))


def main() -> None:
    """Serve until SIGTERM, then stop the server; the URLs are in the home's ``postgres.json`` while it runs."""
    # Blocked before anything starts: the signal must find `sigwait`, never the default that leaves Postgres behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    home = Home.from_env({"MODELWATCH_HOME": sys.argv[1]})
    home.databases.unlink(missing_ok=True)
    forget_the_dead(home.root / "postgres")
    with embedded_postgres(home.root) as server:
        for name in ("airflow", "modelwatch"):
            server.create_database(name)
        write_private(home.databases, json.dumps({name: server.url(name) for name in ("airflow", "modelwatch")}))
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        home.databases.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
