"""How a client reaches its server, and how it goes on when something fails."""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tenantry.errors import invalid_argument

__version__ = "0.1.0"

TIMEOUT_SECONDS = 30.0
CHANNELS = 2
MESSAGE_BYTES_MAX = 32 * 1024 * 1024
KEEPALIVE_MS = 30_000
KEEPALIVE_TIMEOUT_MS = 10_000
RECONNECT_MS_MIN = 100
RECONNECT_MS_MAX = 500
# For how long an attempt that follows a lost connection waits for the next one: until it
# was certainly tried again.
READY_SECONDS_MAX = 1.5 * RECONNECT_MS_MAX / 1000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon a call is tried again, where that is safe."""

    max_attempts: int = 5
    """How often it is tried, the first time included; 1 never tries again."""

    initial_backoff: float = 0.05
    """The longest pause before the second attempt, in seconds."""

    max_backoff: float = 2.0
    """The longest pause there is, in seconds."""

    def backoff(self, failures: int) -> float:
        """The pause after so many failures: doubled with each, and drawn by lot, so that
        many clients do not come back in one wave."""
        longest = min(self.max_backoff, self.initial_backoff * 2.0 ** (failures - 1))
        return random.uniform(0, longest)


@dataclass(frozen=True, slots=True)
class Tls:
    """How the server is known over TLS."""

    ca: bytes | str | Path | None = None
    """The authorities that are trusted, in PEM, or the path of a file with them; by
    default those that grpc has with it."""

    server_name: str = ""
    """The name that the server's certificate must have; by default the endpoint's."""

    def roots(self) -> bytes | None:
        """The authorities in PEM."""
        if self.ca is None or isinstance(self.ca, bytes):
            return self.ca
        return Path(self.ca).read_bytes()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the server is."""

    target: str
    """The host and port."""

    secure: bool
    """By TLS."""

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """The endpoint of `http://host:port`, `https://host:port`, or `host:port`, which
        is plaintext on this machine and TLS everywhere else."""
        scheme, separator, rest = text.rpartition("://")
        target = rest.removesuffix("/")
        if (separator and scheme not in ("http", "https")) or "/" in target or not target:
            raise invalid_argument(f"the endpoint {text!r} is not like https://host:port")
        secure = scheme == "https" if separator else not _is_loopback(target)
        if _port(target) is None:
            target = f"{target}:{443 if secure else 80}"
        return cls(target, secure)


def _port(target: str) -> str | None:
    _, colon, port = target.rpartition(":")
    return port if colon and "]" not in port else None


def _is_loopback(target: str) -> bool:
    host = target.rpartition(":")[0] if _port(target) is not None else target
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def channel_options(tls: Tls | None) -> list[tuple[str, Any]]:
    """The options of a channel."""
    options: list[tuple[str, Any]] = [
        ("grpc.primary_user_agent", f"tenantry-python/{__version__}"),
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        # Channels to one server would share one connection otherwise.
        ("grpc.use_local_subchannel_pool", 1),
        # A server that comes back is found soon.
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_MS_MIN),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_MS_MAX),
    ]
    if tls is not None and tls.server_name:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
    return options
