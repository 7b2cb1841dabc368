"""A report as one page that can be mailed and printed: no script, no request, light and dark."""

from collections.abc import Collection, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2429; --paper: #fbfaf7; --soft: #6b757c; --line: #d8d9d4; --mark: #22637a; --warn: #8a4b12 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6e3; --paper: #171b1e; --soft: #98a2a8; --line: #353c41; --mark: #7cc0d8; --warn: #e0a66a }
}
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem; background: var(--paper); color: var(--ink) }
body { font: 1rem/1.55 system-ui, sans-serif }
h1 { font-size: 1.5rem; font-weight: 600 } h2 { font-size: 1.1rem; font-weight: 600; margin-top: 2.2rem }
p, caption, figcaption { max-width: 40rem } .soft, caption, figcaption { color: var(--soft); text-align: left; font-size: .9rem }
.promise { border-left: 4px solid var(--mark); padding: .4rem 1rem; font-size: 1.1rem } .not { border-color: var(--warn) }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; font-size: .92rem }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .9rem .3rem 0; text-align: right }
th:first-child, td:first-child { text-align: left }
figure { margin: 1rem 0 } svg { max-width: 100%; height: auto } svg text { fill: var(--soft); font-size: 12px }
.axis { stroke: var(--line); fill: none } .even { stroke: var(--soft); stroke-dasharray: 4 4 }
.curve { stroke: var(--mark); fill: none; stroke-width: 2 }
.span { stroke: var(--mark); stroke-width: 2 }
.dot { fill: var(--mark) } .rate { stroke: var(--warn); stroke-dasharray: 2 4 } details summary { cursor: pointer; color: var(--soft) }
td.words, th.words { text-align: left } tr:has(td.words) td { vertical-align: top } .worse { color: var(--warn) }
@media print { body { margin: 0; max-width: none; background: none } details { break-inside: avoid } tr { break-inside: avoid } }
"""


def framed(title: str, inside: str) -> str:
    """The whole document; `inside` is HTML."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body><main>\n{inside}\n</main></body></html>'


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[int] = (), raw: Collection[int] = ()
) -> str:
    """The first column names the row. Columns of `words` are set flush left, cells of `raw` are HTML."""
    kind = dict.fromkeys(words, ' class="words"')
    head = "".join(f'<th scope="col"{kind.get(at, "")}>{escape(each)}</th>' for at, each in enumerate(heads))

    def cell(at: int, text: str) -> str:
        return f"<td{kind.get(at, '')}>{text if at in raw else escape(text)}</td>"

    body = "".join(f"<tr>{''.join(cell(at, each) for at, each in enumerate(row))}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
