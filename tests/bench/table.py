# SPDX-License-Identifier: Apache-2.0
"""The results as text, as Markdown and as JSON."""
import json
import os

HEAD = ("measured", "median", "range", "n", "aim", "met")


def cells(row):
    """The columns of one row, as HEAD names them."""
    sign = "+" if row["unit"] in ("%", "points") and row["value"] > 0 else ""
    span = f"{row['low']:g} … {row['high']:g}" if row["n"] > 1 else "–"
    met = {None: "–", True: "yes", False: "**no**"}[row["met"]]
    return (row["name"], f"{sign}{row['value']:g} {row['unit']}", span, str(row["n"]),
            row["aim"] or "–", met)


def markdown(result):
    """One table, the machine above it, what was left out below it."""
    m = result["machine"]
    lines = [
        f"Measured on {result['date']}: Linux {m['kernel']} ({m['machine']}), {m['cpus']} CPUs "
        f"({m['cpu']}), {m['memory_bytes'] / 2**30:.1f} GiB, memory cgroups {m['cgroup_memory']}; "
        f"{result['pairs']} pairs" + (", --quick." if result["quick"] else "."), ""]
    lines += ["| " + " | ".join(HEAD) + " |", "|---|---:|---:|---:|---|---|"]
    lines += ["| " + " | ".join(cells(r)) + " |" for r in result["rows"]]
    if result["skipped"]:
        lines += ["", "Left out:", ""]
        lines += [f"- {s['name']}: {s['why']}" for s in result["skipped"]]
    return "\n".join(lines) + "\n"


def text(result):
    """The same for a terminal."""
    table = [HEAD] + [cells(r) for r in result["rows"]]
    width = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    lines = []
    for line in table:
        lines.append("  ".join(c.ljust(w) if i in (0, 4, 5) else c.rjust(w)
                               for i, (c, w) in enumerate(zip(line, width))).rstrip())
    lines += [f"left out: {s['name']}: {s['why']}" for s in result["skipped"]]
    return "\n".join(lines).replace("**", "") + "\n"


def save(result, build):
    """build/bench.json and build/bench.md, each replaced whole."""
    for name, content in (("bench.json", json.dumps(result, indent=1, ensure_ascii=False) + "\n"),
                          ("bench.md", markdown(result))):
        path = os.path.join(build, name)
        with open(path + ".tmp", "w", encoding="utf-8") as f:
            f.write(content)
        os.replace(path + ".tmp", path)
