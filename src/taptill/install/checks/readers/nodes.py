"""The device nodes that a reader's driver opens, and what the till's account must be able to do."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from taptill.install.checks.site import CheckedSite
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.device_nodes import is_path
from taptill.readers.drivers.input_devices import nodes_for_port
from taptill.readers.drivers.usb import device_node

_BOTH = (os.R_OK, os.W_OK)


def _serial(port: str) -> list[str]:
    return [port] if is_path(port) else []


def _nfc(port: str) -> list[str]:
    return [port] if port.startswith("/") else [device_node(port)]


_NODES: Mapping[str, tuple[Callable[[str], Sequence[str]], Sequence[int]]] = {
    "serial": (_serial, _BOTH),
    "nfc": (_nfc, _BOTH),
    "keyboard": (nodes_for_port, (os.R_OK,)),  # evdev does with reading
    "replay": (_serial, (os.R_OK,)),
}
"""By driver: the nodes of a port, and the rights that are needed. Others open none themselves:
whom pcscd serves is asked in `pcscd.py`."""


def device_nodes(settings: ReaderSettings) -> list[str]:
    """Return the nodes that are there now."""
    nodes_of, _ = _NODES.get(settings.driver, (_serial, ()))
    return [node for node in nodes_of(settings.port) if node and Path(node).exists()]


def kept_node(site: CheckedSite, settings: ReaderSettings) -> str:
    """Return a node that root may open and the till's account may not; empty without one."""
    _, modes = _NODES.get(settings.driver, (_serial, ()))
    for node in device_nodes(settings):
        if any(site.is_kept_from_till(Path(node), mode) for mode in modes):
            return node
    return ""
