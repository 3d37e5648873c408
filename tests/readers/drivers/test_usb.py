"""The device node and the holder of a USB device, as the kernel lists them."""

from pathlib import Path

import pytest

from taptill.readers.drivers.usb import device_node, interface_holder, is_complete_name

PORT = "usb:072F:2200"


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """Return a machine with a hub and a reader, listed as the kernel lists them."""
    for name, kind, place in (("usb1", "1d6b:0002", "1:1"), ("1-1.2", "072f:2200", "1:4")):
        device = tmp_path / name
        device.mkdir()
        (device / "idVendor").write_text(kind.partition(":")[0] + "\n")
        (device / "idProduct").write_text(kind.partition(":")[2] + "\n")
        (device / "busnum").write_text(place.partition(":")[0] + "\n")
        (device / "devnum").write_text(place.partition(":")[2] + "\n")
    (tmp_path / "1-1.2:1.0").mkdir()
    return tmp_path


def held_by(devices: Path, driver: str) -> None:
    (devices / driver).mkdir()
    (devices / "1-1.2:1.0" / "driver").symlink_to(devices / driver)


@pytest.mark.parametrize("port", [PORT, "usb:072f:2200", "usb:1:4", "usb:001:004"])
def test_a_device_has_its_node(port: str, devices: Path) -> None:
    assert device_node(port, devices) == "/dev/bus/usb/001/004"


@pytest.mark.parametrize("port", ["usb:072f:2201", "usb:001:005", "usb", "/dev/rfid-reader"])
def test_a_device_that_is_not_there_has_none(port: str, devices: Path) -> None:
    assert device_node(port, devices) == ""
    assert interface_holder(port, devices) == ""


@pytest.mark.parametrize("module", ["pn533_usb", "port100"])
def test_a_kernel_module_that_holds_a_device_is_named(module: str, devices: Path) -> None:
    held_by(devices, module)
    assert interface_holder(PORT, devices) == f"kernel module {module}"


def test_a_program_that_claimed_a_device_is_looked_for_among_the_programs(devices: Path) -> None:
    held_by(devices, "usbfs")
    assert interface_holder(PORT, devices) == ""


def test_a_machine_without_usb_holds_nothing(tmp_path: Path) -> None:
    assert interface_holder(PORT, tmp_path / "nothing") == ""


@pytest.mark.parametrize(
    ("port", "is_complete"),
    [(PORT, True), ("usb:001:004", True), ("usb:072f", False), ("usb", False), ("usb:1", False)],
)
def test_a_short_name_is_told_from_a_whole_one(port: str, *, is_complete: bool) -> None:
    assert is_complete_name(port) == is_complete
