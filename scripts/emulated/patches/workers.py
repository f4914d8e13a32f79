"""A WebSocket's Lambda calls share one process, and each is awaited before the next frame is read.

AWS reads on, and runs as many instances as there are calls. Only `ordering: direct` has such calls for frames.
"""

import asyncio
import inspect

import ministack.core.lambda_runtime as runtime
import ministack.services.apigateway as gateway


def is_needed():
    return "get_or_create_worker(" in inspect.getsource(gateway._invoke_ws_lambda)


def apply():
    runtime.get_or_create_worker = lambda *args, **kwargs: LeasedWorker(args, kwargs)
    invoke = gateway._invoke_ws_lambda

    async def without_waiting(api_id, account_id, region, route, stage, connection_id, event_type, *args, **kwargs):
        call = invoke(api_id, account_id, region, route, stage, connection_id, event_type, *args, **kwargs)
        if event_type != "MESSAGE" or integration_of(api_id, route).get("integrationType") != "AWS_PROXY":
            return await call
        running.add(task := asyncio.ensure_future(call))
        task.add_done_callback(running.discard)
        return None

    gateway._invoke_ws_lambda = without_waiting


running = set()


def integration_of(api_id, route):
    integration_id = route.get("target", "").rpartition("/")[2]
    return gateway._integrations.get(api_id, {}).get(integration_id) or {}


class LeasedWorker:
    """One call's own instance: a warm one that is free, or a new one."""

    def __init__(self, args, kwargs):
        self.args, self.kwargs = args, kwargs

    def invoke(self, *args, **kwargs):
        worker, _reason = runtime.acquire_worker(*self.args, **self.kwargs)
        try:
            return worker.invoke(*args, **kwargs)
        finally:
            runtime.release_worker(worker)
