"""Charts as SVG: bars that lie, one row for each server. Colours come from the reader's scheme, dark or light."""

from xml.sax.saxutils import escape

WIDTH = 760
LABEL = 230
RIGHT = 170
ROW = 26
TOP = 58
BAR = 14
OURS = "cairn"

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.note { font-size: 12px; fill: #59636e }
.a { fill: #8c959f } .b { fill: #c4cad1 } .c { fill: #dfe3e8 }
.ours .a { fill: #0969da } .ours .b { fill: #6cb0f5 } .ours .c { fill: #b6dcfe }
line { stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .note { fill: #9198a1 }
.a { fill: #9198a1 } .b { fill: #656c76 } .c { fill: #3d444d }
.ours .a { fill: #4493f8 } .ours .b { fill: #316dca } .ours .c { fill: #1f4a8a }
line { stroke: #3d444d }
}
"""


def _round_up(value):
    """The next of 1, 2, 5, 10, 20, 50 … that is not less."""
    step = 1e-6
    while True:
        for factor in (1, 2, 5):
            if value <= step * factor:
                return step * factor
        step *= 10


def _ticks(most):
    step = _round_up(most / 5)
    count = int(most / step + 1e-9)
    return [step * i for i in range(count + 1)]


def _number(value):
    return f"{value:,g}"


def _legend(parts):
    """Which shade is what; grey, for each row has them in its own colour."""
    out, x = ['<g class="other">'], 8
    for css, part in zip("abc", parts):
        out.append(f'<rect class="{css}" x="{x}" y="31" width="10" height="10"/>'
                   f'<text class="note" x="{x + 15}" y="40">{escape(part)}</text>')
        x += 35 + 6.5 * len(part)
    return "".join([*out, "</g>"])


def bars(title, parts, rows, unit, source):
    """ROWS: [(name, title, [values, each at least the one before])]. The values of a row lie on each other, the first
    is the darkest; PARTS says what each is, UNIT stands at the axis, SOURCE below it."""
    most = max(values[-1] for _, _, values in rows) * 1.02
    scale = (WIDTH - LABEL - RIGHT) / most
    bottom = TOP + ROW * len(rows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 62}" role="img" '
           f'aria-label="{escape(title)}"><style>{STYLE}</style>',
           f'<text class="title" x="8" y="20">{escape(title)}</text>', _legend(parts)]
    for tick in _ticks(most):
        x = LABEL + tick * scale
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{bottom}"/>'
                   f'<text class="note" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_number(tick)}</text>')
    for i, (name, label, values) in enumerate(rows):
        out.append(_row(name, label, values, TOP + ROW * i, scale))
    out.append(f'<text class="note" x="{LABEL + (WIDTH - LABEL - RIGHT) / 2:.1f}" y="{bottom + 36}" '
               f'text-anchor="middle">{escape(unit)}</text><text class="note" x="8" y="{bottom + 54}">'
               f'{escape(source)}</text>')
    return "\n".join([*out, "</svg>", ""])


def _row(name, label, values, y, scale):
    parts = [f'<g class="{"ours" if name.startswith(OURS) else "other"}">'
             f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>']
    for css, value in reversed(list(zip("abc", values))):
        parts.append(f'<rect class="{css}" x="{LABEL}" y="{y + 4}" width="{value * scale:.1f}" height="{BAR}"/>')
    text = " / ".join(f"{value:.3g}" if value < 1000 else f"{value:,.0f}" for value in values)
    parts.append(f'<text class="note" x="{LABEL + values[-1] * scale + 6:.1f}" y="{y + 15}">{text}</text></g>')
    return "".join(parts)
