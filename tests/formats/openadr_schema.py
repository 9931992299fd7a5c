"""The event object of OpenADR 3 as a JSON schema: the requirements of its OpenAPI document, in our words.

Versions 3.0.1 and 3.1.0 differ in `targets` only: named values with a type, or names.
"""

from __future__ import annotations

from typing import Any

NAME = {"type": "string", "minLength": 1, "maxLength": 128}
DATE_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
DURATION = {
    "type": "string",
    "pattern": r"^-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+[DW])?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$",
}
PERIOD = {
    "type": "object",
    "required": ["start"],
    "properties": {"start": DATE_TIME, "duration": DURATION, "randomizeStart": DURATION},
    "additionalProperties": False,
}
ONE_NUMBER = {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "number"}}
ONE_SIZE = {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "number", "minimum": 0}}
PAYLOADS = {  # the enumeration of payload types, as far as a market needs it
    "PRICE": ONE_NUMBER,
    "EXPORT_PRICE": ONE_NUMBER,
    "IMPORT_CAPACITY_LIMIT": ONE_SIZE,
    "EXPORT_CAPACITY_LIMIT": ONE_SIZE,
}
VALUES = {
    "oneOf": [
        {
            "type": "object",
            "required": ["type", "values"],
            "properties": {"type": {"const": kind}, "values": values},
            "additionalProperties": False,
        }
        for kind, values in PAYLOADS.items()
    ]
}
TARGETS = {
    "3.0": {
        "type": "object",
        "required": ["type", "values"],
        "properties": {
            "type": {"enum": [
                "POWER_SERVICE_LOCATION", "SERVICE_AREA", "GROUP", "RESOURCE_NAME", "VEN_NAME", "EVENT_NAME",
                "PROGRAM_NAME",
            ]},
            "values": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        },
        "additionalProperties": False,
    },
    "3.1": NAME,
}  # fmt: skip
DESCRIPTOR = {
    "type": "object",
    "required": ["payloadType"],
    "properties": {
        "objectType": {"const": "EVENT_PAYLOAD_DESCRIPTOR"},
        "payloadType": {"enum": list(PAYLOADS)},
        "units": {"enum": ["KWH", "KW", "KVAH", "KVARH", "KVA", "KVAR"]},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    "additionalProperties": False,
}
INTERVAL = {
    "type": "object",
    "required": ["id", "payloads"],
    "properties": {
        "id": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
        "intervalPeriod": PERIOD,
        "payloads": {"type": "array", "items": VALUES},
    },
    "additionalProperties": False,
}


def event_schema(version: str) -> dict[str, Any]:
    """What an event must be in a version."""
    return {
        "type": "object",
        "required": ["programID", "intervals"],
        "properties": {
            "objectType": {"const": "EVENT"},
            "programID": {"type": "string", "pattern": "^[a-zA-Z0-9_-]*$", "minLength": 1, "maxLength": 128},
            "eventName": {"type": "string"},
            "priority": {"type": "integer", "minimum": 0},
            "targets": {"type": "array", "items": TARGETS[version]},
            "payloadDescriptors": {"type": "array", "items": DESCRIPTOR},
            "intervalPeriod": PERIOD,
            "intervals": {"type": "array", "minItems": 1, "items": INTERVAL},
        },
        "additionalProperties": False,
    }
