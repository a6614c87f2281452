"""Results as tables, as charts, and in the documentation between the marks that are there for them."""

import json
import os
import re

from lib import chart, servers

README = os.path.join(servers.ROOT, "README.md")
DOCS = os.path.join(servers.ROOT, "docs", "performance.md")
CHARTS = os.path.join(servers.ROOT, "docs", "charts")
RESULTS = os.path.join(servers.BUILD, "results.json")


def save(results, path=RESULTS):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
        file.write("\n")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def number(value, digits=None):
    if value is None:
        return "-"
    if digits is None:
        digits = 0 if abs(value) >= 100 else 2
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def _get(server, load_name, key, digits=None, spread=False):
    found = server.get("loads", {}).get(load_name, {}).get(key)
    if not found:
        return "-"
    text = number(found["median"], digits)
    if spread:
        text += f" ({number(found['min'], digits)}-{number(found['max'], digits)})"
    return text


def _title(server):
    return f"{server['title']} {server['version']}".strip()


def _allocations(server):
    made = server["counts"].get("allocations")
    if made is None:
        return "-"
    return number(made, 0 if made < 0.005 else 1) + \
        (f" ({number(server['counts']['allocated_bytes'], 0)} B)" if made >= 0.005 else "")


COUNTS = [
    ("server", _title),
    ("user instructions a request", lambda s: number(s["counts"].get("instructions"), 0)),
    ("allocations a request", _allocations),
    ("system calls a request", lambda s: number(s["counts"].get("system_calls"), 2)),
    ("bytes an idle connection", lambda s: number(s["counts"].get("idle_bytes"), 0)),
]

CPU = [
    ("server", _title),
    ("CPU a request, times the floor", lambda s: _get(s, "64", "ratio", 2, True)),
    ("CPU us a request", lambda s: _get(s, "64", "cpu_us", 2)),
    ("user us", lambda s: _get(s, "64", "user_us", 2)),
    ("16 pipelined: times the floor", lambda s: _get(s, "pipelined", "ratio", 2, True)),
    ("CPU us", lambda s: _get(s, "pipelined", "cpu_us", 2)),
    ("req/s", lambda s: _get(s, "pipelined", "req_s", 0)),
]


def _latency(load_name):
    return lambda s: _get(s, load_name, "p50_us", 0) + " / " + _get(s, load_name, "p99_us", 0)


LATENCY = [
    ("server", _title),
    ("1: req/s", lambda s: _get(s, "1", "req_s", 0)),
    ("1: p50 / p99 us", _latency("1")),
    ("64: req/s", lambda s: _get(s, "64", "req_s", 0)),
    ("64: p50 / p99 us", _latency("64")),
    ("512: req/s", lambda s: _get(s, "512", "req_s", 0)),
    ("512: p50 / p99 us", _latency("512")),
]


# For who reads no further.
SHORT = [
    ("server", _title),
    ("CPU a request, times the floor", lambda s: _get(s, "64", "ratio", 2)),
    ("the same, 16 pipelined", lambda s: _get(s, "pipelined", "ratio", 2)),
    ("p99 us", lambda s: _get(s, "64", "p99_us", 0)),
    ("user instructions", lambda s: number(s["counts"].get("instructions"), 0)),
    ("allocations", _allocations),
    ("bytes an idle connection", lambda s: number(s["counts"].get("idle_bytes"), 0)),
]


def table(columns, rows):
    lines = ["| " + " | ".join(name for name, _ in columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell(row)) for _, cell in columns) + " |" for row in rows]
    return "\n".join(lines)


def plain(columns, rows):
    """The same for a terminal."""
    cells = [[name for name, _ in columns]] + [[str(cell(row)) for _, cell in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join("  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:])])
                     for line in cells)


def _rows(results, part):
    return [s for s in results["servers"].values() if s.get(part)]


def show(results):
    counted, timed = _rows(results, "counts"), _rows(results, "loads")
    for columns, rows in ((COUNTS, counted), (CPU, timed), (LATENCY, timed)):
        if rows:
            print("\n" + plain(columns, rows))
    disturbed = sum(load["disturbed"] for s in timed for load in s["loads"].values())
    if disturbed:
        print(f"\n{disturbed} of {sum(load['samples'] for s in timed for load in s['loads'].values())} samples were "
              "disturbed by other processes; where all of a figure were, trust the ratio at most.")


def origin(results):
    """When, where and by what the results were measured."""
    m = results["machine"]
    versions = ", ".join(f"{name} {value}" for name, value in m["versions"].items() if value)
    return f"{m['date']}: {m['cpus']} CPUs of {m['cpu']}, Linux {m['kernel']}; {versions}. `{results['command']}`"


def _skipped(results):
    names = ", ".join(f"{name} ({why})" for name, why in results["skipped"].items())
    return f"\n\nLeft out: {names}." if names else ""


def _charts(results):
    """The charts that the results have data for: {file: (title, svg)}."""
    timed = [(name, s) for name, s in results["servers"].items() if "64" in s.get("loads", {})]
    if not timed:
        return {}
    cpu = [(n, s["title"], [s["loads"]["64"]["user_us"]["median"], s["loads"]["64"]["cpu_us"]["median"]])
           for n, s in timed]
    latency = [(n, s["title"], [s["loads"]["64"][key]["median"] for key in ("p50_us", "p90_us", "p99_us")])
               for n, s in timed]
    source = f"{results['machine']['date']}, {results['machine']['cpu']}, {results['command']}"
    return {
        name: (title, chart.bars(title, parts, rows, "microseconds; less is better", source))
        for name, title, parts, rows in (
            ("cpu.svg", "CPU for a request, 64 connections",
             ("of the program itself", "with the kernel's part"), cpu),
            ("latency.svg", "Latency, 64 connections, as fast as one core asks",
             ("median", "90th percentile", "99th percentile"), latency),
        )
    }


def replace(path, mark, body):
    """Puts BODY between the marks of that name in the file at PATH."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    pattern = re.compile(rf"(<!-- bench: {mark} -->\n).*?(<!-- /bench -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"bench: {os.path.relpath(path)} has no <!-- bench: {mark} -->")
    with open(path, "w", encoding="utf-8") as file:
        file.write(pattern.sub(lambda m: m.group(1) + body + "\n" + m.group(2), text))


def write_docs(results):
    counted, timed = _rows(results, "counts"), _rows(results, "loads")
    note = origin(results) + _skipped(results)
    written = ["docs/performance.md"]
    if counted:
        replace(DOCS, "counts", table(COUNTS, counted) + "\n\n" + note)
    if timed:
        charts = _charts(results)
        images = "".join(f"![{title}](charts/{name})\n" for name, (title, _) in charts.items())
        replace(DOCS, "times", "\n".join([images, table(CPU, timed), "", table(LATENCY, timed), "", note]))
        os.makedirs(CHARTS, exist_ok=True)
        for name, (_, svg) in charts.items():
            with open(os.path.join(CHARTS, name), "w", encoding="utf-8") as file:
                file.write(svg)
            written.append("docs/charts/" + name)
    if counted and timed:
        replace(README, "short", table(SHORT, timed) + "\n\n" + origin(results))
        written.append("README.md")
    print(f"written: {', '.join(written)}")
