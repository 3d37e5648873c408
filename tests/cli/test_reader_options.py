"""The hints about a reader that this account may not open."""

import grp
import os
from pathlib import Path

import pytest

from taptill.cli.readers.reader_options import hint
from taptill.domain.tap import ReaderState


@pytest.mark.parametrize("driver", ["serial", "keyboard", "nfc"])
def test_the_group_of_the_device_is_named(driver: str, tmp_path: Path) -> None:
    own_groups = [
        entry for entry in grp.getgrall() if entry.gr_gid in {os.getgid(), *os.getgroups()} - {0}
    ]
    group = own_groups[0] if own_groups else grp.getgrnam("dialout")  # root may give it any
    device = tmp_path / "device"
    device.touch()
    os.chown(device, -1, group.gr_gid)
    words = hint(ReaderState.DENIED, str(device), driver)
    assert words.startswith(
        f"no permission for {device}: add the account to group {group.gr_name},"
    )


def test_where_no_group_may_open_it_the_udev_rules_are() -> None:
    assert "copy the udev rules" in hint(ReaderState.DENIED, "/dev/null", "keyboard")


def test_of_a_service_no_group_is_named() -> None:
    assert "polkit" in hint(ReaderState.DENIED, "ACR122U", "pcsc")
