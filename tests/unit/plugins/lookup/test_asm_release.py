# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: terms and options in, an entry for each release out, and errors for the whole call."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.huaweicloud.asm.plugins.lookup import asm_release as plugin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import CONNECTION_OPTIONS
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import Report
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    TOKEN,
)

OPTIONS = {"mesh_id": "mesh", "namespace": "bookinfo"}
MESH = ("a-canary", "b-canary")


class AnsibleValueOmittedError(AnsibleError):  # type: ignore[misc]
    """As ansible-core 2.19 and newer have it."""


class Templar:
    """Knows the values of three templates."""

    def template(self, value: Any) -> Any:
        if value == "{{ omit }}":
            raise AnsibleValueOmittedError("omitted")
        if value == "{{ undefined }}":
            raise AnsibleError(f"undefined, beside {TOKEN}")
        return TOKEN if value == "{{ vaulted }}" else value


@dataclass
class Lookup:
    """The lookup over a runner that keeps what it is given, and returns each id as the phase of its release."""

    is_failed: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    context: TaskContext = field(default_factory=TaskContext)
    calls: int = 0

    @property
    def release_ids(self) -> list[str]:
        one, several = self.parameters["release_id"], self.parameters["releases"]
        return [one] if one is not None else [each["release_id"] for each in several or ()]

    def run(
        self, parameters: dict[str, Any], context: TaskContext, _runtime: Runtime, variables: dict[str, Any]
    ) -> Report:
        self.calls += 1
        self.parameters, self.variables, self.context = parameters, variables, context
        if self.is_failed:
            return Report(({"failed": True, "msg": "the gate stays closed"},))
        results = tuple({"found": True, "phase": each} for each in self.release_ids or MESH)
        return Report(results, ("mind the file",))

    def __call__(self, terms: Any, variables: dict[str, Any] | None = None, **options: Any) -> list[str]:
        lookup = plugin.LookupModule(loader=None, templar=Templar())
        return [entry["phase"] for entry in lookup.run(terms, variables, **{**OPTIONS, **options})]


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> Lookup:
    prepared = Lookup()
    monkeypatch.setattr(plugin, "run_call", prepared.run)
    monkeypatch.setattr(Display, "warning", lambda *_arguments: None)
    return prepared


class TestTerms:
    @pytest.mark.parametrize(
        ("terms", "release_ids"),
        [
            (["a"], ["a"]),
            ([["a", ["b", ("c",)]], "d"], ["a", "b", "c", "d"]),
            (["b", "a", "b", "c", "a"], ["b", "a", "c"]),
            ([], []),
        ],
        ids=str,
    )
    def test_are_read_once_and_returned_in_their_order(
        self, lookup: Lookup, terms: Any, release_ids: list[str]
    ) -> None:
        expected = ["a", "b", "c", "d"] if len(release_ids) == 4 else terms or list(MESH)
        assert lookup(terms) == expected
        assert (lookup.release_ids, lookup.calls, lookup.context.separately) == (release_ids, 1, True)

    @pytest.mark.parametrize("terms", [[[]], [[], []], [[[]]]], ids=str)
    def test_that_are_an_empty_list_do_not_read_the_mesh(self, lookup: Lookup, terms: Any) -> None:
        with pytest.raises(AnsibleLookupError, match="the list of terms is empty"):
            lookup(terms)
        assert lookup.calls == 0

    @pytest.mark.parametrize("term", [None, {"id": "a"}, 1.5, 7, True, object()], ids=lambda each: type(each).__name__)
    @pytest.mark.parametrize("is_nested", [False, True])
    def test_that_are_not_text_are_refused(self, lookup: Lookup, term: Any, is_nested: bool) -> None:
        with pytest.raises(AnsibleLookupError, match=r"huaweicloud\.asm\.asm_release: a term is "):
            lookup(["a", [term] if is_nested else term])
        assert lookup.calls == 0

    @pytest.mark.parametrize("terms", [["a"], ["a", "b"]], ids=str)
    def test_and_a_service_exclude_each_other(self, lookup: Lookup, terms: list[str]) -> None:
        with pytest.raises(AnsibleLookupError, match="service"):
            lookup(terms, service="reviews")
        assert lookup.calls == 0


class TestOptions:
    def test_are_typed_and_have_their_defaults(self, lookup: Lookup) -> None:
        lookup(["a"], wait="yes", success_phases="Running,Done", wait_timeout="60", version=None, wantlist=True)
        assert (lookup.parameters["wait"], lookup.parameters["success_phases"]) == (True, ["Running", "Done"])
        assert (lookup.parameters["wait_timeout"], lookup.parameters["wait_sleep"]) == (60, 10)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"stabel_for": 60}, "did you mean stable_for"),
            ({"releases": ["a"]}, "releases"),
            ({"release_id": None}, "release_id"),
            ({"wait": "perhaps"}, "wait"),
            ({"namespace": None}, "namespace is null"),
            ({"service": None}, "service is null"),
            ({"version": 1.1}, "quote it"),
            ({"token": 4711}, "token is a number"),
        ],
        ids=str,
    )
    def test_that_are_wrong_are_refused(self, lookup: Lookup, options: dict[str, Any], message: str) -> None:
        with pytest.raises(AnsibleLookupError, match=rf"huaweicloud\.asm\.asm_release: .*{message}") as raised:
            lookup(["a"], **options)
        assert (lookup.calls, "4711" in str(raised.value)) == (0, False)

    @pytest.mark.parametrize(
        "options", [{"wait": TOKEN}, {"auth_type": TOKEN}, {TOKEN: 1}], ids=["bool", "choice", "name"]
    )
    def test_a_refusal_shows_no_secret(self, lookup: Lookup, options: dict[str, Any]) -> None:
        with pytest.raises(AnsibleLookupError) as raised:
            lookup(["a"], token=TOKEN, **options)
        assert TOKEN not in str(raised.value)


class TestVariables:
    @pytest.mark.parametrize(
        ("variables", "options", "credentials", "parameters"),
        [
            pytest.param({"token": "{{ vaulted }}"}, {}, {"token": TOKEN}, {}, id="templated"),
            pytest.param({"access_key": "ak"}, {"token": TOKEN}, {"access_key": "ak"}, {"token": TOKEN}, id="apart"),
            pytest.param({"region": "r", "validate_certs": "false"}, {}, {}, {"validate_certs": False}, id="joined"),
            pytest.param({"region": "other"}, {"region": "given"}, {}, {"region": "given"}, id="the call wins"),
            pytest.param({"region": "r"}, {"region": None}, {}, {"region": "r"}, id="a null of the call"),
            pytest.param(
                {"wait": True, "stable_for": 1, "mesh_id": "x"}, {}, {}, {"wait": False}, id="no gate from afar"
            ),
            pytest.param({"token": None}, {}, {}, {}, id="null"),
            pytest.param({"token": "{{ omit }}"}, {}, {}, {}, id="omitted"),
            pytest.param({"token": "__omit_place_holder__7"}, {}, {}, {}, id="omitted before 2.19"),
        ],
    )
    def test_are_used(
        self,
        lookup: Lookup,
        variables: dict[str, Any],
        options: dict[str, Any],
        credentials: dict[str, str],
        parameters: dict[str, Any],
    ) -> None:
        given = {f"huaweicloud_asm_{name}": value for name, value in variables.items()}
        lookup(["a"], {**given, "omit": "__omit_place_holder__7"}, **options)
        assert lookup.variables == credentials
        assert {name: lookup.parameters[name] for name in parameters} == parameters

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("token", "{{ undefined }}", "huaweicloud_asm_token cannot be templated"),
            ("token", 7, "huaweicloud_asm_token is a number"),
            ("region", 7, "huaweicloud_asm_region is a number"),
            ("auth_type", TOKEN, "auth_type"),
        ],
    )
    def test_that_are_wrong_are_refused_without_a_secret(
        self, lookup: Lookup, name: str, value: Any, message: str
    ) -> None:
        with pytest.raises(AnsibleLookupError, match=message) as raised:
            lookup(["a"], {"huaweicloud_asm_password": TOKEN, f"huaweicloud_asm_{name}": value})
        assert (lookup.calls, TOKEN in str(raised.value)) == (0, False)

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({"huaweicloud_asm_endpoint": "any"}, "huaweicloud_asm_endpoint is a fact"),
            ({"omit": "any"}, "omit is a fact"),
            ({"ansible_facts": {}}, "huaweicloud_asm_endpoint may be a fact"),
        ],
        ids=str,
    )
    def test_that_are_facts_are_refused(self, lookup: Lookup, facts: dict[str, Any], message: str) -> None:
        with pytest.raises(AnsibleLookupError, match=message):
            lookup(["a"], {"huaweicloud_asm_endpoint": wrap_var("any"), "ansible_facts": facts})
        assert lookup.calls == 0

    @pytest.mark.parametrize(("wait", "is_check_mode", "calls"), [(True, True, 0), (True, False, 1), (False, True, 1)])
    @pytest.mark.parametrize("facts", [{"check_mode": "any"}, {"ansible_facts": {}}], ids=str)
    def test_no_fact_makes_a_check_mode_of_a_wait(
        self, lookup: Lookup, facts: dict[str, Any], wait: bool, is_check_mode: bool, calls: int
    ) -> None:
        options = {"success_phases": ["Running"]} if wait else {}
        with nullcontext() if calls else pytest.raises(AnsibleLookupError, match="ansible_check_mode"):
            lookup(["a"], {"ansible_check_mode": is_check_mode, "ansible_facts": facts}, wait=wait, **options)
        assert lookup.calls == calls

    def test_that_are_facts_do_not_matter_if_the_call_has_the_option(self, lookup: Lookup) -> None:
        fact = {"huaweicloud_asm_endpoint": "https://elsewhere.example"}
        variables = {**fact, "ansible_facts": fact}

        lookup(["a"], variables, endpoint="https://asm.example")
        assert lookup.parameters["endpoint"] == "https://asm.example"

    def test_exist_for_every_connection_option(self, lookup: Lookup) -> None:
        values = {"auth_type": "token", "validate_certs": False}
        given = {option.name: values.get(option.name, "given") for option in CONNECTION_OPTIONS}
        lookup(["a"], {f"huaweicloud_asm_{name}": value for name, value in given.items()})
        assert {name: {**lookup.parameters, **lookup.variables}[name] for name in given} == given


@pytest.mark.parametrize("check_mode", [None, False, True])
def test_check_mode_is_handed_on(lookup: Lookup, check_mode: bool | None) -> None:
    lookup(["a"], {} if check_mode is None else {"ansible_check_mode": check_mode})
    assert (lookup.context.check_mode, lookup.context.show) == (bool(check_mode), None)


@pytest.mark.parametrize("terms", [["a"], ["a", "b", "c"], []], ids=str)
def test_a_failure_is_raised_for_the_whole_call(lookup: Lookup, terms: list[str]) -> None:
    lookup.is_failed = True
    with pytest.raises(AnsibleLookupError, match=r"huaweicloud\.asm\.asm_release: the gate stays closed"):
        lookup(terms)


def test_warnings_are_shown(lookup: Lookup, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _display, warning: shown.append(warning))
    lookup(["a"])
    assert shown == ["huaweicloud.asm.asm_release: mind the file"]
