"""The ports of a local installation: one number to choose, the others follow."""

import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import psutil

from local.home import LocalError

ADDRESS = "127.0.0.1"
DEFAULT_PORT = 8080
HIGHEST_BASE = 65_531


@dataclass(frozen=True)
class Ports:
    """Where each service listens, on this machine only."""

    airflow: int
    demo_api: int
    slack: int
    task_logs: int

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Ports":
        """``MODELWATCH_PORT`` (default 8080) is Airflow's; the next three are the others'.

        Raises:
            LocalError: it is not a port number.
        """
        text = environ.get("MODELWATCH_PORT") or str(DEFAULT_PORT)
        if not text.isdigit() or not 1024 <= int(text) <= HIGHEST_BASE:
            message = f"MODELWATCH_PORT: '{text}' is not a port from 1024 to {HIGHEST_BASE}; write MODELWATCH_PORT=8090"
            raise LocalError(message)
        return cls(*range(int(text), int(text) + 4))


def require_free(ports: Ports) -> None:
    """Refuse to start beside somebody else's server, naming every port that is taken.

    Raises:
        LocalError: a port is taken.
    """
    taken = [f"port {port} ({name}) is taken{_by(port)}" for name, port in asdict(ports).items() if is_taken(port)]
    if taken:
        message = f"{'; '.join(taken)}; stop that, or choose others: MODELWATCH_PORT={ports.airflow + 1000} make ..."
        raise LocalError(message)


def is_taken(port: int) -> bool:
    """Whether a server listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return True
    return False


def _by(port: int) -> str:
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        pid = next((c.pid for c in listening if c.laddr and c.laddr.port == port), None)
        return f" by {psutil.Process(pid).name()} (process {pid})" if pid else ""
    except psutil.Error:
        return ""  # another user's process: its name is not ours to read
