"""IAM asks for actions like `sqs:DeleteMessageBatch`, which AWS does not have.

A batch needs the permission for the single action ("Amazon SQS API permissions", SQS developer guide).
"""

import sys

import ministack.app  # noqa: F401 -- imports all who hold the function
from ministack.core import iam_actions

BATCHES = {"sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"}


def is_needed():
    headers = {"x-amz-target": "AmazonSQS.DeleteMessageBatch"}
    return ask(headers) in BATCHES


def ask(headers):
    return iam_actions.extract_iam_action("sqs", "POST", "/", headers, b"{}", {})


def apply():
    extract = iam_actions.extract_iam_action

    def extract_single(*args, **kwargs):
        action = extract(*args, **kwargs)
        return action.removesuffix("Batch") if action in BATCHES else action

    for module in list(sys.modules.values()):
        if getattr(module, "extract_iam_action", None) is extract:
            module.extract_iam_action = extract_single
