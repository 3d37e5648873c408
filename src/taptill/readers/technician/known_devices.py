"""A USB device's two numbers in, the reader it is or may be out.

The udev rules name the same devices; a test compares the two.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownReader:
    """Devices of one kind; no product stands for all of that vendor.

    `label` is what the udev rules call it. A `bridge` sits in all sorts of devices, and only may
    be a card reader.
    """

    label: str
    title: str
    vendor: str
    products: tuple[str, ...]
    driver: str
    bridge: bool = False


KNOWN_READERS = (
    KnownReader("elatec", "Elatec TWN3 or TWN4", "09d8", (), "serial"),
    KnownReader(
        "ch34x", "CH340 bridge", "1a86", ("5523", "55d3", "55d4", "7523"), "serial", bridge=True
    ),
    KnownReader("cp210x", "CP210x bridge", "10c4", ("ea60",), "serial", bridge=True),
    KnownReader("ftdi", "FTDI bridge", "0403", ("6001", "6014", "6015"), "serial", bridge=True),
    KnownReader("pl2303", "PL2303 bridge", "067b", ("2303", "23a3", "23c3"), "serial", bridge=True),
    KnownReader("acr122u", "ACS ACR122U", "072f", ("2200",), "nfc"),
    KnownReader("pn53x", "NXP PN531 or PN533", "04cc", ("0531", "2533"), "nfc"),
    KnownReader("scl371x", "SCM SCL3711 or SCL3712", "04e6", ("5591", "5593"), "nfc"),
    KnownReader("pasori", "Sony PaSoRi", "054c", ("0193", "02e1", "06c1", "06c3"), "nfc"),
    KnownReader("kkmoon", "KKMOON keyboard", "413d", ("2107",), "keyboard"),
    KnownReader("sycreader", "Sycreader keyboard", "ffff", ("0035",), "keyboard", bridge=True),
)


def known_reader(vendor: str, product: str) -> KnownReader | None:
    """Find what the numbers stand for, four small hex digits each."""
    for known in KNOWN_READERS:
        if known.vendor == vendor and (not known.products or product in known.products):
            return known
    return None
