"""Alembic's entry: migrations run on the connection that `store.engine.migrate` (or a test) hands over."""

from alembic import context

from modelwatch.store import episode_tables, label_tables, redeploy_tables  # noqa: F401  # their tables are part of the metadata
from modelwatch.store.tables import Base

connectable = context.config.attributes["connection"]
if hasattr(connectable, "connect"):
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
else:
    context.configure(connection=connectable, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
