"""A TLS context in, httpx's connections out, which say whether one of them waits."""

import ssl

import httpx


class KeepAliveTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport; it keeps its connections to itself, and a till must know of them."""

    def __init__(self, tls: ssl.SSLContext | None, connections_max: int, keep_s: float) -> None:
        limits = httpx.Limits(
            max_connections=connections_max,
            max_keepalive_connections=connections_max // 2,
            keepalive_expiry=keep_s,
        )
        super().__init__(verify=tls or False, trust_env=False, limits=limits)

    def has_idle(self) -> bool:
        """Tell whether a connection waits that the server has not closed."""
        return any(
            connection.is_idle() and not connection.has_expired()
            for connection in self._pool.connections
        )
