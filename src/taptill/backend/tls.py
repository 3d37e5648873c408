"""TLS contexts from certificate files, and words for failed connections."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

from taptill.domain.errors import BackendError

Certificate = tuple[str, str]
"""Paths of a client certificate and of its key."""


def tls_context(ca_file: str | None, certificate: Certificate | None) -> ssl.SSLContext:
    """Return a context that checks the server; BackendError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if certificate:
            context.load_cert_chain(*certificate)
    except OSError as fault:  # ssl.SSLError is a subclass
        detail = f"[backend] ca_file, client_cert or client_key: {fault.strerror or fault}"
        raise BackendError(detail=detail) from fault
    return context


def certificate_expiry(tls: Any) -> float | None:
    """Return when the server's certificate expires, in seconds since 1970; None without TLS."""
    certificate = tls.getpeercert() if isinstance(tls, ssl.SSLObject | ssl.SSLSocket) else None
    return ssl.cert_time_to_seconds(str(certificate["notAfter"])) if certificate else None


def describe_fault(fault: BaseException) -> str:
    """Describe a fault without the URL or the headers that its own text may hold."""
    for cause in _causes(fault):
        match cause:
            case socket.gaierror():
                return "the host's name is not known (DNS)"
            case ssl.SSLCertVerificationError():
                return f"TLS: {cause.verify_message}"
            case ssl.SSLError():
                reason = getattr(cause, "reason", None) or "broken"
                return f"TLS: {reason.replace('_', ' ').lower()}"
            case ConnectionRefusedError():
                return "connection refused"
            case ConnectionResetError():
                return "connection reset"
    return type(fault).__name__


def _causes(fault: BaseException | None, depth: int = 8) -> Iterator[BaseException]:
    """Yield a fault and its causes, the outermost first."""
    while fault is not None and depth:
        yield fault
        for inner in fault.exceptions[:1] if isinstance(fault, BaseExceptionGroup) else ():
            yield from _causes(inner, depth - 1)
        fault, depth = fault.__cause__ or fault.__context__, depth - 1
