"""WebSocket integrations of the type `AWS` are Lambda or nothing; this stack's go to `sqs:path`.

The request template is rendered by Apache Velocity, which is what API Gateway says its templates are. What comes of it is
posted to the emulator's queue, signed with a session of the integration's role: its policy is asked like anybody's.
"""

import asyncio
import hashlib
import json
import ssl
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from os import environ

import ministack.services.apigateway as gateway
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.services import iam, sts
from ministack.services.cloudformation import provisioners

from .workers import integration_of


def is_needed():
    return "credentialsArn" not in provisioners._apigw_v2_integration_props({})


def apply():
    known_props, invoke = provisioners._apigw_v2_integration_props, gateway._invoke_ws_lambda
    provisioners._apigw_v2_integration_props = lambda props: {
        **known_props(props),
        "credentialsArn": props.get("CredentialsArn"),
    }

    async def to_queue_or_lambda(
        api_id, account_id, region, route, stage, connection_id, event_type, request_id, body, source_ip, headers, **kwargs
    ):
        integration = integration_of(api_id, route)
        if ":sqs:path/" not in integration.get("integrationUri", ""):
            return await invoke(
                api_id, account_id, region, route, stage, connection_id, event_type, request_id, body, source_ip, headers,
                **kwargs,
            )  # fmt: skip
        context = gateway._ws_request_context(
            api_id, route["routeKey"], stage, connection_id, event_type, request_id, source_ip, headers
        )
        context["authorizer"] = kwargs.get("authorizer") or {}
        if event_type == "MESSAGE":
            context["messageId"] = request_id
        if event_type == "DISCONNECT":
            context["disconnectStatusCode"] = kwargs.get("disconnect_code")
        text = body if event_type == "MESSAGE" else None
        status, answer = await asyncio.get_running_loop().run_in_executor(
            senders, send, integration, account_id, region, context, text
        )
        if status < 300:
            return {"statusCode": 200}
        gateway.logger.warning("integration of %s answered %s %s", route["routeKey"], status, answer)
        failure = {"message": "Internal server error", "connectionId": connection_id, "requestId": request_id}
        return {"statusCode": 200 if event_type == "MESSAGE" else 500, "body": json.dumps(failure)}

    gateway._invoke_ws_lambda = to_queue_or_lambda


senders = ThreadPoolExecutor(32)


def send(integration, account_id, region, context, body):
    try:
        form = velocity.render(integration["requestTemplates"]["$default"], context, body)
        headers = {
            name.removeprefix("integration.request.header."): value.strip("'")
            for name, value in integration["requestParameters"].items()
        }
        url = f"{environ['AWS_ENDPOINT_URL']}/{integration['integrationUri'].partition(':sqs:path/')[2]}"
        request = AWSRequest("POST", url, data=form.encode(), headers={**headers, "Host": f"sqs.{region}.amazonaws.com"})
        SigV4Auth(assume(integration["credentialsArn"], account_id), "sqs", region).add_auth(request)
        sent = urllib.request.Request(url, form.encode(), dict(request.headers.items()))
        with urllib.request.urlopen(sent, timeout=10, context=trusted) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except Exception as failed:  # an integration that cannot be carried out is answered, whatever the cause
        return 500, repr(failed)


trusted = ssl.create_default_context(cafile=environ["MINISTACK_SSL_CERT"])


def assume(role_arn, account_id):
    """What AssumeRole would give API Gateway, if the role trusts it."""
    name = role_arn.rpartition("/")[2]
    trust = (iam._roles.get(name) or {}).get("AssumeRolePolicyDocument")
    if "apigateway.amazonaws.com" not in urllib.parse.unquote(trust if isinstance(trust, str) else json.dumps(trust)):
        raise PermissionError(f"expected a role that apigateway.amazonaws.com may assume, got {role_arn}")
    secret = hashlib.sha256(role_arn.encode()).hexdigest()
    access_key = f"ASIA{secret[:16].upper()}"
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{account_id}:assumed-role/{name}/BackplaneAssumeRoleSession",
            "UserId": f"{name}:gateway",
            "SecretAccessKey": secret,
            "SessionToken": secret,
        },
    )
    return Credentials(access_key, secret, secret)


class Velocity:
    """scripts/velocity/Render.java behind its standard streams, one rendering at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.process = None

    def render(self, template, context, body):
        fields = [encode(template), "-" if body is None else encode(body)]
        fields += [encode(part) for pair in flatten(context) for part in pair]
        with self.lock:
            if self.process is None:
                command = json.loads(environ["NONSTICKY_VELOCITY"])
                self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            self.process.stdin.write(f"{' '.join(fields)}\n")
            answer = self.process.stdout.readline().strip()
        if answer.startswith("!"):
            raise ValueError(answer)
        return b64decode(answer).decode()


velocity = Velocity()


def flatten(levels, prefix=""):
    for name, value in levels.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", str(value)


def encode(text):
    return f":{b64encode(text.encode()).decode()}"
