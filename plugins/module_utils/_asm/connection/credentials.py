# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of credentials and their order.

The first source that has any part of a set decides, and sets are never mixed across sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Callable, NamedTuple, Union

from ..errors import CredentialsError, UsageError
from ..options.spec import CREDENTIAL_OPTIONS, ENVIRONMENT_SOURCES, OPTIONS, SECRET_OPTIONS, VARIABLE_PREFIX
from ..sanitize import Sanitizer, listed
from . import endpoints

if TYPE_CHECKING:
    from ..options.request import ConnectionOptions

PARTS: Mapping[str, tuple[str, ...]] = {
    "token": ("token",),
    "aksk": ("access_key", "secret_key", "security_token"),
    "password": ("username", "password", "domain_name"),
}
"""The options of each kind of set, in the order of preference; only `security_token` may be missing."""

DEFAULT_FILE = "~/.huaweicloud/credentials"

METADATA_ENDPOINT = "http://169.254.169.254"
METADATA_NAME = "_HUAWEICLOUD_ASM_METADATA_ENDPOINT"
"""For tests of this collection only: another metadata service, on loopback."""


@dataclass(frozen=True)
class TokenCredentials:
    """A token that somebody else obtained."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class KeyCredentials:
    """A key pair, permanent or temporary."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    project_id: str | None = None


@dataclass(frozen=True)
class PasswordCredentials:
    """A user, and where and for which project to log in."""

    username: str
    password: str = field(repr=False)
    domain_name: str
    iam_endpoint: str
    project_id: str | None
    project_name: str | None


@dataclass(frozen=True)
class AgencyCredentials:
    """The agency of the ECS that this runs on."""

    metadata_endpoint: str
    project_id: str | None = None


Credentials = Union[TokenCredentials, KeyCredentials, PasswordCredentials, AgencyCredentials]


def what_is_refused(credentials: Credentials) -> tuple[str | None, ...]:
    """Return the part of credentials that a 401 locks, wherever they were sent; empty for a token and an agency.

    Another endpoint may accept a token, which is of one project, and nothing locks it.
    """
    if isinstance(credentials, KeyCredentials):
        return (credentials.access_key, credentials.secret_key, credentials.security_token)
    if isinstance(credentials, PasswordCredentials):
        return (credentials.username, credentials.password, credentials.domain_name)
    return ()


class Source(NamedTuple):
    """Where credentials may stand: values by option, and what each is called there."""

    name: str
    values: Mapping[str, str]
    called: Mapping[str, str]

    def kinds(self) -> list[str]:
        """Return the kinds of which this source has any part, in the order of preference."""
        return [kind for kind, parts in PARTS.items() if any(part in self.values for part in parts)]


def find(
    connection: ConnectionOptions, environment: Mapping[str, str], warn: Callable[[str], None], sanitizer: Sanitizer
) -> Credentials:
    """Return the credentials of the first source that has any.

    Args:
        connection: the connection options.
        environment: variables of the process.
        warn: takes a sentence about a credentials file that others may read.
        sanitizer: learns every secret that is met.

    Raises:
        CredentialsError: there are none, or half a set.
        UsageError: options contradict each other.
    """
    explicit = _source("options", connection.given, "")
    variables = _source("Ansible variables", connection.variables, VARIABLE_PREFIX)
    _refuse_contradictions(explicit, connection.auth_type)
    if connection.auth_type == "ecs_agency":
        project_id = explicit.values.get("project_id") or variables.values.get("project_id")
        return AgencyCredentials(_metadata_endpoint(environment), project_id)
    for source in chain((explicit, variables), _sources(connection, environment, warn, sanitizer)):
        sanitizer.learn(*(source.values.get(name) for name in SECRET_OPTIONS))
        kinds = [kind for kind in source.kinds() if connection.auth_type in ("auto", kind)]
        if source is variables and len(kinds) > 1:
            raise _two_kinds(source, kinds)
        if kinds:
            return _complete(kinds[0], source, (explicit, variables), connection, environment)
    raise _none_found(connection.auth_type)


def _source(name: str, values: Mapping[str, str], prefix: str) -> Source:
    own = {option.name: values[option.name] for option in CREDENTIAL_OPTIONS if values.get(option.name)}
    return Source(name, own, {option.name: prefix + option.name for option in CREDENTIAL_OPTIONS})


def _refuse_contradictions(explicit: Source, auth_type: str) -> None:
    kinds = explicit.kinds()
    if len(kinds) > 1:
        raise _two_kinds(explicit, kinds)
    if auth_type != "auto" and kinds not in ([], [auth_type]):
        given = listed(part for part in PARTS[kinds[0]] if part in explicit.values)
        raise UsageError(f"auth_type is {auth_type}, but {given} is given", "give one of the two")


def _two_kinds(source: Source, kinds: list[str]) -> UsageError:
    parts = listed(source.called[part] for kind in kinds for part in PARTS[kind] if part in source.values)
    return UsageError(
        f"two kinds of credentials are given: {parts}", "give a token, a key pair or a user, only one of them"
    )


def _sources(
    connection: ConnectionOptions, environment: Mapping[str, str], warn: Callable[[str], None], sanitizer: Sanitizer
) -> Iterator[Source]:
    """Yield the sources outside of Ansible in their order; the file is only opened when nothing before it decided."""
    for family in ENVIRONMENT_SOURCES:
        names = _names(family)
        # An empty value counts as unset: that is how pipelines write "no such secret".
        values = {option: environment[name] for option, name in names.items() if environment.get(name, "").strip()}
        yield Source(family, values, names)
    yield _file_source(connection, environment, warn, sanitizer)


def _names(family: str) -> dict[str, str]:
    """Return the variables of a family by option."""
    return {option.name: name for option in CREDENTIAL_OPTIONS for kind, name in option.environment if kind == family}


def _file_source(
    connection: ConnectionOptions, environment: Mapping[str, str], warn: Callable[[str], None], sanitizer: Sanitizer
) -> Source:
    # Late: each module and each worker with a lookup compiles what it imports, and few read the file.
    from .credentials_file import KEYS, read_file  # noqa: PLC0415

    option = next(option for option in OPTIONS if option.name == "credentials_file")
    named = [connection.given.get("credentials_file"), *(environment.get(name) for _family, name in option.environment)]
    path = next((path for path in named if path and path.strip()), None)
    values = read_file(path or DEFAULT_FILE, path is not None, warn, sanitizer)
    return Source("credentials file", values, {name: f"{key} in the file" for name, key in KEYS.items()})


def _with_verb(names: list[str]) -> str:
    return f"{listed(names)} {'are' if len(names) > 1 else 'is'}"


def _complete(
    kind: str,
    source: Source,
    stated: tuple[Source, Source],
    connection: ConnectionOptions,
    environment: Mapping[str, str],
) -> Credentials:
    """Return the set that the deciding source has, or say which half is missing."""
    missing = [part for part in PARTS[kind] if part not in source.values and part != "security_token"]
    if missing:
        given = [source.called[part] for part in PARTS[kind] if part in source.values]
        # A family may have no name for the missing part; the option has one.
        wanted = [source.called.get(part, part) for part in missing]
        problem = f"{_with_verb(wanted)} missing: only {_with_verb(given)} given"
        raise CredentialsError(problem, "complete the set; it is never taken from two sources")
    values = dict(source.values)
    # Name and id of a project come from one source: an id of the environment must not replace a name in an option.
    projects = next(
        (each.values for each in (*stated, source) if {"project_id", "project_name"} & set(each.values)), {}
    )
    project_id = projects.get("project_id")
    for part in ("token", "access_key", "secret_key", "security_token"):
        check_header(values.get(part), source.called.get(part, part))
    check_header(project_id, "project_id")
    if kind == "token":
        return TokenCredentials(values["token"])
    if kind == "aksk":
        return KeyCredentials(values["access_key"], values["secret_key"], values.get("security_token"), project_id)
    return PasswordCredentials(
        values["username"],
        values["password"],
        values["domain_name"],
        _iam_endpoint((stated[0], source), connection, environment),
        project_id,
        _project_name(project_id, projects.get("project_name"), connection, environment),
    )


def fits_header(value: str) -> bool:
    """Return whether a value goes into a header as it is."""
    return value.isascii() and value.isprintable() and " " not in value


def check_header(value: str | None, origin: str) -> None:
    """Refuse a credential that would not go into a header as it is; no service issues one.

    Raises:
        UsageError: it would not.
    """
    if value is not None and not fits_header(value):
        # Not quoted: it is a secret.
        raise UsageError(
            f"{origin} holds a blank, a control character or a letter outside of ASCII", "give it as issued"
        )


def _iam_endpoint(sources: tuple[Source, ...], connection: ConnectionOptions, environment: Mapping[str, str]) -> str:
    for source in sources:
        if "iam_endpoint" in source.values:
            endpoint = endpoints.checked_endpoint(source.values["iam_endpoint"], source.called["iam_endpoint"])
            # OS_AUTH_URL and HW_AUTH_URL are usually given with the version of the API. A host may be called v3, too.
            return endpoint if endpoint.endswith("//v3") else endpoint.removesuffix("/v3")
    region = endpoints.region(connection, environment)
    if region is None:
        raise UsageError("a login needs to know where IAM is", "set iam_endpoint or region")
    return endpoints.iam_endpoint(region)


def _project_name(
    project_id: str | None, project_name: str | None, connection: ConnectionOptions, environment: Mapping[str, str]
) -> str | None:
    """Return the project's name; the default project of a region has the region's id as its name."""
    found = project_name or endpoints.region(connection, environment)
    if not project_id and not found:
        raise UsageError("a login needs to know its project", "set project_id, project_name or region")
    return found


def _none_found(auth_type: str) -> CredentialsError:
    # Not the names of a project or of IAM: on their own, they are no credentials.
    parts = {part for parts in PARTS.values() for part in parts}
    families = listed(
        f"{family} ({listed(name for option, name in _names(family).items() if option in parts)})"
        for family in ENVIRONMENT_SOURCES
    )
    wanted = "" if auth_type == "auto" else f" for auth_type {auth_type}"
    return CredentialsError(
        f"no credentials{wanted} were found",
        "give token, or access_key and secret_key, or username, password and domain_name, as options, or in the "
        f"environment as {families}, or a key pair in the credentials file {DEFAULT_FILE}, or on an ECS with an agency "
        "ask for auth_type ecs_agency",
    )


def _metadata_endpoint(environment: Mapping[str, str]) -> str:
    replaced = environment.get(METADATA_NAME)
    if not replaced:
        return METADATA_ENDPOINT
    endpoint = endpoints.checked_endpoint(replaced, METADATA_NAME)
    if not endpoint.startswith("http://"):
        raise UsageError(f"{METADATA_NAME} is not http:// to loopback", "unset it: it is for tests only")
    return endpoint
