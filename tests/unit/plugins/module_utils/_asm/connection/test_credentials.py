# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: every source, its order, and what must never be mixed, trusted or shown."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.credentials import (
    METADATA_ENDPOINT,
    METADATA_NAME,
    AgencyCredentials,
    Credentials,
    KeyCredentials,
    PasswordCredentials,
    TokenCredentials,
    find,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import ConnectionOptions
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer

if TYPE_CHECKING:
    from pathlib import Path

USER = {"username": "who", "password": "s3cret-password", "domain_name": "account"}
SDK_KEYS = {"HUAWEICLOUD_SDK_AK": "sdk-ak", "HUAWEICLOUD_SDK_SK": "sdk-s3cret"}
HW_KEYS = {"HW_ACCESS_KEY": "hw-ak", "HW_SECRET_KEY": "hw-s3cret"}
OS_KEYS = {"OS_ACCESS_KEY": "os-ak", "OS_SECRET_KEY": "os-s3cret"}
HW_USER = {"HW_USER_NAME": "hw-who", "HW_USER_PASSWORD": "hw-s3cret", "HW_DOMAIN_NAME": "hw-account"}
OS_USER = {"OS_USERNAME": "os-who", "OS_PASSWORD": "os-s3cret", "OS_DOMAIN_NAME": "os-account"}
IAM = "https://iam.cn-north-4.myhuaweicloud.com"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, so that no test meets the credentials of whoever runs it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@dataclass
class Search:
    """One search, and what it said and learned on the way."""

    sanitizer: Sanitizer = field(default_factory=Sanitizer)
    warnings: list[str] = field(default_factory=list)

    def __call__(
        self,
        given: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
        variables: dict[str, str] | None = None,
        auth_type: str = "auto",
    ) -> Credentials:
        connection = ConnectionOptions(given or {}, variables or {}, auth_type)
        return find(connection, environment or {}, self.warnings.append, self.sanitizer)

    def refused(self, *arguments: Any, **named: Any) -> AsmError:
        """The error of a search; whatever it is, it must hold no secret."""
        with pytest.raises(AsmError) as refused:
            self(*arguments, **named)
        assert "s3cret" not in refused.value.sentence(str)
        assert not refused.value.is_transient
        return refused.value


@pytest.fixture
def search() -> Search:
    return Search()


def write(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


VAULTED = b"$ANSIBLE_VAULT;1.1;AES256\n3364363535\n"
FILE = "[basic]\nak = file-ak\nsk = file-s3cret\n"


@pytest.fixture
def default_file(home: Path) -> Path:
    return write(home / ".huaweicloud" / "credentials", FILE)


def password(prefix: str, **more: Any) -> PasswordCredentials:
    """What a login with the user of a source needs."""
    found = {"iam_endpoint": IAM, "project_id": None, "project_name": "cn-north-4", **more}
    return PasswordCredentials(f"{prefix}who", f"{prefix}s3cret", f"{prefix}account", **found)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        pytest.param(SDK_KEYS, KeyCredentials("sdk-ak", "sdk-s3cret"), id="SDK key pair"),
        pytest.param(
            {**SDK_KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "st", "HUAWEICLOUD_SDK_PROJECT_ID": "p"},
            KeyCredentials("sdk-ak", "sdk-s3cret", "st", "p"),
            id="SDK temporary key pair and project",
        ),
        pytest.param({"HW_AUTH_TOKEN": "t"}, TokenCredentials("t"), id="HW_ token"),
        pytest.param({"OS_AUTH_TOKEN": "t"}, TokenCredentials("t"), id="OS_ token"),
        pytest.param(HW_KEYS, KeyCredentials("hw-ak", "hw-s3cret"), id="HW_ key pair"),
        pytest.param(
            {**HW_KEYS, "HW_SECURITY_TOKEN": "st", "HW_PROJECT_ID": "p"},
            KeyCredentials("hw-ak", "hw-s3cret", "st", "p"),
            id="HW_ temporary key pair and project",
        ),
        pytest.param(
            {**OS_KEYS, "OS_PROJECT_ID": "p"}, KeyCredentials("os-ak", "os-s3cret", None, "p"), id="OS_ key pair"
        ),
        pytest.param({**HW_USER, "HW_REGION_NAME": "cn-north-4"}, password("hw-"), id="HW_ user, region's IAM"),
        pytest.param(
            {**HW_USER, "HW_AUTH_URL": "https://iam.example/v3", "HW_PROJECT_NAME": "n", "HW_PROJECT_ID": "p"},
            password("hw-", iam_endpoint="https://iam.example", project_name="n", project_id="p"),
            id="HW_ user, everything",
        ),
        pytest.param({**OS_USER, "OS_REGION_NAME": "cn-north-4"}, password("os-"), id="OS_ user, region's IAM"),
        pytest.param(
            {**OS_USER, "OS_AUTH_URL": "https://iam.example/v3/", "OS_PROJECT_NAME": "n", "OS_PROJECT_ID": "p"},
            password("os-", iam_endpoint="https://iam.example", project_name="n", project_id="p"),
            id="OS_ user, everything",
        ),
    ],
)
def test_every_name_of_the_environment_is_known(
    search: Search, environment: dict[str, str], found: Credentials
) -> None:
    assert search({}, environment) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({"token": "t"}, TokenCredentials("t"), id="token"),
        pytest.param({"access_key": "a", "secret_key": "s"}, KeyCredentials("a", "s"), id="key pair"),
        pytest.param(
            {"access_key": "a", "secret_key": "s", "security_token": "st", "project_id": "p"},
            KeyCredentials("a", "s", "st", "p"),
            id="temporary key pair and project",
        ),
        pytest.param(
            {**USER, "region": "cn-north-4"},
            PasswordCredentials("who", "s3cret-password", "account", IAM, None, "cn-north-4"),
            id="user",
        ),
    ],
)
def test_options_and_ansible_variables_hold_the_same_sets(
    search: Search, given: dict[str, str], found: Credentials
) -> None:
    where = {name: value for name, value in given.items() if name == "region"}
    assert search(given) == found
    assert search(where, variables={name: value for name, value in given.items() if name not in where}) == found


@pytest.mark.parametrize(
    ("first", "found"),
    [
        pytest.param(0, TokenCredentials("from-options"), id="options"),
        pytest.param(1, KeyCredentials("from-variables", "s"), id="Ansible variables"),
        pytest.param(2, KeyCredentials("sdk-ak", "sdk-s3cret"), id="SDK"),
        pytest.param(3, TokenCredentials("from-hw"), id="HW_"),
        pytest.param(4, KeyCredentials("os-ak", "os-s3cret"), id="OS_"),
        pytest.param(5, KeyCredentials("file-ak", "file-s3cret"), id="file"),
    ],
)
@pytest.mark.usefixtures("default_file")
def test_the_first_source_in_order_decides(search: Search, first: int, found: Credentials) -> None:
    given = {"token": "from-options"} if first == 0 else {}
    variables = {"access_key": "from-variables", "secret_key": "s"} if first <= 1 else {}
    environment: dict[str, str] = {}
    for place, names in ((2, SDK_KEYS), (3, {"HW_AUTH_TOKEN": "from-hw", **HW_KEYS}), (4, OS_KEYS)):
        if first <= place:
            environment.update(names)
    assert search(given, environment, variables) == found


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        pytest.param({"HW_AUTH_TOKEN": "t", **HW_KEYS, **HW_USER}, TokenCredentials("t"), id="a token first"),
        pytest.param({**HW_KEYS, **HW_USER}, KeyCredentials("hw-ak", "hw-s3cret"), id="then a key pair"),
        pytest.param(
            {**HW_KEYS, "HW_DOMAIN_NAME": "hw-account"},
            KeyCredentials("hw-ak", "hw-s3cret"),
            id="an account besides it",
        ),
    ],
)
def test_within_one_source_a_token_comes_before_a_key_pair_before_a_user(
    search: Search, environment: dict[str, str], found: Credentials
) -> None:
    assert search({}, environment) == found


@pytest.mark.parametrize(
    ("auth_type", "found"),
    [
        ("token", TokenCredentials("t")),
        ("aksk", KeyCredentials("sdk-ak", "sdk-s3cret")),
        ("password", password("os-", iam_endpoint="https://iam.example", project_name="n")),
    ],
)
def test_the_kind_that_is_asked_for_is_taken_from_the_first_source_that_has_it(
    search: Search, auth_type: str, found: Credentials
) -> None:
    login = {**OS_USER, "OS_AUTH_URL": "https://iam.example", "OS_PROJECT_NAME": "n"}
    environment = {**SDK_KEYS, "HW_AUTH_TOKEN": "t", **HW_KEYS, **login}
    assert search({}, environment, auth_type=auth_type) == found


@pytest.mark.parametrize(
    ("given", "environment", "there", "missing"),
    [
        pytest.param({"access_key": "x"}, {}, "access_key", "secret_key", id="options: access key"),
        pytest.param({"secret_key": "s3cret"}, {}, "secret_key", "access_key", id="options: secret key"),
        pytest.param({"security_token": "s3cret"}, {}, "security_token", "access_key, secret_key", id="options: token"),
        pytest.param({"username": "x"}, {}, "username", "password, domain_name", id="options: user"),
        pytest.param({"password": "s3cret"}, {}, "password", "username, domain_name", id="options: password"),
        pytest.param({"domain_name": "x"}, {}, "domain_name", "username, password", id="options: account"),
        pytest.param({}, {"HUAWEICLOUD_SDK_AK": "x"}, "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", id="SDK: access key"),
        pytest.param(
            {}, {"HUAWEICLOUD_SDK_SK": "s3cret"}, "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_AK", id="SDK: secret key"
        ),
        pytest.param({}, {"HW_ACCESS_KEY": "x"}, "HW_ACCESS_KEY", "HW_SECRET_KEY", id="HW_: access key"),
        pytest.param(
            {}, {"HW_USER_PASSWORD": "s3cret"}, "HW_USER_PASSWORD", "HW_USER_NAME, HW_DOMAIN_NAME", id="HW_: password"
        ),
        pytest.param({}, {"OS_SECRET_KEY": "s3cret"}, "OS_SECRET_KEY", "OS_ACCESS_KEY", id="OS_: secret key"),
        pytest.param({}, {"OS_USERNAME": "x"}, "OS_USERNAME", "OS_PASSWORD, OS_DOMAIN_NAME", id="OS_: user"),
    ],
)
@pytest.mark.usefixtures("default_file")
def test_half_a_set_is_never_completed_from_elsewhere(
    search: Search, given: dict[str, str], environment: dict[str, str], there: str, missing: str
) -> None:
    # Every later source has a whole set.
    whole = {**OS_KEYS} if any(name.startswith("HW_") for name in environment) else {**HW_KEYS, **OS_KEYS}
    rest = {} if any(name.startswith("OS_") for name in environment) else whole
    refused = search.refused(given, {**rest, **environment})
    assert refused.kind == "credentials"
    verbs = ["are" if "," in names else "is" for names in (missing, there)]
    assert refused.problem == f"{missing} {verbs[0]} missing: only {there} {verbs[1]} given"


def test_half_a_set_among_the_ansible_variables_is_named_by_their_names(search: Search) -> None:
    refused = search.refused({}, SDK_KEYS, {"access_key": "x"})
    assert refused.problem == "huaweicloud_asm_secret_key is missing: only huaweicloud_asm_access_key is given"


def test_half_a_set_in_the_file_is_named_by_its_keys(search: Search, default_file: Path) -> None:
    write(default_file, "[basic]\nsk = s3cret\n")
    assert search.refused().problem == "ak in the file is missing: only sk in the file is given"


KINDS = {"token": {"token": "s3cret"}, "aksk": {"access_key": "s3cret-1", "secret_key": "s3cret-2"}, "password": USER}


@pytest.mark.parametrize(("first", "second"), [("token", "aksk"), ("token", "password"), ("aksk", "password")])
@pytest.mark.parametrize("place", ["given", "variables"])
def test_two_kinds_among_the_options_or_the_variables_are_an_error(
    search: Search, first: str, second: str, place: str
) -> None:
    refused = search.refused(**{place: {**KINDS[first], **KINDS[second]}})
    assert refused.kind == "usage"
    for name in (*KINDS[first], *KINDS[second]):
        assert name in refused.problem


@pytest.mark.parametrize("auth_type", ["token", "aksk", "password", "ecs_agency"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_option_of_another_kind_than_auth_type_is_an_error(search: Search, auth_type: str, kind: str) -> None:
    if kind == auth_type:
        given = {**KINDS[kind], "region": "cn-north-4"}
        assert search(given, auth_type=auth_type) == search(given)
    else:
        refused = search.refused(KINDS[kind], SDK_KEYS, auth_type=auth_type)
        assert refused.kind == "usage"
        assert f"auth_type is {auth_type}" in refused.problem


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_value_of_the_environment_counts_as_unset(search: Search, empty: str) -> None:
    environment = {**dict.fromkeys([*SDK_KEYS, *HW_KEYS, *HW_USER, "HW_AUTH_TOKEN", "OS_AUTH_TOKEN"], empty), **OS_KEYS}
    assert search({}, environment) == KeyCredentials("os-ak", "os-s3cret")


def test_without_any_credentials_all_the_ways_to_give_them_are_named(search: Search) -> None:
    refused = search.refused()
    assert refused.kind == "credentials"
    for way in (*KINDS["token"], *KINDS["aksk"], *USER, *SDK_KEYS, *HW_KEYS, *HW_USER, *OS_KEYS, *OS_USER):
        assert way in refused.sentence(str)
    for way in ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN", "~/.huaweicloud/credentials", "ecs_agency"):
        assert way in refused.sentence(str)
    for no_way in ("IAM_ENDPOINT", "AUTH_URL", "PROJECT"):
        assert no_way not in refused.sentence(str)


def test_without_credentials_of_the_kind_that_was_asked_for_that_kind_is_named(search: Search) -> None:
    assert search.refused({}, SDK_KEYS, auth_type="token").problem == "no credentials for auth_type token were found"


@pytest.mark.parametrize("part", ["token", "access_key", "secret_key", "security_token", "project_id"])
@pytest.mark.parametrize("odd", ["s3cret\r\nX-Evil: 1", "s3cret\n", "s3 cret", "s3cret\x00", "s3crét", "s3cret\udc80"])
def test_what_does_not_go_into_a_header_as_it_is_is_refused_by_name(search: Search, part: str, odd: str) -> None:
    keys = {"access_key": "a", "secret_key": "s"}
    refused = search.refused({**({} if part == "token" else keys), part: odd})
    assert refused.kind == "usage"
    assert refused.problem.startswith(f"{part} holds ")


@pytest.mark.parametrize(
    ("given", "environment", "variables", "iam"),
    [
        pytest.param({**USER, "region": "cn-north-4"}, {}, {}, IAM, id="region"),
        pytest.param(
            {**USER, "region": "cn-north-4"},
            {"OS_AUTH_URL": "https://evil.example", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://evil.example"},
            {},
            IAM,
            id="not that of another source than the password",
        ),
        pytest.param(
            {"region": "cn-north-4"},
            {**HW_USER, "OS_AUTH_URL": "https://evil.example"},
            {},
            IAM,
            id="nor of another family",
        ),
        pytest.param(
            {"iam_endpoint": "https://mine.example"},
            {**OS_USER, "OS_AUTH_URL": "https://its.example", "OS_PROJECT_NAME": "n"},
            {},
            "https://mine.example",
            id="option before its source",
        ),
        pytest.param(
            {"project_name": "n"},
            {**OS_USER, "OS_AUTH_URL": "https://its.example:5000/v3"},
            {},
            "https://its.example:5000",
            id="its source",
        ),
        pytest.param(
            {"region": "cn-north-4"},
            {"OS_AUTH_URL": "https://evil.example"},
            {**USER, "iam_endpoint": "https://its.example"},
            "https://its.example",
            id="Ansible variables",
        ),
        pytest.param(
            {**USER, "region": "cn-north-4", "iam_endpoint": "https://v3"}, {}, {}, "https://v3", id="v3 as host"
        ),
    ],
)
def test_a_password_goes_only_to_the_login_of_its_source_or_of_an_option_or_of_the_region(
    search: Search, given: dict[str, str], environment: dict[str, str], variables: dict[str, str], iam: str
) -> None:
    found = search(given, environment, variables)
    assert isinstance(found, PasswordCredentials)
    assert found.iam_endpoint == iam


@pytest.mark.parametrize(
    ("given", "environment", "project"),
    [
        pytest.param({**USER, "region": "r-1"}, {}, (None, "r-1"), id="that of the region"),
        pytest.param({**USER, "region": "r-1", "project_name": "n"}, {}, (None, "n"), id="by name"),
        pytest.param({**USER, "region": "r-1", "project_id": "p"}, {}, ("p", "r-1"), id="by id"),
        pytest.param(
            {"region": "r-1", "project_name": "n"},
            {**HW_USER, "HW_PROJECT_ID": "other"},
            (None, "n"),
            id="the name of an option before the id of the source",
        ),
        pytest.param(
            {"region": "r-1", "project_id": "p"},
            {**HW_USER, "HW_PROJECT_NAME": "other"},
            ("p", "r-1"),
            id="the id of an option before the name of the source",
        ),
        pytest.param(
            {**USER, "region": "r-1"}, {"HW_PROJECT_ID": "other"}, (None, "r-1"), id="not that of another source"
        ),
    ],
)
def test_the_project_of_a_login_comes_from_an_option_or_the_source_of_the_password(
    search: Search, given: dict[str, str], environment: dict[str, str], project: tuple[str | None, str | None]
) -> None:
    found = search(given, environment)
    assert isinstance(found, PasswordCredentials)
    assert (found.project_id, found.project_name) == project


@pytest.mark.parametrize(
    ("given", "environment", "named"),
    [
        pytest.param(USER, {}, "iam_endpoint or region", id="nowhere to log in"),
        pytest.param(
            {**USER, "iam_endpoint": "https://iam.example"}, {}, "project_id, project_name or region", id="no project"
        ),
        pytest.param(
            {**USER, "iam_endpoint": "http://iam.example"}, {}, "iam_endpoint is http://", id="a login in the clear"
        ),
        pytest.param(
            {}, {**OS_USER, "OS_AUTH_URL": "http://iam.example:5000/v3"}, "OS_AUTH_URL is http://", id="OS_AUTH_URL"
        ),
        pytest.param({}, {**OS_USER, "OS_AUTH_URL": "https://a:s3cret@iam.example"}, "OS_AUTH_URL", id="with a user"),
        pytest.param({**USER, "region": "evil.example/#"}, {}, "region is", id="a region that is none"),
    ],
)
def test_a_login_that_is_nowhere_or_in_the_clear_is_refused_by_name(
    search: Search, given: dict[str, str], environment: dict[str, str], named: str
) -> None:
    refused = search.refused(given, environment)
    assert refused.kind == "usage"
    assert named in refused.sentence(str)


def test_the_agency_is_used_only_when_it_is_asked_for(search: Search) -> None:
    assert search(auth_type="ecs_agency") == AgencyCredentials(METADATA_ENDPOINT)
    assert METADATA_ENDPOINT == "http://169.254.169.254"
    assert search.refused().kind == "credentials"


def test_the_agency_is_asked_for_whatever_the_environment_holds(search: Search) -> None:
    found = search({"project_id": "p"}, {**SDK_KEYS, "HUAWEICLOUD_SDK_PROJECT_ID": "other"}, auth_type="ecs_agency")
    assert found == AgencyCredentials(METADATA_ENDPOINT, "p")


def test_the_metadata_service_is_replaced_by_loopback(search: Search) -> None:
    found = search({}, {METADATA_NAME: "http://127.0.0.1:8080"}, auth_type="ecs_agency")
    assert found == AgencyCredentials("http://127.0.0.1:8080")


@pytest.mark.parametrize("other", ["http://evil.example", "https://evil.example", "https://127.0.0.1", "x"])
def test_the_metadata_service_is_replaced_by_nothing_else(search: Search, other: str) -> None:
    refused = search.refused({}, {METADATA_NAME: other}, auth_type="ecs_agency")
    assert refused.kind == "usage"
    assert METADATA_NAME in refused.problem


class TestFile:
    """The SDK's file: who may have written it, and what it may say."""

    def test_it_gives_every_key(self, search: Search, default_file: Path) -> None:
        write(default_file, "[basic]\nak = a\nsk = s\nsecurity_token = st\nproject_id = p\n[global]\nak = other\n")
        assert search() == KeyCredentials("a", "s", "st", "p")
        assert search.warnings == []

    def test_the_option_comes_before_the_environment_before_the_default(
        self, search: Search, default_file: Path, tmp_path: Path
    ) -> None:
        named = str(write(tmp_path / "named", "[basic]\nak=named\nsk=s"))
        other = str(write(tmp_path / "other", "[basic]\nak=other\nsk=s"))
        environment = {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": other}
        assert search({"credentials_file": named}, environment) == KeyCredentials("named", "s")
        assert search({}, environment) == KeyCredentials("other", "s")
        assert search({}, {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": " "}) == KeyCredentials("file-ak", "file-s3cret")
        assert default_file.exists()

    @pytest.mark.usefixtures("default_file")
    def test_its_name_may_begin_with_a_tilde(self, search: Search) -> None:
        found = search({}, {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "~/.huaweicloud/credentials"})
        assert found == KeyCredentials("file-ak", "file-s3cret")

    def test_it_is_not_opened_when_something_before_it_decides(self, search: Search, default_file: Path) -> None:
        write(default_file, "broken")
        assert search({}, OS_KEYS) == KeyCredentials("os-ak", "os-s3cret")

    def test_nothing_in_it_is_interpolated(self, search: Search, default_file: Path) -> None:
        write(default_file, "[basic]\nak = %(sk)s${sk}\nsk = 100%\n")
        assert search() == KeyCredentials("%(sk)s${sk}", "100%")

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            pytest.param("ak = s3cret\n", 1, id="no section"),
            pytest.param("[basic]\nak = a\ns3cret\n", 3, id="no key"),
            pytest.param("[basic]\nak = a\n\nak = s3cret\n", 4, id="a key twice"),
            pytest.param("[basic]\nak = a\n[basic]\nsk = s3cret\n", 3, id="the section twice"),
        ],
    )
    def test_of_an_error_in_it_only_the_line_number_is_told(
        self, search: Search, default_file: Path, content: str, line: int
    ) -> None:
        write(default_file, content)
        refused = search.refused()
        assert refused.kind == "credentials"
        assert refused.problem == f"the credentials file has an error in line {line}"
        assert refused.__cause__ is None
        assert refused.__suppress_context__

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            pytest.param(b"[basic]\nak = s3cret\xff\n", "is not UTF-8 text", id="not UTF-8"),
            pytest.param(b"\x7fELF\0\0s3cret", "is not UTF-8 text", id="binary"),
            pytest.param(FILE.encode("utf-16"), "is UTF-16", id="UTF-16"),
            pytest.param(FILE.encode("utf-16-be"), "is not UTF-8 text", id="UTF-16 without a mark"),
            pytest.param(VAULTED, "is encrypted with Ansible Vault", id="vaulted as a whole"),
            pytest.param(codecs.BOM_UTF8 + VAULTED, "is encrypted with Ansible Vault", id="vaulted, with a mark"),
            pytest.param(b"#" * 65537, "is larger than 64 KiB", id="too large"),
        ],
    )
    def test_what_is_no_such_file_is_refused(
        self, search: Search, default_file: Path, content: bytes, problem: str
    ) -> None:
        write(default_file, content)
        refused = search.refused()
        assert refused.kind == "credentials"
        assert problem in refused.problem
        assert refused.hint
        assert "s3cret" not in refused.sentence(str)

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(FILE.encode("utf-8-sig"), id="a byte order mark"),
            pytest.param(FILE.replace("\n", "\r\n").encode(), id="CRLF"),
            pytest.param(FILE.replace("\n", "\r\n").encode("utf-8-sig"), id="both"),
        ],
    )
    def test_how_an_editor_saves_it_does_not_matter(self, search: Search, default_file: Path, content: bytes) -> None:
        write(default_file, content)
        assert search() == KeyCredentials("file-ak", "file-s3cret")

    @pytest.mark.parametrize(
        ("content", "lacks"),
        [
            ("", "no section [basic]"),
            ("[other]\nak = s3cret\n", "no section [basic]"),
            ("[basic]\naccess_key = s3cret\n", "no ak and sk in its section [basic]"),
            ("[basic]\nak =\nsk =\n", "no ak and sk in its section [basic]"),
        ],
    )
    def test_one_that_was_named_must_have_a_key_pair(
        self, search: Search, tmp_path: Path, content: str, lacks: str
    ) -> None:
        path = str(write(tmp_path / "named", content))
        refused = search.refused({"credentials_file": path})
        assert (refused.kind, refused.problem) == ("credentials", f"the credentials file '{path}' has {lacks}")

    @pytest.mark.parametrize("content", ["", "[other]\nak = s3cret\n", "[basic]\n", "[basic]\nak =\nsk =\n"])
    def test_one_without_credentials_is_as_good_as_none(self, search: Search, default_file: Path, content: str) -> None:
        write(default_file, content)
        assert search.refused().problem == "no credentials were found"

    @pytest.mark.parametrize("place", ["option", "environment"])
    def test_one_that_was_named_must_be_there(self, search: Search, tmp_path: Path, place: str) -> None:
        path = str(tmp_path / "nowhere")
        given = {"credentials_file": path} if place == "option" else {}
        refused = search.refused(given, {} if given else {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": path})
        assert refused.kind == "credentials"
        assert f"'{path}' is not there" in refused.problem

    @pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
    def test_one_that_others_may_write_is_refused(self, search: Search, default_file: Path, mode: int) -> None:
        write(default_file, FILE, mode)
        refused = search.refused()
        assert refused.kind == "credentials"
        assert "others may write" in refused.problem

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
    def test_one_that_others_may_read_is_taken_with_a_warning(
        self, search: Search, default_file: Path, mode: int
    ) -> None:
        write(default_file, FILE, mode)
        assert search() == KeyCredentials("file-ak", "file-s3cret")
        assert len(search.warnings) == 1
        assert str(default_file) in search.warnings[0]
        assert "0600" in search.warnings[0]

    @pytest.mark.parametrize(("owner", "accepted"), [("self", True), ("root", True), ("someone else", False)])
    def test_it_belongs_to_the_user_or_to_root(
        self, search: Search, default_file: Path, monkeypatch: pytest.MonkeyPatch, owner: str, accepted: bool
    ) -> None:
        us = default_file.stat().st_uid
        real = os.fstat

        def fstat(descriptor: int) -> os.stat_result:
            status = list(real(descriptor))
            status[4] = {"self": us, "root": 0, "someone else": us + 4321}[owner]
            return os.stat_result(status)

        monkeypatch.setattr(os, "fstat", fstat)
        if accepted:
            assert search() == KeyCredentials("file-ak", "file-s3cret")
        else:
            assert "belongs to someone else" in search.refused().problem

    def test_a_pipe_in_its_place_does_not_hold_the_gate(self, search: Search, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe", 0o600)
        assert "is not a regular file" in search.refused({"credentials_file": str(tmp_path / "pipe")}).problem

    def test_a_folder_in_its_place_is_refused(self, search: Search, tmp_path: Path) -> None:
        assert "is not a regular file" in search.refused({"credentials_file": str(tmp_path)}).problem

    @pytest.mark.parametrize(
        ("path", "problem"),
        [("a\x00b", "is not a path"), ("x" * 5000, "cannot be read"), ("/dev/null/x", "cannot be read")],
    )
    def test_a_name_that_is_none_is_refused(self, search: Search, path: str, problem: str) -> None:
        refused = search.refused({"credentials_file": path})
        assert refused.kind == "credentials"
        assert problem in refused.problem


@pytest.mark.parametrize(
    ("given", "environment", "variables"),
    [
        pytest.param({"token": "s3cret"}, {}, {}, id="token"),
        pytest.param(
            {"access_key": "s3cret-1", "secret_key": "s3cret-2", "security_token": "s3cret-3"}, {}, {}, id="keys"
        ),
        pytest.param({**USER, "region": "r-1"}, {}, {}, id="password"),
        pytest.param({}, {}, {"token": "s3cret"}, id="Ansible variable"),
        pytest.param({}, {"HUAWEICLOUD_SDK_AK": "s3cret-1", "HUAWEICLOUD_SDK_SK": "s3cret-2"}, {}, id="SDK"),
        pytest.param({}, {"HW_AUTH_TOKEN": "s3cret"}, {}, id="HW_"),
        pytest.param({}, {"OS_ACCESS_KEY": "s3cret-1", "OS_SECRET_KEY": "s3cret-2"}, {}, id="OS_"),
    ],
)
def test_every_secret_that_is_met_is_learned_and_none_is_part_of_a_representation(
    search: Search, given: dict[str, str], environment: dict[str, str], variables: dict[str, str]
) -> None:
    found = search(given, environment, variables)
    assert "s3cret" not in repr(found)
    for value in (*given.values(), *environment.values(), *variables.values()):
        if "s3cret" in value:
            assert "s3cret" not in search.sanitizer(f"it is {value}!")


def test_secrets_of_the_file_are_learned(search: Search, default_file: Path) -> None:
    write(default_file, "[basic]\nak = s3cret-1\nsk = s3cret-2\nsecurity_token = s3cret-3\n")
    search()
    assert "s3cret" not in search.sanitizer("s3cret-1 s3cret-2 s3cret-3")
