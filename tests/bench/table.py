"""From results to the table for people, in Markdown."""

import statistics

from scenarios import value


def number(figure):
    """1234567 as 1.23 M."""
    if figure is None:
        return "-"
    for scale, suffix in ((1e6, " M"), (1e3, " k")):
        if abs(figure) >= 10 * scale or (scale == 1e6 and abs(figure) >= scale):
            return f"{figure / scale:.3g}{suffix}"
    return f"{figure:.0f}" if abs(figure) >= 1000 else f"{figure:.3g}"


def median(results, key):
    found = [value(result, key) for result in results if value(result, key) is not None]
    return statistics.median(found) if found else None


def spread(results, key):
    """Median, with the least and the most if there are several."""
    found = [value(result, key) for result in results if value(result, key) is not None]
    if not found:
        return "-"
    text = number(statistics.median(found))
    return f"{text} ({number(min(found))} to {number(max(found))})" if len(found) > 1 else text


def best_variant(scenario, results):
    """The variant of the reference that does best, and its results."""
    by_variant = {}
    for result in results:
        by_variant.setdefault(result["variant"], []).append(result)
    judged = {variant: figure for variant, runs in by_variant.items()
              if (figure := median(runs, scenario.figure)) is not None}
    if not judged:
        return None, []
    pick = min if scenario.lower_is_better else max
    best = pick(judged, key=judged.get)
    return best, by_variant[best]


def row(scenario, results):
    mine = [one for one in results if one["bench"] == scenario.name]
    ours = [one for one in mine if one["broker"] == "ternmq"]
    variant, theirs = best_variant(scenario, [one for one in mine if one["broker"] != "ternmq"])
    our_figure, their_figure = median(ours, scenario.figure), median(theirs, scenario.figure)
    ratio = "-"
    if our_figure and their_figure:
        times = their_figure / our_figure if scenario.lower_is_better else our_figure / their_figure
        ratio = f"{times:.1f}"
    asked = f"{scenario.ratio_min:g}" if scenario.ratio_min else "-"

    def cpu(runs):
        figure = median(runs, scenario.cpu)
        return number(figure / scenario.cpu_share) if figure is not None else "-"

    return [f"**{scenario.name}** {scenario.what}",
            f"{spread(ours, scenario.figure)} {scenario.unit}",
            f"{spread(theirs, scenario.figure)} {scenario.unit}, {variant}" if theirs else "-",
            ratio, asked, cpu(ours), f"{scenario.cpu_max:g}" if scenario.cpu_max else "-",
            cpu(theirs)]


def further(scenario, results):
    """Lines for the figures that have no column."""
    for broker in ("ternmq", "rabbitmq"):
        mine = [one for one in results if one["bench"] == scenario.name and
                one["broker"] == broker]
        variant = ""
        if broker != "ternmq":
            variant, mine = best_variant(scenario, mine)
        cells = [f"{key} {spread(mine, key)}" for key in scenario.also
                 if median(mine, key) is not None]
        if cells:
            yield [scenario.name, f"{broker} {variant}".strip(), "; ".join(cells)]


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join(lines)


def faults(results):
    """What must be zero everywhere, said once."""
    keys = ("lost", "duplicated", "out_of_order", "corrupt", "failed", "wrong_confirms")
    found = [f"{one['bench']} {one['broker']} {one['variant']}: {key} {one[key]}"
             for one in results for key in keys if one.get(key)]
    found += [f"{one['bench']} {one['broker']} {one['variant']}: {one['error']}"
              for one in results if "error" in one]
    return "\n".join(["Faults:", ""] + [f"- {line}" for line in found]) if found else \
        "Nothing was lost, duplicated, out of order or corrupt in any run."


def limits(results):
    rows = []
    for one in results:
        if one["bench"] != "limits" or "sink_per_second" not in one:
            continue
        rows.append([f"{one['size']} B", number(one["sink_per_second"]) + "/s",
                     number(one["relay_per_second"]) + "/s",
                     *(f"{number(value(one, f'log_{kind}_4kib_sync_us.p50'))} us, "
                       f"{number(one[f'log_{kind}_1024kib_mb_per_second'])} MB/s"
                       for kind in ("appending", "prewritten"))])
    return markdown(["message", "loopback, to a sink", "loopback, through a relay",
                     "log, appending: sync of 4 KiB, 1 MiB blocks", "log, prewritten"], rows)


def render(scenarios, results, machine):
    """The whole text."""
    disturbed = sum(bool(one.get("disturbed")) for one in results)
    parts = ["\n".join(f"- {name}: {text}" for name, text in machine)]
    if disturbed:
        parts.append(f"{disturbed} runs were disturbed by other programs on the machine.")
    parts.append(markdown(
        ["scenario", "TernMQ", "RabbitMQ", "ratio", "asked", "CPU us", "at most", "RabbitMQ's"],
        [row(scenario, results) for scenario in scenarios]))
    more = [line for scenario in scenarios for line in further(scenario, results)]
    if more:
        parts.append(markdown(["scenario", "broker", "further figures"], more))
    parts += [faults(results), limits(results)]
    return "\n\n".join(parts) + "\n"


def write_into(path, name, text):
    """Replaces what is between the marks <!-- NAME --> and <!-- end of NAME --> of a page."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    page = path.read_text(encoding="utf-8")
    head, found, rest = page.partition(begin)
    if not found or end not in rest:
        raise RuntimeError(f"{path} has no marks {begin.strip()} and {end}")
    path.write_text(head + begin + "\n" + text + "\n" + end + rest.partition(end)[2],
                    encoding="utf-8")
