"""CloudFront has no WebSockets, no `selectRequestOriginById`, and calls no origin at a host of AWS.

The emulator's own APIs have such hosts here. An upgrade goes through the function of the cache behaviour, and on to the
API of the origin that the function has chosen, under that origin's path.
"""

import ministack.app as app
import ministack.services.cloudfront as cloudfront
from ministack.core import cloudfront_js
from os import environ
from urllib.parse import parse_qs

HELPERS = """{ crypto, querystring, buffer: bufferModule,
  cloudfront: { selectRequestOriginById(id) { selectedOrigin = id; } } }"""


def is_needed():
    return "selectRequestOriginById" not in cloudfront_js._WORKER_SCRIPT


def apply():
    script = cloudfront_js._WORKER_SCRIPT
    edited = "let selectedOrigin;\n" + replace_once(
        replace_once(script, "{ crypto, querystring, buffer: bufferModule }", HELPERS),
        "let value = entry.handler(event);",
        "selectedOrigin = undefined; let value = entry.handler(event);"
        " if (value && selectedOrigin !== undefined) value.selectedOrigin = selectedOrigin;",
    )
    names = [name for name, value in vars(cloudfront_js._pool).items() if value == script]
    if len(names) != 1:
        raise LookupError(f"expected the pool to hold its script once, got {names}")
    setattr(cloudfront_js._pool, names[0], edited)

    dial = cloudfront._origin_connect_target
    cloudfront._origin_connect_target = lambda origin, viewer_is_https: (
        (environ["BIND_HOST"], int(environ["GATEWAY_PORT"]), True)
        if ".execute-api." in origin["domain_name"]
        else dial(origin, viewer_is_https)
    )
    serve = app.app

    async def serve_upgrades(scope, receive, send):
        if scope["type"] == "websocket":
            scope = await to_origin(scope)
        await serve(scope, receive, send)

    app.app = serve_upgrades


async def to_origin(scope):
    """The upgrade as the origin gets it; as it was if it is for no distribution, or for none that has the origin."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    label = app._parse_cloudfront_dataplane_host(headers.get("host", ""))
    distribution = label and cloudfront.find_distribution_for_label(label)
    if not distribution:
        return scope
    viewer = (scope.get("client") or ("127.0.0.1", 0))[0]
    config = cloudfront.parse_distribution_dataplane_config(distribution)
    behavior = cloudfront._match_behavior(config, scope["path"])
    request = {"uri": scope["path"]}
    function = behavior["functions"].get("viewer-request")
    if function:
        query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        event = cloudfront._build_function_event(
            "viewer-request", distribution["Id"], distribution["DomainName"], "upgrade", "GET", scope["path"], query, headers,
            viewer,
        )  # fmt: skip
        request = await cloudfront._run_function(function, event)
    origin = config["origins"].get(request.get("selectedOrigin", behavior["target_origin_id"]))
    if origin is None:
        return scope
    path = (origin.get("origin_path") or "") + request["uri"]
    # CloudFront appends who it hears, and API Gateway in turn: an address of CloudFront's.
    forwarded = ", ".join(filter(None, [headers.get("x-forwarded-for"), viewer, "130.176.0.1"]))
    kept = [(name, value) for name, value in scope["headers"] if name not in (b"host", b"x-forwarded-for")]
    added = [(b"host", origin["domain_name"].encode()), (b"x-forwarded-for", forwarded.encode())]
    return {**scope, "path": path, "raw_path": path.encode(), "headers": kept + added}


def replace_once(text, old, new):
    if text.count(old) != 1:
        raise LookupError(f"expected {old!r} once in the emulator's script, got it {text.count(old)} times")
    return text.replace(old, new)
