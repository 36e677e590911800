"""The embedded Postgres: joined by other processes, and started again whatever a kill left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from modelwatch.errors import StoreError
from modelwatch.store import embedded
from modelwatch.store.embedded import embedded_postgres

JOIN = """
import sys
from pathlib import Path
from modelwatch.store.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as server:
    server.create_database("joined")
    print(server.url("joined"), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One data folder for all: each test starts the server in it and leaves it stopped."""
    with tempfile.TemporaryDirectory(prefix="mw") as folder:  # short: a socket's path has a limit
        yield Path(folder)


def ask(url: str, question: str = "SELECT 1") -> object:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.scalar(sa.text(question))


def joining(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", JOIN, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0]))


def test_a_second_process_joins_the_server_and_leaves_it_running(home: Path) -> None:
    with embedded_postgres(home) as server:
        other = joining(home)
        url = first_line(other)
        assert url == server.url("joined")
        assert ask(url, "SELECT current_database()") == "joined"
        other.communicate("")
        assert other.returncode == 0
        assert ask(url) == 1
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_a_killed_user_does_not_keep_the_server_running(home: Path) -> None:
    killed = joining(home)
    url = first_line(killed)
    server = postmaster(home)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.communicate()
    with embedded_postgres(home):
        assert ask(url) == 1
        assert postmaster(home) == server
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_a_killed_server_starts_again_with_its_data(home: Path) -> None:
    killed = joining(home)
    url = first_line(killed)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS kept"))
        connection.execute(sa.text("CREATE TABLE kept AS SELECT 42 AS answer"))
    server = postmaster(home)
    backends = server.children(recursive=True)
    killed.kill()
    killed.communicate()
    server.kill()
    psutil.wait_procs([server, *backends], timeout=20)
    assert (home / "postgres" / "postmaster.pid").exists()
    with embedded_postgres(home) as again:
        assert ask(again.url("joined"), "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("lines", [8, 3, 0])
def test_a_process_number_that_came_again_does_not_pass_for_the_server(home: Path, lines: int) -> None:
    with embedded_postgres(home) as server:
        written = (home / "postgres" / "postmaster.pid").read_text().splitlines()
        url = server.url("postgres")
    # What a reboot leaves: the file of a server long gone, its number by now this test's (or the file cut short).
    left = [str(os.getpid()), *written[1:]][:lines]
    (home / "postgres" / "postmaster.pid").write_text("".join(f"{line}\n" for line in left))
    with embedded_postgres(home) as again:
        assert ask(again.url("postgres")) == 1
        assert again.url("postgres") == url


def test_only_the_living_stay_on_the_list_of_users(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    users = tmp_path / ".handle_pids.json"
    users.write_text(json.dumps([os.getpid(), gone.pid]))
    embedded.forget_the_dead(tmp_path)
    assert json.loads(users.read_text()) == [os.getpid()]


def test_a_database_created_by_many_at_once_is_there_once(home: Path) -> None:
    with embedded_postgres(home) as server:
        server.drop_database("shared")
        barrier = threading.Barrier(4)
        failures: list[Exception] = []

        def create() -> None:
            barrier.wait()
            try:
                server.create_database("shared")
            except sa.exc.DBAPIError as error:
                failures.append(error)

        threads = [threading.Thread(target=create) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert ask(server.url("shared"), "SELECT current_database()") == "shared"


def test_data_of_another_postgres_is_named(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StoreError, match=r"postgres does not start .*version 9.*log"):
        embedded_postgres(tmp_path)
