"""Reads CSV files as spreadsheets write them; yields the cells of each row by column.

Accepted are UTF-8 with or without a byte order mark, `sep=;` as the first line (Excel's), commas,
semicolons or tabs between cells, and nameless columns and empty rows, which are skipped.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from taptill.domain.errors import ServiceError
from taptill.domain.technical.counting import many
from taptill.service.files.columns import COLUMNS, IGNORED_COLUMNS
from taptill.service.files.report import ImportReport, ProgressCallback, no_progress

ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
}
"""The encodings in which office programs save text, with Python's codecs."""

Row = tuple[int, dict[str, str]]
"""The line number of a row, and its non-empty cells by column."""

_DELIMITERS = ",;\t"
_SEP = re.compile(r'"?sep=(?P<mark>.)"?[,;\t]*', re.IGNORECASE)
_COLUMN_NAMES = {name.casefold(): name for name in (*COLUMNS, *IGNORED_COLUMNS)}
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""The first bytes of spreadsheet files: .xlsx and .ods, .xls."""


PROGRESS_ROWS = 250
"""After how many rows progress is reported."""


def read_rows(
    path: Path, encoding: str, report: ImportReport, advance: ProgressCallback = no_progress
) -> Iterator[Row]:
    """Yield the rows one by one, and add formal errors of the file to the report.

    `advance` is called with the number of further bytes read.

    Raises ServiceError where the file cannot be read.
    """
    try:
        with path.open("rb") as raw:
            if raw.read(4) in _WORKBOOK:
                detail = f"{path} is a spreadsheet's own file: save it as CSV UTF-8"
                raise ServiceError(detail=detail)
        with path.open(encoding=ENCODINGS[encoding], newline="") as file:
            yield from _reporting_progress(_read_rows(file, report), file, advance)
    except OSError as fault:
        raise ServiceError(detail=f"{path} cannot be read: {fault.strerror}") from fault
    except UnicodeError as fault:
        encoding_name = encoding.upper() if encoding.startswith("utf") else encoding
        advice = "save it as CSV UTF-8, or say --encoding windows-1252"
        raise ServiceError(detail=f"{path} is not {encoding_name}: {advice}") from fault


def _reporting_progress(
    lines: Iterator[Row], file: TextIO, advance: ProgressCallback
) -> Iterator[Row]:
    position = 0
    for count, row in enumerate(lines):
        if count % PROGRESS_ROWS == 0:
            new_position = file.buffer.tell()
            advance(new_position - position)
            position = new_position
        yield row
    advance(file.buffer.tell() - position)


def _read_rows(file: TextIO, report: ImportReport) -> Iterator[Row]:
    lines_above, delimiter = _read_preamble(file)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    empty = 0
    try:
        names = [
            _COLUMN_NAMES.get(name.strip().casefold(), name.strip()) for name in next(reader, [])
        ]
        if not _head_fits(names, lines_above + 1, report):
            return
        nameless = {index for index, name in enumerate(names) if not name}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                empty += 1
            elif _row_fits(cells, names, nameless, lines_above + reader.line_num, report):
                named_cells = {name: cell for name, cell in zip(names, cells, strict=False) if name}
                row = {name: cell for name, cell in named_cells.items() if cell and name in COLUMNS}
                yield lines_above + reader.line_num, row
    except csv.Error as fault:
        report.add_error(lines_above + reader.line_num, "", f"no CSV: {fault}")
        return
    if nameless:
        report.notes.append(f"passed over: {many(len(nameless), 'nameless empty column')}")
    if empty:
        report.notes.append(f"passed over: {many(empty, 'empty row')}")


def _read_preamble(file: TextIO) -> tuple[int, str]:
    """Return the number of lines above the header, and the delimiter."""
    first = file.readline()
    match = _SEP.fullmatch(first.rstrip("\r\n"))
    if match:
        return 1, match["mark"]
    file.seek(0)
    return 0, max(_DELIMITERS, key=first.count)


def _row_fits(
    cells: list[str], names: list[str], nameless: set[int], line: int, report: ImportReport
) -> bool:
    """Return whether a row has a cell for each column and no content outside columns."""
    content = {index for index, cell in enumerate(cells) if cell.strip()}
    beyond = [index for index in content if index >= len(names)]
    if len(cells) < len(names) or beyond:
        message = f"{many(len(cells), 'cell')}, but the first line has {len(names)}"
        report.add_error(line, "", message)
        return False
    for index in sorted(content & nameless):
        report.add_error(line, "", f"column {index + 1} has no name")
    return not content & nameless


def _head_fits(names: list[str], line: int, report: ImportReport) -> bool:
    advice = f"allowed are {', '.join(COLUMNS)}"
    if "name" not in names:
        report.add_error(line, "name", f"this column is needed; {advice}")
    for name in dict.fromkeys(filter(None, names)):
        if name in IGNORED_COLUMNS:
            report.not_taken.append(name)
        elif name not in COLUMNS:
            report.add_error(line, name, f"an unknown column; {advice}")
        elif names.count(name) > 1:
            report.add_error(line, name, "this column is there twice")
    return not report.bad_count
