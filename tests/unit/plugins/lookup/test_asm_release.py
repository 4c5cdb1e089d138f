# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: typed options, variables apart from the call's credentials, and errors for the whole call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.utils.display import Display
from ansible_collections.huaweicloud.asm.plugins.lookup import asm_release as plugin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options import CONNECTION_OPTIONS
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import Reading, Surroundings

TOKEN = "made-up-token-4711"
OPTIONS = {"mesh_id": "mesh", "namespace": "bookinfo"}


class AnsibleValueOmittedError(AnsibleError):  # type: ignore[misc]
    """As ansible-core 2.19 and newer have it."""


class Templar:
    """Knows the values behind three templates."""

    def template(self, value: Any) -> Any:
        if value == "{{ omit }}":
            raise AnsibleValueOmittedError("omitted")
        if value == "{{ undefined }}":
            raise AnsibleError(f"undefined, beside {TOKEN}")
        return TOKEN if value == "{{ vaulted }}" else value


@dataclass
class Lookup:
    """The lookup over a `read_each` that notes what it is given."""

    failed_at: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    release_ids: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    calls: int = 0

    def read_each(
        self, parameters: dict[str, Any], release_ids: list[str], variables: dict[str, Any], surroundings: Surroundings
    ) -> list[Reading]:
        self.calls += 1
        self.parameters, self.release_ids, self.variables = parameters, release_ids, variables
        self.surroundings = surroundings
        readings: list[Reading] = []
        for release_id in release_ids:
            if release_id == self.failed_at:
                return [*readings, Reading({"failed": True, "msg": "the gate stays shut"}, ())]
            readings.append(Reading({"found": True, "phase": release_id}, ("mind the file",)))
        return readings

    def __call__(self, terms: Any, variables: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
        lookup = plugin.LookupModule(loader=None, templar=Templar())
        found: list[dict[str, Any]] = lookup.run(terms, variables, **{**OPTIONS, **options})
        return found


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> Lookup:
    prepared = Lookup()
    monkeypatch.setattr(plugin, "read_each", prepared.read_each)
    monkeypatch.setattr(Display, "warning", lambda *_arguments: None)
    return prepared


class TestTerms:
    @pytest.mark.parametrize(
        ("terms", "release_ids"),
        [
            (["a"], ["a"]),
            (["a", "b"], ["a", "b"]),
            ([["a", "b"], "c"], ["a", "b", "c"]),
            ([["a", ["b", ("c",)]]], ["a", "b", "c"]),
            ([7], ["7"]),
            (["a", "a"], ["a", "a"]),
        ],
        ids=str,
    )
    def test_are_flattened_in_order(self, lookup: Lookup, terms: Any, release_ids: list[str]) -> None:
        assert [entry["phase"] for entry in lookup(terms)] == release_ids
        assert lookup.release_ids == release_ids

    @pytest.mark.parametrize("terms", [[], [[]], [[], []]], ids=str)
    def test_are_needed(self, lookup: Lookup, terms: Any) -> None:
        with pytest.raises(AnsibleLookupError, match="no term is given"):
            lookup(terms)
        assert lookup.calls == 0

    @pytest.mark.parametrize("term", [None, {"id": "a"}, 1.5, object()], ids=lambda term: type(term).__name__)
    def test_that_are_odd_are_refused(self, lookup: Lookup, term: Any) -> None:
        with pytest.raises(AnsibleLookupError, match=f"a term is a {type(term).__name__}"):
            lookup(["a", term])
        assert lookup.calls == 0


class TestOptions:
    @pytest.mark.parametrize("name", ["stabel_for", "timeout", "release_id", "retries", "_terms", "WAIT"])
    @pytest.mark.parametrize("value", [60, None], ids=["a value", "null"])
    def test_that_are_unknown_are_refused(self, lookup: Lookup, name: str, value: Any) -> None:
        with pytest.raises(AnsibleLookupError, match=f"'{name}' is no option"):
            lookup(["a"], **{name: value})
        assert lookup.calls == 0

    def test_wantlist_is_ansibles_own(self, lookup: Lookup) -> None:
        assert lookup(["a"], wantlist=True)

    def test_are_typed_and_have_their_defaults(self, lookup: Lookup) -> None:
        lookup(["a"], wait="yes", success_phases="Running,Done", wait_timeout="60")
        assert lookup.parameters["wait"] is True
        assert lookup.parameters["success_phases"] == ["Running", "Done"]
        assert (lookup.parameters["wait_timeout"], lookup.parameters["wait_sleep"]) == (60, 10)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"wait": "perhaps"}, "wait"),
            ({"on_missing": "ignore"}, "on_missing"),
            ({"wait_timeout": "soon"}, "wait_timeout"),
            # Whether it is named depends on the ansible-core: some let the infinity through to `int`.
            ({"wait_timeout": float("inf")}, "(wait_timeout|int is infinite)"),
            ({"mesh_id": None}, "missing required arguments: mesh_id"),
        ],
        ids=str,
    )
    def test_that_are_wrong_are_refused(self, lookup: Lookup, options: dict[str, Any], said: str) -> None:
        with pytest.raises(AnsibleLookupError, match=rf"huaweicloud\.asm\.asm_release: .*{said}"):
            lookup(["a"], **options)
        assert lookup.calls == 0

    @pytest.mark.parametrize(
        "options", [{"wait": TOKEN}, {"auth_type": TOKEN}, {TOKEN: 1}], ids=["bool", "choice", "name"]
    )
    def test_a_refusal_shows_no_secret(self, lookup: Lookup, options: dict[str, Any]) -> None:
        with pytest.raises(AnsibleLookupError) as caught:
            lookup(["a"], token=TOKEN, **options)
        assert TOKEN not in str(caught.value)


class TestVariables:
    def test_are_templated(self, lookup: Lookup) -> None:
        lookup(["a"], {"huaweicloud_asm_token": "{{ vaulted }}"})
        assert lookup.variables == {"token": TOKEN}

    def test_that_hold_credentials_stay_apart_from_the_call(self, lookup: Lookup) -> None:
        lookup(["a"], {"huaweicloud_asm_access_key": "ak", "huaweicloud_asm_secret_key": "sk"}, token=TOKEN)
        assert lookup.variables == {"access_key": "ak", "secret_key": "sk"}
        assert (lookup.parameters["token"], lookup.parameters["access_key"]) == (TOKEN, None)

    def test_of_other_connection_options_join_the_call(self, lookup: Lookup) -> None:
        lookup(["a"], {"huaweicloud_asm_region": "cn-north-4", "huaweicloud_asm_validate_certs": "false"})
        assert (lookup.parameters["region"], lookup.parameters["validate_certs"]) == ("cn-north-4", False)
        assert lookup.variables == {}

    @pytest.mark.parametrize("name", ["region", "endpoint", "ca_path", "credentials_file"])
    def test_yield_to_the_call(self, lookup: Lookup, name: str) -> None:
        lookup(["a"], {f"huaweicloud_asm_{name}": "of-the-variable"}, **{name: "of-the-call"})
        assert lookup.parameters[name] == "of-the-call"

    @pytest.mark.parametrize("name", ["region", "token"])
    def test_do_not_yield_to_a_null_of_the_call(self, lookup: Lookup, name: str) -> None:
        lookup(["a"], {f"huaweicloud_asm_{name}": "of-the-variable"}, **{name: None})
        assert {**lookup.parameters, **lookup.variables}[name] == "of-the-variable"

    @pytest.mark.parametrize("name", ["wait", "success_phases", "stable_for", "on_missing", "wait_timeout", "mesh_id"])
    def test_change_no_gate_from_afar(self, lookup: Lookup, name: str) -> None:
        lookup(["a"])
        expected = lookup.parameters
        lookup(["a"], {f"huaweicloud_asm_{name}": "1"})
        assert lookup.parameters == expected

    @pytest.mark.parametrize("value", [None, "{{ omit }}", "__omit_place_holder__7"])
    def test_that_are_null_or_omitted_are_not_given(self, lookup: Lookup, value: Any) -> None:
        lookup(["a"], {"huaweicloud_asm_token": value, "omit": "__omit_place_holder__7"})
        assert lookup.variables == {}

    def test_that_cannot_be_templated_are_named_and_not_shown(self, lookup: Lookup) -> None:
        with pytest.raises(AnsibleLookupError, match="huaweicloud_asm_token cannot be templated") as caught:
            lookup(["a"], {"huaweicloud_asm_token": "{{ undefined }}"})
        assert TOKEN not in str(caught.value)

    def test_of_a_wrong_type_are_refused_without_showing_a_secret(self, lookup: Lookup) -> None:
        variables = {"huaweicloud_asm_auth_type": TOKEN, "huaweicloud_asm_token": TOKEN}
        with pytest.raises(AnsibleLookupError, match="auth_type") as caught:
            lookup(["a"], variables)
        assert TOKEN not in str(caught.value)

    def test_exist_for_every_connection_option(self, lookup: Lookup) -> None:
        values = {"auth_type": "token", "validate_certs": False}
        given = {option.name: values.get(option.name, "given") for option in CONNECTION_OPTIONS}
        lookup(["a"], {f"huaweicloud_asm_{name}": value for name, value in given.items()})
        assert {name: {**lookup.parameters, **lookup.variables}[name] for name in given} == given


class TestOutcome:
    def test_an_error_of_one_term_is_that_of_the_whole_call(self, lookup: Lookup) -> None:
        lookup.failed_at = "b"
        with pytest.raises(AnsibleLookupError, match=r"huaweicloud\.asm\.asm_release: the gate stays shut"):
            lookup(["a", "b", "c"])

    @pytest.mark.parametrize(
        ("variables", "check_mode"),
        [(None, False), ({"ansible_check_mode": False}, False), ({"ansible_check_mode": True}, True)],
    )
    def test_reads_once_in_check_mode(self, lookup: Lookup, variables: dict[str, Any] | None, check_mode: bool) -> None:
        lookup(["a"], variables)
        assert lookup.surroundings.check_mode is check_mode

    def test_warnings_are_shown(self, lookup: Lookup, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[str] = []
        monkeypatch.setattr(Display, "warning", lambda _display, warning: shown.append(warning))
        lookup(["a"])
        assert shown == ["huaweicloud.asm.asm_release: mind the file"]
