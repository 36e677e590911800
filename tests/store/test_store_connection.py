"""Reaching the store: which one, how, and what is said when it does not work; never a secret."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from modelwatch.domain import Connection
from modelwatch.errors import StoreError
from modelwatch.store import engine

CONNECTION = Connection("store", "postgres", "db.example.com", "watch", "me", 5433, "p@ss/word")
URL = "postgresql+psycopg2://me:p%40ss%2Fword@db.example.com:5433/watch"


def tables(url: str) -> list[str]:
    return sorted(sa.inspect(engine.make_engine(url)).get_table_names())


def test_migrating_twice_and_at_once_is_safe(postgres: engine.EmbeddedPostgres) -> None:
    postgres.create_database("twice")
    url = postgres.url("twice")
    barrier, failures = threading.Barrier(3), []

    def migrate() -> None:
        barrier.wait()
        try:
            engine.migrate(url)
        except (StoreError, sa.exc.DBAPIError) as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    judged = ["evaluation", "monitor_config", "profile", "result"]
    episodes = ["episode", "episode_event", "episode_window", "outbox"]
    redeploys = ["redeploy", "redeploy_answer"]
    labels = ["label_batch", "performance_estimate", "retraining_request"]
    assert tables(url) == sorted(["alembic_version", *judged, *episodes, *redeploys, *labels])


def test_a_migration_that_fails_half_way_leaves_nothing(postgres: engine.EmbeddedPostgres) -> None:
    postgres.create_database("half")
    url = postgres.url("half")
    with engine.session(url) as session, session.begin():
        session.execute(sa.text("CREATE TABLE profile (mine int)"))  # in the way of the third table
    with pytest.raises(sa.exc.ProgrammingError, match="already exists"):
        engine.migrate(url)
    assert tables(url) == ["profile"]


def test_a_store_of_a_newer_version_says_what_to_upgrade(database_url: str) -> None:
    with engine.session(database_url) as session, session.begin():
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"of a newer modelwatch .*9999.*upgrade"):
        engine.migrate(database_url)


def test_a_store_without_tables_says_what_to_run(postgres: engine.EmbeddedPostgres) -> None:
    postgres.create_database("empty")
    with (
        pytest.raises(StoreError, match="run `modelwatch migrate`"),
        engine.session(postgres.url("empty")) as session,
    ):
        session.execute(sa.text("SELECT 1 FROM current_evaluation"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://me:hunter2@127.0.0.1:1/nothing",
        "postgres://me@127.0.0.1:1/nothing?password=hunter2",
    ],
)
def test_a_store_that_is_away_is_named_without_its_password(url: str) -> None:
    with (
        pytest.raises(StoreError, match=r"127\.0\.0\.1:1/nothing cannot be reached") as error,
        engine.session(url) as session,
    ):
        session.execute(sa.text("SELECT 1"))
    assert "hunter2" not in str(error.value)
    with pytest.raises(StoreError, match="cannot be reached") as error:
        engine.migrate(url)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("url", ["hunter2", "", "postgresql://me:hunter2@db:port/watch"])
def test_a_malformed_url_is_not_repeated(url: str) -> None:
    with pytest.raises(StoreError, match=r"malformed.*MODELWATCH_DATABASE_URL=") as error, engine.session(url):
        pass
    assert "hunter2" not in str(error.value)


def test_no_store_and_no_postgres_are_said() -> None:
    with pytest.raises(StoreError, match="set MODELWATCH_DATABASE_URL or"), engine.session(None):
        pass
    with pytest.raises(StoreError, match="names 'sqlite'"), engine.session("sqlite:///a.db"):
        pass


def test_the_stores_connection_becomes_a_url() -> None:
    assert engine.database_url(CONNECTION) == URL
    with pytest.raises(StoreError, match="of type 'mysql'"):
        engine.database_url(replace(CONNECTION, conn_type="mysql"))


def test_the_stores_tls_settings_are_kept_and_airflows_own_are_not() -> None:
    extra = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "connect_timeout": 3, "cursor": "dictcursor"}
    url = engine.database_url(replace(CONNECTION, extra=extra))
    assert url == f"{URL}?connect_timeout=3&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"


def test_a_store_that_does_not_answer_is_given_up(database_url: str) -> None:
    with engine.session(database_url) as session:
        parameters = session.connection().connection.driver_connection.get_dsn_parameters()  # type: ignore[union-attr]
    assert (parameters["connect_timeout"], parameters["application_name"]) == ("10", "modelwatch")


def test_postgres_that_restarted_is_reached_again(database_url: str) -> None:
    with engine.session(database_url) as session:
        pid = session.scalar(sa.text("SELECT pg_backend_pid()"))
    with sa.create_engine(database_url, poolclass=sa.NullPool).connect() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with engine.session(database_url) as session:
        assert session.scalar(sa.text("SELECT pg_backend_pid()")) != pid
