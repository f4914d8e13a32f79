"""CloudFormation makes no deployments, route responses and integration responses of WebSocket APIs.

The emulator has them in its API, without a resource type. `Ref` of a route is its id on AWS, `{api}/{route}` here.
"""

import json

import ministack.services.apigateway as gateway
from ministack.services.cloudformation import provisioners


def is_needed():
    return "AWS::ApiGatewayV2::RouteResponse" not in handlers()


def apply():
    handlers()["AWS::ApiGatewayV2::Deployment"] = resource(
        "deploymentId",
        lambda props: gateway._create_deployment(props["ApiId"], to_api(props)),
        lambda physical_id, props: gateway._delete_deployment(props["ApiId"], physical_id),
    )
    handlers()["AWS::ApiGatewayV2::RouteResponse"] = resource(
        "routeResponseId",
        lambda props: gateway._create_route_response(props["ApiId"], route_id(props), to_api(props)),
        lambda physical_id, props: gateway._delete_route_response(props["ApiId"], route_id(props), physical_id),
    )
    handlers()["AWS::ApiGatewayV2::IntegrationResponse"] = resource(
        "integrationResponseId",
        lambda props: gateway._create_integration_response(props["ApiId"], props["IntegrationId"], to_api(props)),
        lambda physical_id, props: gateway._delete_integration_response(
            props["ApiId"], props["IntegrationId"], physical_id
        ),
    )


def handlers():
    return provisioners._RESOURCE_HANDLERS


def resource(id_name, create, delete):
    def make(_logical_id, props, _stack_name):
        status, _headers, body = create(props)[:3]
        if status >= 400:
            raise ValueError(f"expected the API to create it, got {status} {body!r}")
        physical_id = json.loads(body)[id_name]
        return physical_id, {id_name[0].upper() + id_name[1:]: physical_id}

    return {"create": make, "delete": lambda physical_id, props: delete(physical_id, props)}


def to_api(props):
    """Properties of CloudFormation are those of the API, with a capital."""
    return {name[0].lower() + name[1:]: value for name, value in props.items()}


def route_id(props):
    return props["RouteId"].rpartition("/")[2]
