"""What is said of the till itself: connection, readers, printer, alarms, who is logged in."""

from dataclasses import replace

from taptill.checkout.view import Link, StatusView
from taptill.domain.slips.printer import PrinterState
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui.banner import reader_values, unusable_reader
from taptill.ui.modes.alone import hides_faults
from taptill.ui.plain.lines import listed, sentences
from taptill.ui.screen_settings import ScreenSettings, warning_words
from taptill.ui.status_line.items import link_item, named_reader, printer_item

Fact = tuple[object, str]
"""What makes a fact another one, and its line; an empty line is not said."""


def facts(status: StatusView, settings: ScreenSettings) -> dict[str, Fact]:
    """Return the facts of a status by their topic; a customer is told nothing to repair."""
    if hides_faults(status, settings):
        status = replace(status, alarms=(), warnings=())
    say = settings.texts.say
    conflicts = say("status.conflicts", count=str(status.conflicts)) if status.conflicts else ""
    alarms = [say(f"alarm.{alarm}") for alarm in status.alarms]
    return {
        "link": (status.link, _link(status, settings)),
        "printer": _printer(status, settings),
        "conflicts": (status.conflicts, conflicts),
        "alarms": (status.alarms, sentences(alarms)),
        "warnings": (
            status.warnings,
            sentences(warning_words(warning, settings) for warning in status.warnings),
        ),
        "staff": (status.staff, _staff(status.staff, settings)),
        **{
            f"reader {reader.reader}": (
                (reader.state, reader.detail),
                _reader(reader, status, settings),
            )
            for reader in status.readers
        },
    }


def over(status: StatusView, settings: ScreenSettings) -> dict[str, str]:
    """Return what is said where nothing is so any more, by topic; what is hidden may still be."""
    say = settings.texts.say
    if hides_faults(status, settings):
        return {"conflicts": say("status.conflicts", count="0")}
    return {
        "conflicts": say("status.conflicts", count="0"),
        "alarms": say("plain.alarms-over"),
        "warnings": say("plain.warnings-over"),
    }


def _link(status: StatusView, settings: ScreenSettings) -> str:
    if status.link is Link.UNKNOWN:
        return ""
    words = link_item(replace(status, latency_ms=None), settings).text.strip()
    count = str(status.to_send)
    return listed(
        [words, settings.texts.say("status.to-send", count=count) if status.to_send else ""]
    )


def _printer(status: StatusView, settings: ScreenSettings) -> Fact:
    printer = status.printer
    if printer is None or printer.state is PrinterState.STARTING:
        return (None, "")
    item = printer_item(printer, settings)
    return (printer.state, item.text.strip() if item else "")


def _staff(name: str, settings: ScreenSettings) -> str:
    return settings.texts.say("plain.staff", name=settings.clean(name)) if name else ""


def _reader(reader: ReaderHealth, status: StatusView, settings: ScreenSettings) -> str:
    """Return how a reader is; where no card can be read, the banner's word and what to do."""
    if reader.state is ReaderState.OPENING:
        return ""
    say = settings.texts.say
    state = say(f"reader.{reader.state}.status")
    named = named_reader(reader.reader, state, settings)
    words = named if len(status.readers) > 1 else say("status.reader", state=state)
    if reader.state is ReaderState.OK:
        return words
    if hides_faults(status, settings):
        return words if unusable_reader(status.readers) is None else _no_cards(reader, settings)
    values = reader_values(reader, settings)
    hint = settings.texts.say_if_known(f"reader.{reader.state}.cashier", values)
    word = say(f"reader.{reader.state}.word") if unusable_reader(status.readers) else words
    return settings.texts.labelled(word, hint)


def _no_cards(reader: ReaderHealth, settings: ScreenSettings) -> str:
    """Return what a customer is told where no reader works."""
    word = settings.texts.say(f"reader.{reader.state}.word")
    return settings.texts.labelled(word, settings.texts.say("alone.no-reader"))
