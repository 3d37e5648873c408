"""The text file for a collector, read by the parser of those who defined the format."""

import re
from decimal import Decimal

from hypothesis import given
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.domain.figures.samples import TROUBLED, WELL, any_figures
from tests.project.sources import ROOT

from taptill.domain.figures.till import TillFigures
from taptill.wiring.fleet.metrics import MetricType, metrics, metrics_text

PAGE = (ROOT / "docs" / "fleet.md").read_text("utf-8")


def parsed(figures: TillFigures) -> dict[str, Metric]:
    families = list(text_string_to_metric_families(metrics_text(figures)))
    assert len({family.name for family in families}) == len(families)
    return {family.name: family for family in families}


def value(figures: TillFigures, name: str, **labels: str) -> float:
    (found,) = (
        sample.value
        for family in parsed(figures).values()
        for sample in family.samples
        if sample.name == name and sample.labels.items() >= labels.items()
    )
    return float(found)


@given(any_figures())
def test_whatever_the_figures_a_collector_can_read_them(figures: TillFigures) -> None:
    text = metrics_text(figures)
    families = parsed(figures)
    assert {family.type for family in families.values()} <= {*MetricType}
    names = [metric.name for metric in metrics(figures)]
    assert len(names) == len(set(names))
    assert text.count("# HELP ") == text.count("# TYPE ") == len(names) == len(families)
    assert all(name.startswith("taptill_") for name in names)
    series = [line.rpartition(" ")[0] for line in text.splitlines() if line[0] != "#"]
    assert len(series) == len(set(series))
    assert "_created" not in text
    assert text.endswith("\n")


@given(any_figures())
def test_a_histogram_counts_upwards_to_its_count(figures: TillFigures) -> None:
    for family in parsed(figures).values():
        if family.type == MetricType.HISTOGRAM:
            counts = [one.value for one in family.samples if one.name.endswith("_bucket")]
            (count,) = (one.value for one in family.samples if one.name.endswith("_count"))
            assert counts == sorted(counts)
            assert counts[-1] == count


def test_what_the_figures_say_stands_in_the_file() -> None:
    assert value(WELL, "taptill_journal_entries_total") == 48_211
    assert value(WELL, "taptill_settlements_total", outcome="settled") == 988
    assert value(WELL, "taptill_reader_state", reader="reader 1", state="ok") == 1
    assert value(WELL, "taptill_condition", condition="well") == 1
    assert value(WELL, "taptill_tap_to_verdict_seconds_bucket", le="0.01") == 950
    assert value(TROUBLED, "taptill_backend_online") == 0
    assert value(TROUBLED, "taptill_finding", finding="offline") == 1
    assert value(TROUBLED, "taptill_reader_needs_care", reader="reader 1") == 1


def test_money_is_written_exactly() -> None:
    amounts = re.findall(
        r"^taptill_to_(?:send|clarify)_units (.*)$", metrics_text(TROUBLED), re.MULTILINE
    )
    assert [*map(Decimal, amounts)] == [Decimal("14.20"), Decimal("-0.05")]


def test_what_is_not_known_is_not_there() -> None:
    assert "taptill_reader_silent_seconds" in metrics_text(WELL)
    silent = [line for line in metrics_text(TROUBLED).splitlines() if "silent_seconds{" in line]
    assert silent == []


def test_the_page_has_every_metric_with_its_type_and_help() -> None:
    """Where this fails: put the left side into the table of docs/fleet.md."""
    rows = [
        f"| `{one.name}` | {one.type} | {', '.join(_labels(one.name))} | {one.help} |"
        for one in metrics(WELL)
    ]
    assert rows == re.findall(r"^\| `taptill_.* \|$", PAGE, re.MULTILINE)


def _labels(name: str) -> list[str]:
    (metric,) = (one for one in metrics(WELL) if one.name == name)
    labels = {label for sample in metric.samples for label in sample.labels}
    return [f"`{label}`" for label in sorted(labels)]
