# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request of the client: its path, and the meaning of its response; and the retries of a single read."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api import client as module
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api.client import (
    LIST_BOUNDS,
    Client,
    connect,
    read_with_retries,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.channel import Channel
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.credentials import (
    Credentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.login import Authority
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.routes import Routes
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import DEFAULT_BOUNDS, Response
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    CredentialsError,
    ErrorResponse,
    NotFoundError,
    ServerError,
    ThrottledError,
    UsageError,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    ConnectionOptions,
    ReleaseTarget,
    Schedule,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import (
    Clock,
    ScriptedTransport,
    answer,
    request_over,
)

MESH = "https://asm.example/v2/meshes/m-1"
URL = f"{MESH}/namespaces/bookinfo/releases/r-1"
LIST_URL = f"{MESH}/releases"
SERVICE_URL = "https://asm.example/v3/meshes/m-1/namespaces/bookinfo/services/reviews"
BY_ID = ReleaseTarget("m-1", "bookinfo", release_id="r-1")
BY_SERVICE = ReleaseTarget("m-1", "bookinfo", service="reviews")
GIVEN_TOKEN = TokenCredentials("t")
USER = PasswordCredentials("who", "s3cret", "account", "https://iam.example", None, "cn-north-4")


def release(phase: str = "Running", **metadata: str) -> dict[str, Any]:
    return {
        "kind": "Release",
        "apiVersion": "asm/v2",
        "metadata": {"meshID": "m-1", "name": "r-1", "uid": "uid-1", "namespace": "bookinfo", **metadata},
        "spec": {"serviceName": "reviews"},
        "status": {"phase": phase},
    }


def ok(content: Any, request_id: str = "id-1") -> Response:
    return answer(200, json.dumps(content), X_Request_Id=request_id)


def listed(*items: dict[str, Any]) -> Response:
    return ok({"kind": "ReleaseList", "apiVersion": "asm/v2", "items": list(items)})


class Reader:
    """A client on a scripted service; it keeps the warnings."""

    def __init__(self, *answers: Response | AsmError, credentials: Credentials = GIVEN_TOKEN) -> None:
        self.transport = ScriptedTransport(*answers)
        self.warnings: list[str] = []
        channel = Channel(Routes({}), Authority(credentials))
        self.client = Client("https://asm.example", self.transport, channel, False, self.warnings.append)

    def get_release(self, target: ReleaseTarget = BY_ID) -> Any:
        return self.client.get_release(target, 10.0)

    def get_service(self, target: ReleaseTarget = BY_SERVICE) -> Any:
        return self.client.get_service(target, 10.0)

    def list_releases(self, mesh_id: str = "m-1") -> Any:
        return self.client.list_releases(mesh_id, 10.0)

    def error(self, read: Callable[[Reader], Any]) -> AsmError:
        with pytest.raises(AsmError) as caught:
            read(self)
        return caught.value

    @property
    def urls(self) -> list[str | None]:
        return [sent.request.url for sent in self.transport.sent]


OPERATIONS = {
    "release": (Reader.get_release, URL, ok(release())),
    "service": (Reader.get_service, SERVICE_URL, ok({"release": release()})),
    "list": (Reader.list_releases, LIST_URL, listed(release())),
}
every_operation = pytest.mark.parametrize(("read", "url", "good"), OPERATIONS.values(), ids=OPERATIONS)


@every_operation
def test_read_is_one_request(read: Callable[[Reader], Any], url: str, good: Response) -> None:
    reader = Reader(good)
    read(reader)
    (sent,) = reader.transport.sent
    assert (sent.request.method, sent.request.url, sent.request.body) == ("GET", url, None)
    assert (sent.request.headers["X-Auth-Token"], sent.deadline) == ("t", 10.0)
    assert sent.bounds == (LIST_BOUNDS if url == LIST_URL else DEFAULT_BOUNDS)
    assert reader.client.request_id == "id-1"


@every_operation
def test_all_that_is_made_of_a_response_is_a_part_of_the_exchange(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[Reader], Any], url: str, good: Response
) -> None:
    """So it ends by the deadline as well."""
    reader, steps = Reader(good), []

    def noted(step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*given: Any) -> Any:
            steps.append(step)
            result = call(*given)
            if step == "send":
                steps.append("sent")
            return result

        return calling

    monkeypatch.setattr(reader.transport, "send", noted("send", reader.transport.send))
    for part in ("decode", "check_identity", "parse_release", "parse_list"):
        monkeypatch.setattr(module, part, noted(part, getattr(module, part)))
    read(reader)
    assert reader.urls == [url]
    assert steps in (
        ["send", "decode", "check_identity", "parse_release", "sent"],
        ["send", "decode", "parse_list", "sent"],
    )


def test_reads_return_models() -> None:
    reader = Reader(ok(release("Creating")), ok({"release": release("Running")}), listed(release(), release(uid="b")))
    assert reader.get_release().phase == "Creating"
    assert reader.get_service().phase == "Running"
    assert [each.uid for each in reader.list_releases().releases] == ["uid-1", "b"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("r-1_x.y~z", "r-1_x.y~z"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("a?b#c&d=e;f", "a%3Fb%23c%26d%3De%3Bf"),
        ("a:b@c", "a%3Ab%40c"),
        ("a\\b", "a%5Cb"),
        ("...", "..."),
        ("ä名", "%C3%A4%E5%90%8D"),
        ("%41", "%2541"),
        ("%2e%2e", "%252e%252e"),
    ],
)
@pytest.mark.parametrize("name", ["mesh_id", "namespace", "release_id", "service"])
def test_each_id_is_one_segment_of_path(name: str, given: str, sent: str) -> None:
    ids = {"mesh_id": "m-1", "namespace": "bookinfo", name: given}
    reader = Reader(answer(500))
    kind, version = ("services", "v3") if name == "service" else ("releases", "v2")
    target = ReleaseTarget(**ids) if name in ("service", "release_id") else ReleaseTarget(**ids, release_id="r-1")
    reader.error(lambda each: (each.get_service if name == "service" else each.get_release)(target))
    wanted = {**ids, name: sent}
    last = wanted.get("service") or wanted.get("release_id", "r-1")
    assert reader.urls == [
        f"https://asm.example/{version}/meshes/{wanted['mesh_id']}/namespaces/{wanted['namespace']}/{kind}/{last}"
    ]


ASM = json.dumps({"errorCode": "ASM.01404001", "errorMsg": "text"})
HTML = "<html>text</html>"


@pytest.mark.parametrize(
    ("read", "given", "kind", "said"),
    [
        (Reader.get_release, answer(404, ASM), "not_found", "ASM has no such release"),
        (Reader.get_service, answer(404, ASM), "not_found", "ASM has no such service"),
        (Reader.list_releases, answer(404, ASM), "not_found", "ASM has no such mesh"),
        (Reader.get_release, answer(403, ASM), "denied", "asm:mesh:getRelease"),
        (Reader.get_service, answer(403, ASM), "denied", "asm:mesh:getService"),
        (Reader.list_releases, answer(403, ASM), "denied", "asm:mesh:listReleases"),
        (Reader.get_service, answer(404, HTML), "endpoint", "the response is not from ASM"),
        (Reader.get_release, answer(503, HTML), "server", "the service failed"),
    ],
)
def test_refusal_speaks_of_what_was_asked_for(
    read: Callable[[Reader], Any], given: Response, kind: str, said: str
) -> None:
    error = Reader(given).error(read)
    assert (error.kind, said in error.sentence(str)) == (kind, True)


@every_operation
def test_error_after_200_names_request(read: Callable[[Reader], Any], url: str, good: Response) -> None:
    other = release(meshID="other")
    bad = {"release": ok(other), "service": ok({"release": other}), "list": ok({"kind": "Pod"})}
    name = next(name for name, operation in OPERATIONS.items() if operation[2] is good)
    reader = Reader(bad[name])
    error = reader.error(read)
    assert (error.kind, error.is_transient) == ("protocol", False)
    assert error.response == ErrorResponse(200, request_id="id-1", url=url)
    assert reader.client.request_id == "id-1"


@every_operation
def test_page_of_proxy_is_transient(read: Callable[[Reader], Any], url: str, good: Response) -> None:
    assert good.status == 200
    error = Reader(answer(200, HTML)).error(read)
    assert (error.kind, error.is_transient, error.response.url) == ("protocol", True, url)


@pytest.mark.parametrize("where", ["namespace", "meshID"])
@pytest.mark.parametrize("read", [Reader.get_release, Reader.get_service])
def test_response_must_be_about_target(read: Callable[[Reader], Any], where: str) -> None:
    content = release(**{where: "other"})
    error = Reader(ok({**content, "release": content})).error(read)
    assert (error.kind, error.is_transient) == ("protocol", False)
    assert "'other'" in error.sentence(str)


def test_response_must_be_about_service() -> None:
    content = {**release(), "spec": {"serviceName": "ratings"}}
    error = Reader(ok({"release": content})).error(Reader.get_service)
    assert (error.kind, "'ratings'" in error.sentence(str)) == ("protocol", True)


SHOWN = {"metadata": {"name": "reviews"}}


@pytest.mark.parametrize("content", [{}, {"release": None}, {"release": {}}], ids=["absent", "null", "empty"])
def test_service_without_release_is_not_found(content: dict[str, Any]) -> None:
    error = Reader(ok({"service": SHOWN, **content})).error(Reader.get_service)
    assert isinstance(error, NotFoundError)
    assert (error.problem, error.response) == (
        "the service has no release",
        ErrorResponse(200, request_id="id-1", url=SERVICE_URL, from_asm=True),
    )


@pytest.mark.parametrize("release", [{}, {"release": None}, {"release": {}}], ids=["absent", "null", "empty"])
@pytest.mark.parametrize(
    "content",
    [
        {},
        {"service": None},
        {"service": {}},
        {"service": "reviews"},
        {"errorCode": "ASM.01500001"},
        {"service": SHOWN, "errorCode": "ASM.01500001"},
        {"service": SHOWN, "error_msg": "throttled"},
    ],
)
def test_what_is_no_service_does_not_say_that_there_is_no_release(
    content: dict[str, Any], release: dict[str, Any]
) -> None:
    error = Reader(ok({**content, **release})).error(Reader.get_service)
    assert (error.kind, error.is_transient) == ("protocol", False)
    assert error.problem == "the response shows neither a release nor the service"


@pytest.mark.parametrize("given", [[], "", "r-1", 0, False, [release()]])
def test_release_of_service_must_be_object(given: Any) -> None:
    error = Reader(ok({"release": given})).error(Reader.get_service)
    assert (error.kind, error.is_transient) == ("protocol", False)


class TestIds:
    """The API reference does not say whether `release_id` has another form than uid and name."""

    @pytest.mark.parametrize("release_id", ["r-1", "uid-1"])
    def test_uid_and_name_need_no_warning(self, release_id: str) -> None:
        reader = Reader(ok(release()))
        reader.get_release(ReleaseTarget("m-1", "bookinfo", release_id))
        assert reader.warnings == []

    def test_other_id_is_warned_of_once(self) -> None:
        reader = Reader(ok(release(uid="u\n")))
        for _poll in range(3):
            reader.get_release(ReleaseTarget("m-1", "bookinfo", "r-2"))
        (warning,) = reader.warnings
        assert warning.startswith("release_id 'r-2' is neither uid nor name of the release in the response")
        assert "(uid 'u\\u000a', name 'r-1')" in warning

    @pytest.mark.parametrize("missing", [{"uid": ""}, {"name": ""}])
    def test_incomplete_metadata_needs_no_warning(self, missing: dict[str, str]) -> None:
        reader = Reader(ok(release(**missing)))
        reader.get_release(ReleaseTarget("m-1", "bookinfo", "r-2"))
        assert reader.warnings == []


def test_request_id_is_that_of_last_response_with_one() -> None:
    reader = Reader(ok(release(), "a"), answer(500), answer(404, ASM, X_Request_Id="b"))
    seen = [reader.client.request_id]
    for _time in range(3):
        with contextlib.suppress(AsmError):
            reader.get_release()
        seen.append(reader.client.request_id)
    assert seen == ["", "a", "a", "b"]


class TestRenewal:
    """A 401 is retried once with a new token, if this process obtained the old one itself."""

    @staticmethod
    def reader(*statuses: int) -> Reader:
        """Return a client that logs in, with the statuses of its logins (201) and reads."""
        answers = []
        for number, status in enumerate(statuses):
            if status == 201:
                answers.append(answer(201, "{}", X_Subject_Token=f"token-{number}"))
            else:
                answers.append(ok(release()) if status == 200 else answer(status, ASM if status == 404 else "{}"))
        return Reader(*answers, credentials=USER)

    @staticmethod
    def sent(reader: Reader) -> list[str]:
        """Return what was sent: `login`, or the token of a read."""
        return [
            "login" if each.request.method == "POST" else str(each.request.headers["X-Auth-Token"])
            for each in reader.transport.sent
        ]

    def test_happens_once_after_401(self) -> None:
        reader = self.reader(201, 401, 201, 200)
        assert reader.get_release().phase == "Running"
        assert self.sent(reader) == ["login", "token-0", "login", "token-2"]
        assert reader.client.requests_sent == 4

    def test_second_401_is_final_and_nothing_more_is_sent(self) -> None:
        reader = self.reader(201, 401, 201, 401)
        for _time in range(3):
            assert reader.error(Reader.get_release).kind == "credentials"
        assert self.sent(reader) == ["login", "token-0", "login", "token-2"]

    @pytest.mark.parametrize("good", [200, 404])
    def test_is_possible_again_after_answer_of_asm(self, good: int) -> None:
        reader = self.reader(201, 401, 201, good, 401, 201, 200)
        if good == 200:
            reader.get_release()
        else:
            assert reader.error(Reader.get_release).kind == "not_found"
        assert reader.get_release().phase == "Running"
        assert self.sent(reader) == ["login", "token-0", "login", "token-2", "token-2", "login", "token-5"]

    def test_is_not_possible_again_after_transient_error(self) -> None:
        reader = self.reader(201, 401, 201, 503, 401)
        assert [reader.error(read).kind for read in (Reader.list_releases, Reader.get_release)] == [
            "server",
            "credentials",
        ]
        assert self.sent(reader) == ["login", "token-0", "login", "token-2", "token-2"]

    def test_refused_login_is_final(self) -> None:
        reader = self.reader(201, 401, 401)
        assert reader.error(Reader.get_release).kind == "credentials"
        assert self.sent(reader) == ["login", "token-0", "login"]

    def test_needs_own_token(self) -> None:
        reader = Reader(answer(401))
        for _time in range(3):
            assert reader.error(Reader.get_release).kind == "credentials"
        assert len(reader.transport.sent) == 1


OPTIONS = ConnectionOptions({"endpoint": "https://asm.example", "token": "t0ken"}, {})


class TestConnect:
    @staticmethod
    def connect(connection: ConnectionOptions, **environment: str) -> tuple[Client, list[str], Sanitizer]:
        warnings: list[str] = []
        sanitizer = Sanitizer()
        client = connect(request_over(connection), Runtime(environment), sanitizer, warnings.append)
        return client, warnings, sanitizer

    def test_learns_credentials(self) -> None:
        assert self.connect(OPTIONS)[2]("is t0ken") == "is ********"

    def test_warns_of_credentials_file(self, tmp_path: Path) -> None:
        path = tmp_path / "credentials"
        path.write_text("[basic]\nak=a\nsk=b\n")
        path.chmod(0o644)
        given = {"endpoint": "https://asm.example", "credentials_file": str(path)}
        assert "others may read" in self.connect(ConnectionOptions(given, {}))[1][0]

    def test_needs_requests(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "REQUESTS_IMPORT_ERROR", "no module")
        with pytest.raises(UsageError, match="requests"):
            self.connect(OPTIONS)

    @pytest.mark.parametrize(
        ("given", "error"),
        [({"token": "t"}, UsageError), ({"endpoint": "https://asm.example", "access_key": "a"}, CredentialsError)],
    )
    def test_refuses_wrong_settings(self, given: dict[str, str], error: type[AsmError]) -> None:
        with pytest.raises(error):
            self.connect(ConnectionOptions(given, {}), HOME="/nowhere")


class Attempts:
    """Tries that fail in the given ways, then find something; each takes some seconds of the clock."""

    def __init__(self, *errors: AsmError, seconds: float = 0.0) -> None:
        self.clock = Clock()
        self.began: list[float] = []
        self.deadlines: list[float] = []
        self._errors = list(errors)
        self._seconds = seconds

    def __call__(self, deadline: float) -> str:
        self.began.append(self.clock() - 1000.0)
        self.deadlines.append(deadline - 1000.0)
        self.clock.seconds += self._seconds
        if self._errors:
            raise self._errors.pop(0)
        return "found"

    def run(self, request_timeout: float = 15, request_retries: int = 3, jitter: float = 1.0, **bounds: float) -> str:
        schedule = Schedule(request_timeout=request_timeout, request_retries=request_retries)
        runtime = Runtime({}, self.clock, self.clock.sleep, jitter=lambda: jitter)
        return read_with_retries(self, schedule, runtime, **bounds)

    def fail(self, **bounds: Any) -> AsmError:
        with pytest.raises(AsmError) as error:
            self.run(**bounds)
        return error.value


def transient(retry_after: float | None = None) -> AsmError:
    return ServerError("it failed", response=ErrorResponse(503, retry_after=retry_after))


def throttled(retry_after: float | None = None) -> AsmError:
    return ThrottledError("too many", response=ErrorResponse(429, retry_after=retry_after))


def test_first_try_needs_no_pause() -> None:
    attempts = Attempts()
    assert attempts.run() == "found"
    assert (attempts.began, attempts.deadlines, attempts.clock.slept) == ([0.0], [60.0], [])


@pytest.mark.parametrize(
    ("errors", "pauses"),
    [
        pytest.param([transient()], [1.1], id="one error"),
        pytest.param([transient(), transient(), transient()], [1.1, 2.2, 4.4], id="as many as there are further tries"),
        pytest.param([transient(7.0), transient()], [7.0, 2.2], id="as long as the service asks"),
        pytest.param([throttled(), transient(), throttled(7.0)], [10.0, 2.2, 10.0], id="wait_sleep after a 429"),
        pytest.param([throttled(12.0)], [12.0], id="Retry-After of a 429 if it is longer"),
    ],
)
def test_transient_errors_are_retried(errors: list[AsmError], pauses: list[float]) -> None:
    attempts = Attempts(*errors)
    assert attempts.run(jitter=1.1) == "found"
    assert attempts.clock.slept == pytest.approx(pauses)
    assert set(attempts.deadlines) == {60.0}


def test_last_error_is_raised_after_retries() -> None:
    last = transient()
    attempts = Attempts(transient(), transient(), transient(), last)
    assert attempts.fail() is last
    assert len(attempts.began) == 4


def test_no_retries() -> None:
    attempts = Attempts(transient(0.0))
    attempts.fail(request_retries=0)
    assert (len(attempts.began), attempts.clock.slept) == (1, [])


def test_final_error_is_not_retried() -> None:
    attempts = Attempts(CredentialsError("refused"))
    assert attempts.fail().kind == "credentials"
    assert (len(attempts.began), attempts.clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("retry_after", "request_timeout"),
    [
        pytest.param(60.0, 15, id="as long as the whole read may take"),
        pytest.param(119.0, 15, id="longer"),
        pytest.param(600.0, 60, id="longer than a pause ever is"),
    ],
)
def test_pause_beyond_deadline_ends_read_at_once(retry_after: float, request_timeout: float) -> None:
    attempts = Attempts(transient(retry_after))
    attempts.fail(request_timeout=request_timeout)
    assert (len(attempts.began), attempts.clock.slept) == (1, [])


@pytest.mark.parametrize("seconds", [0.0, 1.0, 14.0, 15.0])
@pytest.mark.parametrize("retries", [0, 1, 3, 20])
def test_no_try_begins_after_deadline(seconds: float, retries: int) -> None:
    attempts = Attempts(*[transient()] * 100, seconds=seconds)
    attempts.fail(request_retries=retries, jitter=1.1)
    assert len(attempts.began) <= retries + 1
    assert max(attempts.began) < 15 * (retries + 1)
    assert set(attempts.deadlines) == {15.0 * (retries + 1)}


def test_tighter_deadline_counts() -> None:
    attempts = Attempts(*[transient()] * 9)
    attempts.fail(until=1002.0)
    assert (attempts.began, set(attempts.deadlines)) == ([0.0, 1.0], {2.0})


def test_spacing_is_shortest_pause() -> None:
    attempts = Attempts(transient(), transient(), transient())
    attempts.run(spacing=3.0)
    assert attempts.clock.slept == [3, 3, 4]
