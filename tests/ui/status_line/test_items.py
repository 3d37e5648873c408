"""The top line tries many wordings, and words each of its items a few times only."""

from dataclasses import replace

import pytest
from tests.ui.states import OFFLINE, SETTINGS

from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui.status_line.items import status_items


class CountedWords(dict[str, str]):
    """Texts that count how often one of them is written."""

    written = 0

    def __getitem__(self, key: str) -> str:
        self.written += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("width", [40, 50, 60, 80])
def test_however_many_wordings_are_tried_each_item_is_worded_a_few_times(width: int) -> None:
    """On a narrow screen some forty rows are tried each second."""
    words = CountedWords(SETTINGS.texts.words)
    settings = replace(SETTINGS, texts=replace(SETTINGS.texts, words=words))
    readers = (ReaderHealth("reader-1", ReaderState.OK), ReaderHealth("reader-2", ReaderState.LOST))
    gone = PrinterHealth(PrinterState.NOT_THERE, waiting=12)
    status = replace(
        OFFLINE, staff="Sam Jones", printer=gone, readers=readers, conflicts=2, to_send=3
    )
    status_items(status, settings, width)
    assert 8 <= words.written <= 20
