"""A report in, one self-contained page of HTML out: sentence, chart, table, again and again."""

from collections.abc import Iterator
from html import escape

from taptill.cli.output import when
from taptill.cli.report.charts import BARS_MAX, UPRIGHT_MAX, lying, upright
from taptill.cli.report.plain import cell_text, is_figure, shown_columns
from taptill.cli.report.printout import Printout
from taptill.cli.report.tables import Cell, Table
from taptill.domain.money import Currency

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2024; background: #fff;
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
.about, footer { color: #565d64; }
footer { margin-top: 2rem; font-size: .85rem; }
svg { display: block; width: 100%; height: auto; margin: .5rem 0 1rem; }
svg text { font-size: 12px; fill: #1c2024; }
.bar { fill: #2f6f9f; }
.below { fill: #b3541e; }
.zero { stroke: #565d64; stroke-width: 1; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; color: #565d64; padding-top: .25rem; }
th, td { padding: .2rem .5rem; border-bottom: 1px solid #d7dbdf; text-align: left;
  overflow-wrap: break-word; }
thead th { border-bottom: 2px solid #565d64; vertical-align: bottom; }
.figure { text-align: right; white-space: nowrap; }
thead .figure { white-space: normal; }
tfoot th, tfoot td { border-top: 2px solid #565d64; border-bottom: none; font-weight: bold; }
th { font-weight: 600; }
tbody th { font-weight: normal; }
tbody .net th, .net td { font-weight: bold; }
.part th { padding-left: 1.8rem; color: #565d64; }
.remarks li { margin: .2rem 0; }
@page { margin: 15mm; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  h2, h2 + p { break-after: avoid; }
  svg, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  .scroll { overflow: visible; }
  .bar, .below { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def html_page(printout: Printout) -> str:
    """Return the page; it is well-formed XML, has no script and asks for nothing elsewhere."""
    title, about = escape(printout.title), escape(printout.heading)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8"/>',
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
            f"<title>{title}: {about}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>{title}</h1>",
            f'<p class="about">{about}, as of {when(printout.made_at)}</p>',
            *_summary(printout),
            *(line for table in printout.tables for line in _section(table, printout.currency)),
            f"<footer>{escape(printout.footer)}</footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _summary(printout: Printout) -> Iterator[str]:
    if not printout.summary:
        return
    yield "<h2>Summary</h2>"
    yield '<div class="scroll"><table class="summary">'
    yield '<thead><tr><th scope="col"></th><th scope="col" class="figure">number</th>'
    yield '<th scope="col" class="figure">sum</th></tr></thead><tbody>'
    for words, count, amount in printout.summary:
        part = ' class="part"' if words.startswith(" ") else ' class="net"' * (words == "net")
        yield (
            f'<tr{part}><th scope="row">{escape(words.strip())}</th>'
            f'<td class="figure">{escape(count)}</td><td class="figure">{escape(amount)}</td></tr>'
        )
    yield "</tbody></table></div>"
    if printout.remarks:
        yield '<ul class="remarks">'
        yield from (f"<li>{escape(remark)}</li>" for remark in printout.remarks)
        yield "</ul>"


def _section(table: Table, currency: Currency) -> Iterator[str]:
    yield f"<h2>{table.title}</h2>"
    yield f"<p>{escape(table.sentence)}</p>"
    if not table.rows:
        return
    draw, most = (upright, UPRIGHT_MAX) if table.upright else (lying, BARS_MAX)
    if len(table.bars) > 1:
        yield draw(table.bars, currency, f"{table.title}, net. {table.sentence}")
    yield '<div class="scroll"><table>'
    yield f"<caption>{table.title}{_charted(table, most)}</caption>"
    yield f"<thead>{_row(table, tuple(c.heading for c in table.columns), currency, 'col')}</thead>"
    yield "<tbody>"
    yield from (_row(table, row, currency) for row in table.rows)
    foot = f"<tfoot>{_row(table, table.total, currency)}</tfoot>" if table.total else ""
    yield f"</tbody>{foot}</table></div>"


def _charted(table: Table, most: int) -> str:
    """Return what the chart above a table shows of it; empty where there is no chart."""
    if len(table.bars) > most:
        return (
            f"; the chart shows the net of the {'last' if table.upright else 'first'} {most} rows"
        )
    return "; the chart shows the net" if table.bars[1:] else ""


def _row(table: Table, cells: tuple[Cell, ...], currency: Currency, scope: str = "row") -> str:
    parts = []
    for place, index in enumerate(shown_columns(table)):
        tag = "th" if place == 0 or scope == "col" else "td"
        attributes = f' scope="{scope}"' if tag == "th" else ""
        attributes += ' class="figure"' if is_figure(table, index) else ""
        parts.append(f"<{tag}{attributes}>{escape(cell_text(cells[index], currency))}</{tag}>")
    return f"<tr>{''.join(parts)}</tr>"
