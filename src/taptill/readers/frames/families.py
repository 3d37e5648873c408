"""Family name in, decoder and default line speed out."""

from collections.abc import Callable
from dataclasses import dataclass

from taptill.readers.frames import Decoder, Options, RawKind
from taptill.readers.frames.line import LineDecoder, line_form
from taptill.readers.frames.rdm6300 import Rdm6300Decoder
from taptill.readers.nearest import unknown_word


@dataclass(frozen=True, slots=True)
class Family:
    """A wire format of serial readers; `decoder` raises ValueError for options it cannot take."""

    gives: RawKind
    baud: int
    decoder: Callable[[Options], Decoder]


def find_family(name: str) -> Family:
    """Give the family of that name; ValueError names the nearest one."""
    family = FAMILIES.get(name)
    if family is None:
        raise ValueError(unknown_word("family", name, FAMILIES))
    return family


def _without_options(make: Callable[[], Decoder]) -> Callable[[Options], Decoder]:
    def decoder(options: Options) -> Decoder:
        if options:
            raise ValueError(f"this family takes no options: {', '.join(sorted(options))}")
        return make()

    return decoder


FAMILIES: dict[str, Family] = {
    "rdm6300": Family(RawKind.UID, 9600, _without_options(Rdm6300Decoder)),
    "line": Family(RawKind.TEXT, 9600, lambda options: LineDecoder(line_form(options))),
}
