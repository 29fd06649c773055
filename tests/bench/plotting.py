"""Small SVG plots for docs/, by gnuplot."""

import subprocess

from support import broker

PLOTS = broker.ROOT / "docs/plots"
HEAD = """set terminal svg size 640,360 font 'sans-serif,12' background '#ffffff'
set grid
"""
COLOURS = ("#1f5fa8", "#b3541e", "#3b7d3b", "#7a3b8f")


def _draw(name, script):
    drawn = subprocess.run(["gnuplot"], input=HEAD + script, text=True, check=True,
                           capture_output=True)
    # As the style test has it: neither tabs nor blanks at the end of a line.
    lines = [line.rstrip().replace("\t", " ") for line in drawn.stdout.splitlines()]
    (PLOTS / f"{name}.svg").write_text("\n".join(lines).strip() + "\n", encoding="utf-8")


def _block(name, points):
    return f"${name} << EOF\n" + "\n".join(" ".join(map(str, one)) for one in points) + "\nEOF\n"


def draw_spread(name, title, x_axis, y_axis, points):
    """Points (x, median, least, most), x logarithmic, joined, with bars."""
    shown = [[max(x, 1), *rest] for x, *rest in points]
    _draw(name, f"""set title '{title}' font ',10'
set logscale x
set xlabel '{x_axis}'
set ylabel '{y_axis}'
set yrange [0:*]
set xrange [{shown[0][0] * 0.8}:{shown[-1][0] * 1.25}]
unset key
{_block("points", shown)}
plot $points using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.6 linecolor rgb '{COLOURS[0]}'
""")


def draw_lines(name, x_axis, y_axis, lines):
    """Several lines of points (x, y), both axes logarithmic; `lines` by their titles."""
    blocks = "".join(_block(f"line{i}", points) for i, points in enumerate(lines.values()))
    drawn = ", ".join(f"$line{i} using 1:2 with linespoints pointtype 7 pointsize 0.6 "
                      f"linecolor rgb '{COLOURS[i]}' title '{title}'"
                      for i, title in enumerate(lines))
    _draw(name, f"""set logscale xy
set xlabel '{x_axis}'
set ylabel '{y_axis}'
set format y '%.0s %c'
set xtics (1, 2, 4, 8, 16, 32, 64)
set key left top
{blocks}
plot {drawn}
""")
