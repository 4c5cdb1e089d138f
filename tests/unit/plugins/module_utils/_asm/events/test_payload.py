# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The events as a rulebook gets them: their shape, their ids, and no template in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import DeniedError, ErrorResponse
from ansible_collections.huaweicloud.asm.tests.unit.extensions.eda.plugins.event_source.schemas import (
    EVENTS,
    errors,
    loaded,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.events.stage import (
    DENIED,
    GATE,
    TOKEN,
    Stage,
    item,
    stage,
)

NOT_READY = [deployment(ready=1)]


def eventful(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Stage:
    """Return a stage after a run with an event of each kind."""
    there = stage(item("a", "Creating"), item("b", "Creating"))
    there.show(25, item("a", "Running"), item("b", "Preparing"), item("c", "Running", gray=NOT_READY))
    there.show(35, item("a", "Failed"), item("b", "Preparing"), item("c", "Running"))
    there.show(45, item("a", "Failed"), item("b", "Preparing"), item("c", "Preparing"), item("d", "Creating"))
    for seconds in range(55, 300, 10):
        there.show(seconds, item("b", "Preparing"), item("c", "Preparing"), item("d", f"Creating {seconds}"))
    there.on(305, lambda: setattr(there.meshes["mesh"], "items", DENIED))
    there.show(900, item("b", "Preparing"))
    there.meshes["other"] = type(there.meshes["mesh"])([])
    there.run(monkeypatch, 1000, **GATE, stall_timeout=80, wait_timeout=200, **options)
    return there


@pytest.mark.parametrize("options", [{}, {"manifests": True}], ids=["plain", "manifests"])
def test_every_kind_of_event_has_the_shape_of_the_schema(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], tmp_path: Any
) -> None:
    there = eventful(monkeypatch, state_file=str(tmp_path / "state"), **options)
    definitions = loaded(EVENTS)["$defs"]
    kinds = [definitions[name]["properties"]["kind"] for name in ("change", "verdict", "unavailable", "available")]
    assert {kind for kind, _name in there.sent} == {
        name for each in kinds for name in each.get("enum", [each.get("const")])
    }
    for event in there.events:
        assert errors(EVENTS, event) == [], event


def test_the_schema_refuses_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    there = eventful(monkeypatch)
    for event in there.events:
        assert errors(EVENTS, {**event, "more": 1})


def test_without_a_state_file_an_event_has_no_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("meta" in event for event in eventful(monkeypatch).events)


def test_ids_are_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [event["id"] for event in eventful(monkeypatch).events]
    assert len(ids) == len(set(ids))
    assert ids[0].startswith("uid-a:phase:running:1:")


@pytest.mark.parametrize("field", ["phase", "uid"])
def test_ids_are_unique_however_long_a_text_is(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    there, odd = stage(), "\U0001f600" * 100_000
    phase, uid = (odd, "a") if field == "phase" else ("Running", odd)
    for number, each in enumerate((phase, "Creating") * 2 + (phase,)):
        there.show(25 + 10 * number, item("a", each, uid=uid))
    there.run(monkeypatch, 80)
    assert len({event["id"] for event in there.events}) == 5


@pytest.mark.parametrize(
    "text", ["{{ x }}", "{% x %}", "{# x #}", "#jinja2: x:'y'", "'\\x7b\\x7b x }}'", "$ANSIBLE_VAULT;1"]
)
def test_no_text_of_a_release_is_a_template(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    there = stage()
    hostile = item("a", text, uid=text, version=text, namespace=text, service=text, gray=[deployment(text, image=text)])
    hostile["metadata"]["name"] = text
    hostile["spec"][text] = text
    there.show(25, hostile)
    there.run(monkeypatch, 60, manifests=True, **GATE)
    assert there.sent
    shown = json.dumps(there.events)
    for opening in ("{{", "{%", "{#", "#jinja2", "$ANSIBLE_VAULT", "\\x"):
        assert opening not in shown


def test_no_text_of_a_refusal_is_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{{ x }}{% x %}{# x #}#jinja2: x:'y'"
    response = ErrorResponse(403, text, text, text, text)
    there = stage(item("a"))
    there.on(15, lambda: setattr(there.meshes["mesh"], "items", DeniedError("denied: {seen}", "", text, response)))
    there.meshes["other"] = type(there.meshes["mesh"])([])
    there.run(monkeypatch, 60)
    (event,) = (event for event in there.events if event["kind"] == "unavailable")
    assert [key for key, value in event["error"].items() if "jinja2" in str(value)] == ["code", "message", "request_id"]
    for opening in ("{{", "{%", "{#", "#jinja2"):
        assert opening not in json.dumps(event)


@pytest.mark.parametrize("manifests", [False, True])
def test_ansible_rulebook_takes_an_event_whatever_a_release_holds(
    monkeypatch: pytest.MonkeyPatch, manifests: bool
) -> None:
    odd: dict[str, Any] = {"": 1, "k" * 60_000: 1, "large": -(10**1001), "2**63": 2**63, "fits": 2**63 - 1}
    odd.update({"\U0001f525": "fix \U0001f525\u5409"})
    there, hostile = stage(), item("a")
    hostile["metadata"].update(odd)
    hostile["status"].update(more=[{"odd": odd}], **odd)
    there.show(25, hostile)
    there.run(monkeypatch, 60, manifests=manifests)
    (event,) = there.events
    for each in [event["release"]["metadata"], *([event["release"]["status"]["more"][0]["odd"]] if manifests else [])]:
        assert {"(empty)", "k" * 999 + "…"} < set(each)
        assert (each["large"], each["2**63"]) == ("-1" + 1001 * "0", str(2**63))
        assert each["fits"] == 2**63 - 1
        assert each["U+1F525"] == "fix U+1F525\u5409"


def test_env_values_need_manifests(monkeypatch: pytest.MonkeyPatch) -> None:
    with_secret = deployment()
    with_secret["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "KEY", "value": "value-of-env"}]
    shown = {}
    for manifests in (False, True):
        there = stage()
        there.show(25, item("a", gray=[with_secret]))
        there.run(monkeypatch, 60, manifests=manifests, **GATE)
        shown[manifests] = "value-of-env" in json.dumps(there.events)
    assert shown == {False: False, True: True}


def test_secrets_are_hidden_in_keys_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    there = stage()
    hostile = item("a", TOKEN, uid=f"uid-{TOKEN}", namespace=TOKEN)
    hostile["spec"][TOKEN] = TOKEN
    there.show(25, hostile)
    there.run(monkeypatch, 60, **GATE)
    assert there.sent
    assert TOKEN not in json.dumps(there.events)
