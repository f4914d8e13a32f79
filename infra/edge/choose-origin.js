import cf from "cloudfront";

/**
 * On every request of a viewer: polling stays with the HTTP API, the origin of the cache behaviour; a WebSocket goes to
 * the WebSocket API, which knows no path but its stage's, and that is the path of the origin.
 *
 * The header `Upgrade` is not shown to functions, so the query decides. A transport that comes twice, or is none, is for
 * the HTTP API, because only there a refusal has a body that says why.
 *
 * No destructuring, no optional chaining: cloudfront-js-2.0 is not all of this year's JavaScript.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/helper-functions-origin-modification.html
 */
function handler(event) {
  const request = event.request;
  if (isWebSocket(request.querystring.transport)) {
    request.uri = "/";
    cf.selectRequestOriginById("websocket");
  }
  return request;
}

function isWebSocket(transport) {
  if (!transport || transport.value !== "websocket") return false;
  return !transport.multiValue || transport.multiValue.length === 1;
}
