"""What ministack 1.5.33 lacks, in the order in which it is filled in."""

from . import (
    batch_permissions,
    commonjs_handlers,
    edge,
    fifo_groups,
    metric_math,
    own_connections,
    queue_integration,
    route_types,
    workers,
)

PATCHES = [
    route_types,
    metric_math,
    queue_integration,
    commonjs_handlers,
    own_connections,
    workers,
    fifo_groups,
    batch_permissions,
    edge,
]
