"""Whether a run speaks, decided apart from what is said."""

SILENT = ("backfill", "cli")


def may_notify(run_type: str, *, notify: bool | None) -> bool:
    """A backfill restates history and a command has a reader: both stay quiet unless told to notify; other runs speak
    unless told not to.
    """
    return run_type not in SILENT if notify is None else notify
