"""`modelwatch init`: a first monitor file from a reference."""

from modelwatch.init.write import write_monitor

__all__ = ["write_monitor"]
