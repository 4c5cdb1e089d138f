# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: typed options, variables apart from the call's credentials, and errors for the whole call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.utils.display import Display
from ansible_collections.huaweicloud.asm.plugins.lookup import asm_release as plugin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import session
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    parse,
    with_defaults,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import Reading
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Surroundings
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    CONNECTION,
    KEYS,
    TOKEN,
    Stage,
    item,
    listed,
)

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


SELECTED = ("a-canary", "b-canary")


@dataclass
class Lookup:
    """The lookup over a `read_apart` that notes what it is given, and gives each id as the phase of its release."""

    failed: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    calls: int = 0

    @property
    def release_ids(self) -> list[str]:
        """Return the ids that were asked for."""
        one, several = self.parameters["release_id"], self.parameters["releases"]
        return [one] if one is not None else [each["release_id"] for each in several or ()]

    def read_apart(self, parameters: dict[str, Any], variables: dict[str, Any], surroundings: Surroundings) -> Reading:
        self.calls += 1
        self.parameters, self.variables, self.surroundings = parameters, variables, surroundings
        if self.failed:
            return Reading(({"failed": True, "msg": "the gate stays shut"},))
        results = tuple({"found": True, "phase": each} for each in self.release_ids or SELECTED)
        return Reading(results, ("mind the file",))

    def __call__(self, terms: Any, variables: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
        lookup = plugin.LookupModule(loader=None, templar=Templar())
        found: list[dict[str, Any]] = lookup.run(terms, variables, **{**OPTIONS, **options})
        return found


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> Lookup:
    prepared = Lookup()
    monkeypatch.setattr(plugin, "read_apart", prepared.read_apart)
    monkeypatch.setattr(Display, "warning", lambda *_arguments: None)
    return prepared


def phases(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["phase"] for entry in entries]


class TestTerms:
    @pytest.mark.parametrize(
        ("terms", "release_ids"),
        [
            (["a"], ["a"]),
            (["a", "b"], ["a", "b"]),
            ([["a", "b"], "c"], ["a", "b", "c"]),
            ([["a", ["b", ("c",)]]], ["a", "b", "c"]),
        ],
        ids=str,
    )
    def test_are_flattened_in_order(self, lookup: Lookup, terms: Any, release_ids: list[str]) -> None:
        assert phases(lookup(terms)) == release_ids
        assert (lookup.release_ids, lookup.calls) == (release_ids, 1)

    @pytest.mark.parametrize(
        ("terms", "release_ids"), [(["a", "a"], ["a"]), (["b", "a", "b", "c", "a"], ["b", "a", "c"])], ids=str
    )
    def test_that_come_twice_are_read_once_and_given_twice(
        self, lookup: Lookup, terms: list[str], release_ids: list[str]
    ) -> None:
        assert phases(lookup(terms)) == terms
        assert (lookup.release_ids, lookup.calls) == (release_ids, 1)

    def test_of_one_release_are_the_single_form(self, lookup: Lookup) -> None:
        lookup(["a"])
        assert (lookup.parameters["release_id"], lookup.parameters["releases"]) == ("a", None)

    def test_of_several_are_a_train(self, lookup: Lookup) -> None:
        lookup(["a", "b"])
        own = {"namespace": None, "version": None, "images": None}
        assert lookup.parameters["releases"] == [{"release_id": "a", **own}, {"release_id": "b", **own}]
        assert lookup.parameters["release_id"] is None

    def test_are_needed(self, lookup: Lookup) -> None:
        with pytest.raises(AnsibleLookupError, match="no term is given; give ids of releases, or select them by"):
            lookup([])
        assert lookup.calls == 0

    @pytest.mark.parametrize("terms", [[[]], [[], []], [[[]]]], ids=str)
    @pytest.mark.parametrize("options", [{}, {"service": ["reviews"]}, {"name": ["a-canary"]}], ids=str)
    def test_that_are_an_empty_list_are_refused_and_no_selection(
        self, lookup: Lookup, terms: Any, options: dict[str, Any]
    ) -> None:
        """Often it is a template that came out empty, and must not widen the call to what the service has."""
        with pytest.raises(AnsibleLookupError, match="the list of ids is empty; give the id of at least one release"):
            lookup(terms, **options)
        assert lookup.calls == 0

    @pytest.mark.parametrize(
        ("term", "described"),
        [
            (None, "null, and must be text"),
            ({"id": "a"}, "a mapping, and must be text"),
            (1.5, r"a number \(1.5\), and must be text; quote it"),
            (7, r"a number \(7\), and must be text; quote it"),
            (True, r"a boolean \(true\), and must be text; quote it"),
            (object(), "of type object, and must be text"),
        ],
        ids=lambda value: type(value).__name__,
    )
    @pytest.mark.parametrize("nested", [False, True])
    def test_that_are_no_text_are_refused(self, lookup: Lookup, term: Any, described: str, nested: bool) -> None:
        with pytest.raises(AnsibleLookupError, match=rf"huaweicloud\.asm\.asm_release: a term is {described}"):
            lookup(["a", [term] if nested else term])
        assert lookup.calls == 0


class TestSelections:
    @pytest.mark.parametrize(
        ("given", "typed"),
        [
            ({"service": ["reviews"]}, {"service": ["reviews"], "name": None}),
            ({"name": "a-canary,b-canary"}, {"service": None, "name": ["a-canary", "b-canary"]}),
            ({"service": "reviews", "name": ["a-canary"]}, {"service": ["reviews"], "name": ["a-canary"]}),
        ],
        ids=str,
    )
    def test_need_no_term(self, lookup: Lookup, given: dict[str, Any], typed: dict[str, Any]) -> None:
        assert phases(lookup([], **given)) == list(SELECTED)
        assert {name: lookup.parameters[name] for name in typed} == typed
        assert (lookup.parameters["release_id"], lookup.parameters["releases"]) == (None, None)

    @pytest.mark.parametrize("given", [{"minimum": 1}, {"namespace": "bookinfo"}], ids=str)
    def test_need_a_service_or_a_name(self, lookup: Lookup, given: dict[str, Any]) -> None:
        with pytest.raises(AnsibleLookupError, match="no term is given; give ids of releases, or select them by"):
            lookup([], **given)
        assert lookup.calls == 0

    @pytest.mark.parametrize("terms", [["a"], ["a", "b"]], ids=str)
    def test_beside_terms_are_for_the_options_to_refuse(self, lookup: Lookup, terms: list[str]) -> None:
        lookup(terms, service=["reviews"])
        with pytest.raises(AsmError, match="exclude each other"):
            parse(with_defaults(lookup.parameters))


class TestOptions:
    @pytest.mark.parametrize("name", ["stabel_for", "timeout", "release_id", "releases", "retries", "_terms", "WAIT"])
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
            ({"mesh_id": None}, "mesh_id is null; give a value or leave it out"),
            ({"version": 1.1}, r"version is a number \(1.1\), and must be text; quote it"),
            ({"success_phases": [True]}, r"success_phases\[0\] is a boolean \(true\), and must be text; quote it"),
            ({"token": 4711}, "token is a number, and must be text; quote it"),
            ({"stable_for": True}, r"stable_for is a boolean \(true\); give a number"),
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

    @pytest.mark.parametrize("name", ["namespace", "service", "name"])
    @pytest.mark.parametrize("terms", [[], ["a"], ["a", "b"]], ids=str)
    def test_that_say_which_releases_must_not_be_null(self, lookup: Lookup, terms: list[str], name: str) -> None:
        """Left out, they would widen the call."""
        selection: dict[str, Any] = {} if terms else {"service": ["reviews"], "name": ["a-canary"]}
        with pytest.raises(AnsibleLookupError, match=f"{name} is null; give a value or leave it out"):
            lookup(terms, **{**selection, name: None})
        assert lookup.calls == 0

    def test_that_are_null_otherwise_are_not_given(self, lookup: Lookup) -> None:
        lookup(["a"], wait_timeout=None, version=None)
        assert (lookup.parameters["wait_timeout"], lookup.parameters["version"]) == (600, None)


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

    @pytest.mark.parametrize(
        ("name", "described"), [("token", "a number"), ("region", r"a number \(7\)"), ("ca_path", r"a number \(7\)")]
    )
    def test_that_are_numbers_are_refused(self, lookup: Lookup, name: str, described: str) -> None:
        with pytest.raises(AnsibleLookupError, match=f"huaweicloud_asm_{name} is {described}, and must be text; quote"):
            lookup(["a"], {f"huaweicloud_asm_{name}": 7})
        assert lookup.calls == 0

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
    @pytest.mark.parametrize(
        ("terms", "options"), [(["a"], {}), (["a", "b", "c"], {}), ([], {"service": ["reviews"]})], ids=str
    )
    def test_a_failure_is_that_of_the_whole_call(
        self, lookup: Lookup, terms: list[str], options: dict[str, Any]
    ) -> None:
        lookup.failed = True
        with pytest.raises(AnsibleLookupError, match=r"huaweicloud\.asm\.asm_release: the gate stays shut"):
            lookup(terms, **options)

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


class TestOverAService:
    """With nothing between the lookup and the transport but the rooms themselves."""

    @pytest.fixture
    def ask(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[dict[str, Any]], list[str]]]:
        stage = Stage(lambda name, value: monkeypatch.setattr(session, name, value))
        stage.serve(listed(item("a"), item("b", "Creating")))

        def asked(terms: list[str], **options: Any) -> tuple[list[dict[str, Any]], list[str]]:
            lookup = plugin.LookupModule(loader=None, templar=Templar())
            entries = lookup.run(terms, {}, **{**CONNECTION, **options})
            return entries, [path for _at, path in stage.asked]

        return asked

    @pytest.mark.parametrize(
        ("terms", "options", "expected"),
        [
            (["uid-b", "uid-a"], {"namespace": "bookinfo"}, ["Creating", "Running"]),
            (["b", "uid-a", "b"], {"namespace": "bookinfo"}, ["Creating", "Running", "Creating"]),
            ([], {"service": ["reviews"]}, ["Running", "Creating"]),
            ([], {"name": ["b"]}, ["Creating"]),
            ([], {"service": ["ratings"]}, []),
        ],
        ids=str,
    )
    def test_several_releases_are_one_request_and_an_entry_each(
        self, ask: Any, terms: list[str], options: dict[str, Any], expected: list[str]
    ) -> None:
        entries, asked = ask(terms, **options)
        assert (phases(entries), asked) == (expected, ["releases"])
        assert all(set(entry) == KEYS for entry in entries)

    def test_each_entry_has_its_own_gate(self, ask: Any) -> None:
        phases_wanted = {"wait": True, "success_phases": ["Running", "Creating"]}
        entries, _asked = ask(["uid-b", "uid-a"], namespace="bookinfo", **phases_wanted)
        assert [entry["gate"]["outcome"] for entry in entries] == ["reached", "reached"]
        assert [entry["gate"]["timeline"][0]["phase"] for entry in entries] == ["Creating", "Running"]

    def test_one_failure_names_its_release_and_fails_all(self, ask: Any) -> None:
        gate = {"wait": True, "success_phases": ["Running"], "failure_phases": ["Creating"]}
        with pytest.raises(AnsibleLookupError, match=r"the gate stays shut: b \(bookinfo\) is Creating"):
            ask(["uid-a", "uid-b"], namespace="bookinfo", **gate)

    def test_terms_and_a_selection_exclude_each_other(self, ask: Any) -> None:
        with pytest.raises(AnsibleLookupError, match="release_id and service exclude each other"):
            ask(["uid-a"], namespace="bookinfo", service=["reviews"])
