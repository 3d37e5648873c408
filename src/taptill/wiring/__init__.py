"""A config in, a till at work out: the only room that knows everybody."""

from taptill.wiring.house import MESSAGES_MAX, House, build
from taptill.wiring.machine import machine
from taptill.wiring.parts import (
    check_reader,
    customers_api,
    identity,
    office,
    reader_settings,
    refuse_misfit,
    refuse_unbuilt,
    unbuilt,
)
from taptill.wiring.sending import Sender, sender

__all__ = [
    "MESSAGES_MAX",
    "House",
    "Sender",
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
