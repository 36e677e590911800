"""The store that a command works on, brought up to date first."""

from dataclasses import replace

from modelwatch.settings import Settings, connection_from_env
from modelwatch.store import engine


def migrated_settings(settings: Settings) -> Settings:
    """The settings with the URL of an up-to-date store; the embedded one is started when none is named."""
    url = settings.database_url
    if url is None and settings.store_connection is not None:
        url = engine.database_url(connection_from_env(settings.store_connection))
    if url is None:
        embedded = engine.embedded_postgres(settings.home)
        embedded.create_database("modelwatch")
        url = embedded.url("modelwatch")
    engine.migrate(url)
    return replace(settings, database_url=url)
