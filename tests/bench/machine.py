"""What a figure is worth depends on where it was made: machine, disk, commit, versions."""

import os
import pathlib
import platform
import subprocess
import time

from support import broker


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=broker.ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit():
    commit = _output("git", "rev-parse", "--short", "HEAD") or "unknown"
    return commit + (" with changes" if _output("git", "status", "--porcelain") else "")


def describe(data_dir):
    """Pairs of name and value for the head of a table."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    disk = _output("df", "--output=fstype", data_dir).splitlines()[-1:] or ["unknown"]
    reference = _output("dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server")
    return [("date", time.strftime("%Y-%m-%d")),
            ("commit", _commit()),
            ("machine", f"{os.cpu_count()} x {_processor()}, {pages / (1 << 30):.0f} GiB, "
                        f"Linux {platform.release()}, {disk[0]}"),
            ("RabbitMQ", reference or "not there")]
