"""Address: whether somebody is there, and what is said where nobody is."""

import socket

from autoopt.errors import UsageError
from autoopt.spelling import named, spelled

CLIENT = "ray://"
"""How the address of a cluster begins that is reached through Ray's client."""

WITHIN = 5.0
"""Seconds in which a cluster has to answer."""


def check_answers(address: str) -> None:
    """Check that there is somebody at an address: Ray itself would try for minutes.

    Raises:
        UsageError: There is nobody.
    """
    host, _, port = address.removeprefix(CLIENT).rpartition(":")
    if address == "auto":
        return
    try:
        socket.create_connection((host, int(port)), timeout=WITHIN).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(silent(address, error)) from error


def silent(address: str | None, error: Exception) -> str:
    """Return why a cluster, or with None a Ray of this machine's own, is of no use, in three parts."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if address is None:
        return (
            f"Trials were to run on several workers, and Ray cannot be started here: {reason}. Pass {spelled('workers', 1)}, or "
            "mend that."
        )
    return (
        f"{named('address')} was given {address!r}, and no cluster answers there: {reason}. Expected the address of a running Ray "
        'cluster: "auto" on one of its machines, "HOST:6379", or "ray://HOST:10001". Start one with ray start --head, or '
        f"leave {named('address')} out to use this machine."
    )
