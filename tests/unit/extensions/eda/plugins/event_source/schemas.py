# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON schemas of the event source: of its arguments, as the options say it, and of its events."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.huaweicloud.asm.extensions.eda.plugins.event_source import asm_release
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import SOURCE_OPTIONS, Option
from jsonschema import Draft202012Validator

_EDA = Path(asm_release.__file__).resolve().parents[2]
ARGUMENTS = _EDA / "plugins" / "event_source" / "schemas" / "asm_release.json"
EVENTS = _EDA / "schemas" / "asm_release_event.json"

_TEXT = {"type": "string"}
_TYPES: dict[str, Any] = {
    "str": _TEXT,
    "path": _TEXT,
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "list": {"type": ["string", "array"], "items": _TEXT},
}


def loaded(path: Path) -> dict[str, Any]:
    """Return a schema of the collection, which is checked to be one."""
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return schema


def errors(path: Path, value: Any) -> list[str]:
    """Return what a schema finds wrong with a value."""
    return [each.message for each in Draft202012Validator(loaded(path)).iter_errors(value)]


def arguments_schema() -> dict[str, Any]:
    """Return the schema of the arguments that the options and their documentation make."""
    documentation = yaml.safe_load(asm_release.DOCUMENTATION)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://github.com/huaweicloud-asm/ansible-collection-asm/schemas/asm_release.json",
        "title": "ASM release source plugin",
        "description": "An ansible-rulebook event source plugin that watches grayscale releases of Huawei Cloud ASM.",
        "type": "object",
        "properties": {each.name: _property(each, documentation["options"][each.name]) for each in SOURCE_OPTIONS},
        "required": [each.name for each in SOURCE_OPTIONS if each.required],
        "additionalProperties": False,
    }


def _property(option: Option, documented: dict[str, Any]) -> dict[str, Any]:
    text = documented["description"]
    schema = {
        "title": option.name.replace("_", " ").capitalize(),
        "description": re.sub(r"\b[CEIMOV]\(([^)]*)\)", r"\1", text if isinstance(text, str) else text[0]),
        **_TYPES[option.type],
    }
    if option.choices:
        schema["enum"] = list(option.choices)
    if option.no_log:
        schema["format"] = "password"
    if option.least is not None:
        schema["minimum"] = option.least
    if option.most is not None:
        schema["maximum"] = option.most
    if option.default is not None:
        schema["default"] = option.default
    return schema
