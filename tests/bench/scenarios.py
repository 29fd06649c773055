"""The scenarios of ./dev bench: what `ternmq perf` is told, which figures count, and what is asked.

A scenario's `flags` are those for ten seconds; a runner may shorten them. `durable` ones are run
against each kind of durable queue that RabbitMQ has, of which the best counts.
"""

import dataclasses

PERSISTENT = "--persistent --durable"
MANUAL = "--prefetch 300 --ack-every 50"

# How the reference's queues are made; the first one is for what is not durable.
VARIANTS = {
    "classic": "",
    "classic v2": "--queue-argument x-queue-version=2",
    "quorum": "--queue-argument x-queue-type=quorum",
}


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    what: str
    perf: str
    flags: str
    figure: str  # the key of the result that is compared
    unit: str = "/s"
    durable: bool = False
    lower_is_better: bool = False
    seconds: float = 10  # 0: the run ends by itself
    warmup: float = 1
    cpu: str = "whole_broker_cpu_us_per_message"  # the key of the broker's CPU time
    cpu_share: int = 1  # that many deliveries per message
    also: tuple = ()  # further keys for the table
    fresh: bool = False  # a broker that has done nothing before
    reference_flags: str = ""  # what makes the run shorter for a slower broker, later flags count
    ratio_min: float = 0  # at least so many times the reference
    cpu_max: float = 0
    quick: bool = False


SCENARIOS = [
    Scenario("S1", "transient, 16 B, auto-ack, one producer, one consumer", "throughput",
             "--size 16 --auto-ack", "whole_rate", ratio_min=18, cpu_max=0.6, quick=True),
    Scenario("S2", "the same with 1 KiB", "throughput", "--size 1024 --auto-ack", "whole_rate",
             ratio_min=9, cpu_max=1.3),
    Scenario("S3", "persistent, 1 KiB, confirm window 1000, publish only", "throughput",
             f"--size 1024 {PERSISTENT} --confirm 1000 --consumers 0", "confirm_rate",
             durable=True, also=("confirm_us.p50", "confirm_us.p99"), ratio_min=10, cpu_max=2.2),
    Scenario("S3-w1", "the same, window 1", "throughput",
             f"--size 1024 {PERSISTENT} --confirm 1 --consumers 0", "confirm_rate", durable=True,
             also=("confirm_us.p50", "confirm_us.p99")),
    Scenario("S3-w10k", "the same, window 10,000", "throughput",
             f"--size 1024 {PERSISTENT} --confirm 10000 --consumers 0", "confirm_rate",
             durable=True),
    Scenario("S3-16p", "the same, 16 producers, window 1000", "throughput",
             f"--size 1024 {PERSISTENT} --producers 16 --confirm 1000 --consumers 0",
             "confirm_rate", durable=True),
    Scenario("S4", "persistent, 1 KiB, confirms, manual ack, end to end", "throughput",
             f"--size 1024 {PERSISTENT} --confirm 1000 {MANUAL}", "whole_rate", durable=True,
             also=("end_to_end_us.p50", "end_to_end_us.p99"), ratio_min=10, cpu_max=3.2,
             quick=True),
    Scenario("S5", "fan-out to 10 queues, 100 B; deliveries", "fanout",
             "--size 100 --queues 10 --consumers 2 --auto-ack", "whole_rate", cpu_share=10,
             ratio_min=20, cpu_max=0.45),
    Scenario("S6-1", "topic exchange, its one binding matches, 100 B", "routing",
             "--size 100 --exchange topic --bindings 0 --auto-ack", "whole_rate"),
    Scenario("S6-10k", "the same with 10,000 bindings that do not match", "routing",
             "--size 100 --exchange topic --bindings 10000 --auto-ack", "whole_rate",
             ratio_min=130, cpu_max=0.8, quick=True),
    Scenario("S6h-1k", "headers exchange, 1,000 bindings that do not match", "routing",
             "--size 100 --exchange headers --bindings 1000 --auto-ack", "whole_rate",
             ratio_min=200, cpu_max=2),
    Scenario("S7-transient", "5,000/s, transient, 100 B: end to end", "latency",
             "--size 100 --rate 5000 --auto-ack", "end_to_end_us.p50", unit="us",
             lower_is_better=True, also=("end_to_end_us.p99", "end_to_end_us.p99.9"),
             ratio_min=1),
    Scenario("S7-persistent", "5,000/s, persistent, 100 B: confirms", "latency",
             f"--size 100 {PERSISTENT} --rate 5000 --confirm 5000 --prefetch 300 --ack-every 10",
             "confirm_us.p50", unit="us", durable=True, lower_is_better=True,
             also=("confirm_us.p99", "confirm_us.p99.9", "end_to_end_us.p50",
                   "end_to_end_us.p99"), ratio_min=1, quick=True),
    Scenario("S8", "backlog of 2 M persistent messages of 100 B: drain", "backlog",
             f"--size 100 {PERSISTENT} --count 2000000 --prefetch 1000 --ack-every 100",
             "drain_rate", durable=True, seconds=0, cpu="drain_broker_cpu_us_per_message",
             also=("fill_rate", "fill_broker_cpu_us_per_message", "resident_mb_with_backlog"),
             reference_flags="--count 200000"),
    Scenario("S9", "persistent, 16 KiB, confirm window 200, end to end", "throughput",
             f"--size 16384 {PERSISTENT} --confirm 200 --prefetch 100 --ack-every 20",
             "whole_rate", durable=True, also=("whole_mb_per_second",), ratio_min=3, cpu_max=25),
    Scenario("S10", "5,000 idle connections: memory of each", "connections",
             "--count 5000 --at-once 4 --hold 5", "resident_kib_per_connection", unit="KiB",
             lower_is_better=True, seconds=0, cpu="broker_cpu_us_per_connection",
             also=("connections_per_second", "idle_broker_cores"), fresh=True),
    Scenario("S11", "10,000 durable queues, pipelined: declarations", "queues",
             "--count 10000 --pipeline 100 --hold 5", "declarations_per_second", durable=True,
             seconds=0, cpu="broker_cpu_us_per_declaration",
             also=("resident_kib_per_queue", "deletions_per_second"), fresh=True,
             reference_flags="--count 1000"),
    Scenario("S12-transient", "4 producers, 4 consumers, 4 queues, 100 B, auto-ack", "throughput",
             "--size 100 --producers 4 --consumers 4 --queues 4 --auto-ack", "whole_rate",
             ratio_min=18, cpu_max=0.8),
    Scenario("S12-persistent", "the same, persistent, 1 KiB, confirms, manual ack", "throughput",
             f"--size 1024 {PERSISTENT} --producers 4 --consumers 4 --queues 4 --confirm 1000 "
             f"{MANUAL}", "whole_rate", durable=True, ratio_min=10, cpu_max=3.5),
    Scenario("S13", "connect, publish, disconnect: cycles", "churn", "--at-once 4 --size 100",
             "cycles_per_second", warmup=0, cpu="broker_cpu_us_per_cycle",
             also=("cycle_us.p50", "cycle_us.p99"), ratio_min=8),
    Scenario("S13-confirm", "the same with one confirmed persistent message", "churn",
             f"--at-once 4 --size 100 {PERSISTENT} --confirm 1", "cycles_per_second",
             durable=True, warmup=0, cpu="broker_cpu_us_per_cycle",
             also=("cycle_us.p50", "cycle_us.p99"), ratio_min=5),
    Scenario("S14-clean", "restart with 1 M persistent messages: first delivery", "restart",
             "--count 1000000", "first_delivery_ms", unit="ms", durable=True,
             lower_is_better=True, seconds=0, cpu="", also=("accept_ms",), fresh=True,
             reference_flags="--count 200000"),
    Scenario("S14-killed", "the same after kill -9", "restart", "--count 1000000",
             "first_delivery_ms", unit="ms", durable=True, lower_is_better=True, seconds=0,
             cpu="", also=("accept_ms",), fresh=True, reference_flags="--count 200000"),
]
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def value(result, key):
    """The figure `confirm_us.p99.9` of a result; nothing if it is not there."""
    found = result.get(key)
    if found is None and "." in key:
        name, _, rest = key.partition(".")
        inner = result.get(name)
        found = inner.get(rest) if isinstance(inner, dict) else None
    return found
