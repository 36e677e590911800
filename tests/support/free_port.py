"""A port for a server of a test."""

import socket

from local.ports import ADDRESS


def free_port() -> int:
    """A port that the kernel gives to nobody else for a while.

    The first free one of a fixed range would be another test run's as well when both look before either listens, as
    servers that take a minute to start do; the later one then talks to the other's server and store.
    """
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])
