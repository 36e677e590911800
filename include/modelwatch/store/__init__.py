"""The store: Postgres through SQLAlchemy, built by migrations only; and the artifacts between tasks."""

DRIVER = "postgresql+psycopg2"
