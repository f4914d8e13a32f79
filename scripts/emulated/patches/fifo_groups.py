"""An event source mapping of a FIFO queue has one batch in flight, AWS as many as there are groups.

The emulator's queue keeps a group locked while a message of it is in flight, so batches may overlap.
"""

from ministack.services import lambda_svc

BATCHES_AT_ONCE = 60


def is_needed():
    return lambda_svc._sqs_esm_concurrency({}, {}, {}, {"is_fifo": True}) == 1


def apply():
    of_standard_queue = lambda_svc._sqs_esm_concurrency

    def concurrency(mapping, function, config, queue=None):
        if (queue or {}).get("is_fifo"):
            return BATCHES_AT_ONCE
        return of_standard_queue(mapping, function, config, queue)

    lambda_svc._sqs_esm_concurrency = concurrency
