"""httpx's transport with a look at its idle connections."""

import ssl

import httpx


class KeepAliveTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport; it hides its connections, and a till must know whether one is idle."""

    def __init__(self, tls: ssl.SSLContext | None, connections_max: int, keep_s: float) -> None:
        limits = httpx.Limits(
            max_connections=connections_max,
            max_keepalive_connections=connections_max // 2,
            keepalive_expiry=keep_s,
        )
        super().__init__(verify=tls or False, trust_env=False, limits=limits)

    def has_idle(self) -> bool:
        """Return whether a connection is idle and was not closed by the server."""
        return any(
            connection.is_idle() and not connection.has_expired()
            for connection in self._pool.connections
        )
