"""Builds a running till from a config, and may import every room below it for that."""

from taptill.wiring.factories import (
    check_reader,
    customers_api,
    identity,
    office,
    reader_settings,
    refuse_misfit,
    refuse_unbuilt,
    unbuilt,
)
from taptill.wiring.machine import machine
from taptill.wiring.runtime import MESSAGES_MAX, TillRuntime, build
from taptill.wiring.sending import Sender, sender

__all__ = [
    "MESSAGES_MAX",
    "Sender",
    "TillRuntime",
    "build",
    "check_reader",
    "customers_api",
    "identity",
    "machine",
    "office",
    "reader_settings",
    "refuse_misfit",
    "refuse_unbuilt",
    "sender",
    "unbuilt",
]
