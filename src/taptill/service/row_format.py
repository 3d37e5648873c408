"""Rows of the database in, JSON text out: one format per shape, prepared once.

The text is what `wire.write` would write of the same values; amounts keep all their decimals.
"""

from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, Any

from taptill.service.fields import Field, FieldKind

if TYPE_CHECKING:
    from taptill.service.selection import Projection

_BOOLEANS = {False: "false", True: "true", None: "null"}


class RowFormat:
    """The JSON object of a projection, with a place and a conversion for each column."""

    def __init__(self, projection: "Projection") -> None:
        converts: list[Callable[[Any], str]] = []
        members: list[str] = []
        relations: list[tuple[int, RowFormat]] = []
        self.width = 0
        """How many columns it takes."""
        for name, field, tree in projection.parts:
            members.append(f"{_quoted(name)}:%s")
            if tree is None:
                converts.append(_conversion(field))
                self.width += 1
            else:
                relation = RowFormat(tree)
                relations.append((len(converts), relation))
                converts.append(str)
                self.width += 1 + relation.width
        self._template = f"{{{','.join(members)}}}"
        self._converts = tuple(converts)
        self._relations = tuple(relations)

    def text(self, row: Sequence[Any]) -> str:
        """Return a row as JSON; a relation's own column stands before those of its target."""
        values = list(row) if self._relations else row
        for position, relation in self._relations:
            end = position + 1 + relation.width
            key, *columns = values[position:end]
            # What stands behind is moved up, so that the next relation's position holds.
            values[position:end] = ["null" if key is None else relation.text(columns)]  # type: ignore[index]
        return self._template % tuple(
            [convert(value) for convert, value in zip(self._converts, values, strict=True)]
        )

    def list_text(self, rows: Iterable[Sequence[Any]]) -> str:
        """Return rows as a JSON list."""
        return f"[{','.join(map(self.text, rows))}]"


def _conversion(field: Field) -> Callable[[Any], str]:
    """Return the function that makes JSON of a column's value."""
    match field.kind:
        case FieldKind.BOOLEAN:
            return _BOOLEANS.__getitem__
        case FieldKind.MONEY:
            return _amount(field.digits)
        case FieldKind.INTEGER | FieldKind.RELATION:
            return _number
        case FieldKind.JSON:
            return _raw
        case FieldKind.TEXT | FieldKind.TIMESTAMP:
            return _text


def _text(value: str | None) -> str:
    return "null" if value is None else _quoted(value)


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _raw(value: str | None) -> str:
    return "null" if value is None else value


def _amount(digits: int) -> Callable[[int | None], str]:
    """Return the function that writes minor units with so many decimals."""
    if not digits:
        return _number
    scale = 10**digits

    def amount(minor: int | None) -> str:
        if minor is None:
            return "null"
        major, rest = divmod(abs(minor), scale)
        return f"{'-' if minor < 0 else ''}{major}.{rest:0{digits}}"

    return amount
