"""[receipt]: what names a printer."""

import pytest
from tests.config.files import text

from taptill.config import parse
from taptill.domain.errors import ConfigError


@pytest.mark.parametrize(
    "printer",
    ["/dev/usb/lp0", "/tmp/slips", "10.0.0.9:9100", "printer.lan:9100", "[fe80::1]:9100", ""],
)
def test_a_printer_is_a_path_or_an_address(printer: str) -> None:
    assert parse(text() + f'[receipt]\nprinter = "{printer}"\n').receipt.printer == printer


@pytest.mark.parametrize("printer", ["lp0", "10.0.0.9", "a b:9100", "usb/lp0", "host:port"])
def test_anything_else_is_no_printer(printer: str) -> None:
    with pytest.raises(ConfigError, match="a device, a file, or host:port"):
        parse(text() + f'[receipt]\nprinter = "{printer}"\n')
