"""The USB devices that are card readers, or may have one behind them.

The udev rules name the same devices; a test compares the two.
"""

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True, slots=True)
class KnownReader:
    """Devices of one kind; without products, all devices of the vendor.

    `label` is the name in the udev rules. A `bridge` is a USB to serial converter or a chip found
    in many devices, which may or may not be a card reader.
    """

    label: str
    title: str
    _: KW_ONLY
    vendor: str
    products: tuple[str, ...]
    driver: str
    bridge: bool = False


KNOWN_READERS = (
    KnownReader("elatec", "Elatec TWN3 or TWN4", vendor="09d8", products=(), driver="serial"),
    KnownReader(
        "ch34x",
        "CH340 bridge",
        vendor="1a86",
        products=("5523", "55d3", "55d4", "7523"),
        driver="serial",
        bridge=True,
    ),
    KnownReader(
        "cp210x", "CP210x bridge", vendor="10c4", products=("ea60",), driver="serial", bridge=True
    ),
    KnownReader(
        "ftdi",
        "FTDI bridge",
        vendor="0403",
        products=("6001", "6014", "6015"),
        driver="serial",
        bridge=True,
    ),
    KnownReader(
        "pl2303",
        "PL2303 bridge",
        vendor="067b",
        products=("2303", "23a3", "23c3"),
        driver="serial",
        bridge=True,
    ),
    KnownReader("acr122u", "ACS ACR122U", vendor="072f", products=("2200",), driver="nfc"),
    KnownReader(
        "pn53x", "NXP PN531 or PN533", vendor="04cc", products=("0531", "2533"), driver="nfc"
    ),
    KnownReader(
        "scl371x", "SCM SCL3711 or SCL3712", vendor="04e6", products=("5591", "5593"), driver="nfc"
    ),
    KnownReader(
        "pasori",
        "Sony PaSoRi",
        vendor="054c",
        products=("0193", "02e1", "06c1", "06c3"),
        driver="nfc",
    ),
    KnownReader("kkmoon", "KKMOON keyboard", vendor="413d", products=("2107",), driver="keyboard"),
    KnownReader(
        "sycreader",
        "Sycreader keyboard",
        vendor="ffff",
        products=("0035",),
        driver="keyboard",
        bridge=True,
    ),
)


def known_reader(vendor: str, product: str) -> KnownReader | None:
    """Return the reader with these USB numbers, four small hex digits each; None if unknown."""
    for reader in KNOWN_READERS:
        if reader.vendor == vendor and (not reader.products or product in reader.products):
            return reader
    return None
