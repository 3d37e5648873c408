"""Text in, a whole file that only its owner reads out, or the file that was there before."""

import stat
from pathlib import Path

import pytest

from taptill.domain.errors import OutputError
from taptill.durable_files import atomic_write, sync_to_disk


def test_a_file_appears_whole_with_its_line_ends_as_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with atomic_write(path) as target:
        target.write("Näherin\r\n")
        target.flush()
        assert not path.exists()
    assert path.read_bytes() == "Näherin\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_half_way_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError), atomic_write(path) as target:
        target.write("half, then no text: \ud83d")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "rows.csv"
    with pytest.raises(OutputError) as told, atomic_write(path):
        pass
    assert told.value.fields["path"] == path


def test_files_and_folders_are_synced_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    sync_to_disk(file)
    sync_to_disk(tmp_path)
    with pytest.raises(OSError, match="gone"):
        sync_to_disk(tmp_path / "gone")
