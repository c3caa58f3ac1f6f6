"""No test speaks to anybody but this machine: an audit hook refuses every connection that leaves it."""

import ipaddress
import sys


def guard() -> None:
    """From now on this process can connect to itself only; nothing takes the hook out again."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not _is_here(host):
        raise ConnectionRefusedError(f"A test wanted to speak to {host}; tests need no network.")


def _is_here(host: str) -> bool:
    import socket

    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost" or host == socket.gethostname()
    return address.is_loopback or address.is_unspecified
