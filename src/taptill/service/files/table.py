"""A CSV file as spreadsheets write it in, its rows out: cells as text, by column.

Taken: UTF-8 with or without its mark, `sep=;` as the first line (Excel's), a comma, semicolon or
tab between cells, columns without a name and rows without content, which are passed over.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from taptill.domain.errors import ServiceError
from taptill.service.files.columns import COLUMNS, NOT_TAKEN
from taptill.service.files.report import Advance, Report, many, quiet

ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
}
"""What an office's programs save a text in, and what Python calls it."""

Row = tuple[int, dict[str, str]]
"""A row's line in the file, and its cells that are not empty."""

_DELIMITERS = ",;\t"
_SEP = re.compile(r'"?sep=(?P<mark>.)"?[,;\t]*', re.IGNORECASE)
_KNOWN = {name.casefold(): name for name in (*COLUMNS, *NOT_TAKEN)}
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What a file of a spreadsheet program itself begins with: .xlsx and .ods, .xls."""


TOLD_EVERY = 250
"""After so many rows it is told how far the file is read."""


def rows(path: Path, encoding: str, report: Report, advance: Advance = quiet) -> Iterator[Row]:
    """Give the rows one by one; what is wrong with the file's form is told to the report.

    `advance` is told how many bytes more are read.

    Raises ServiceError where the file cannot be read.
    """
    try:
        with path.open("rb") as raw:
            if raw.read(4) in _WORKBOOK:
                detail = f"{path} is a spreadsheet's own file: save it as CSV UTF-8"
                raise ServiceError(detail=detail)
        with path.open(encoding=ENCODINGS[encoding], newline="") as file:
            yield from _told(_rows(file, report), file, advance)
    except OSError as fault:
        raise ServiceError(detail=f"{path} cannot be read: {fault.strerror}") from fault
    except UnicodeError as fault:
        shown = encoding.upper() if encoding.startswith("utf") else encoding
        advice = "save it as CSV UTF-8, or say --encoding windows-1252"
        raise ServiceError(detail=f"{path} is not {shown}: {advice}") from fault


def _told(found: Iterator[Row], file: TextIO, advance: Advance) -> Iterator[Row]:
    told = 0
    for number, row in enumerate(found):
        if number % TOLD_EVERY == 0:
            at = file.buffer.tell()
            advance(at - told)
            told = at
        yield row
    advance(file.buffer.tell() - told)


def _rows(file: TextIO, report: Report) -> Iterator[Row]:
    above, delimiter = _begin(file)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    empty = 0
    try:
        names = [_KNOWN.get(name.strip().casefold(), name.strip()) for name in next(reader, [])]
        if not _head_fits(names, above + 1, report):
            return
        nameless = {index for index, name in enumerate(names) if not name}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                empty += 1
            elif _fits(cells, names, nameless, above + reader.line_num, report):
                found = {name: cell for name, cell in zip(names, cells, strict=False) if name}
                taken = {name: cell for name, cell in found.items() if cell and name in COLUMNS}
                yield above + reader.line_num, taken
    except csv.Error as fault:
        report.tell(above + reader.line_num, "", f"no CSV: {fault}")
        return
    if nameless:
        report.notes.append(f"passed over: {many(len(nameless), 'nameless empty column')}")
    if empty:
        report.notes.append(f"passed over: {many(empty, 'empty row')}")


def _begin(file: TextIO) -> tuple[int, str]:
    """Give the lines above the head, and what stands between cells."""
    first = file.readline()
    found = _SEP.fullmatch(first.rstrip("\r\n"))
    if found:
        return 1, found["mark"]
    file.seek(0)
    return 0, max(_DELIMITERS, key=first.count)


def _fits(
    cells: list[str], names: list[str], nameless: set[int], line: int, report: Report
) -> bool:
    """Judge a row's length, and that nothing stands where no column is."""
    content = {index for index, cell in enumerate(cells) if cell.strip()}
    beyond = [index for index in content if index >= len(names)]
    if len(cells) < len(names) or beyond:
        words = f"{many(len(cells), 'cell')}, but the first line has {len(names)}"
        report.tell(line, "", words)
        return False
    for index in sorted(content & nameless):
        report.tell(line, "", f"column {index + 1} has no name")
    return not content & nameless


def _head_fits(names: list[str], line: int, report: Report) -> bool:
    allowed = f"allowed are {', '.join(COLUMNS)}"
    if "name" not in names:
        report.tell(line, "name", f"this column is needed; {allowed}")
    for name in dict.fromkeys(filter(None, names)):
        if name in NOT_TAKEN:
            report.not_taken.append(name)
        elif name not in COLUMNS:
            report.tell(line, name, f"an unknown column; {allowed}")
        elif names.count(name) > 1:
            report.tell(line, name, "this column is there twice")
    return not report.bad_count
