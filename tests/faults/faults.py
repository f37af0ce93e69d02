"""All faults, in the order in which the suite goes through them."""

from collections.abc import Callable

from tests.faults import breakages, clock, disk, hosts

Fault = Callable[[breakages.Site], None]
FAULTS: tuple[Fault, ...] = (
    breakages.worker_killed,
    breakages.worker_child_killed,
    breakages.web_killed,
    breakages.web_killed_whole,
    breakages.broker_killed,
    breakages.broker_restarted,
    breakages.broker_emptied,
    breakages.messages_lost,
    breakages.messages_doubled,
    breakages.two_beats,
    breakages.model_altered,
    breakages.model_missing,
    breakages.backends_terminated,
    breakages.database_stopped,
    hosts.host_cut_off,
    clock.clock_jumps,
    disk.pictures_disk_full,
    disk.disk_full,
)
