"""Hostile requests and slow clients: a 4xx that names the place or a closed line, never a 5xx."""

import asyncio
import json
import select
import socket
import ssl
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from tests.examples import about
from tests.fakes.service import RunningService, running_service
from tests.service.conftest import CUSTOMERS, Api, equals, where
from uvicorn.server import ServerState

from taptill.service.database import create_database
from taptill.service.fields import CUSTOMERS as ENTITY
from taptill.service.fields import ENTITIES
from taptill.service.http.app import build_app
from taptill.service.http.connections import PurePythonConnection, TimeoutMixin
from taptill.service.http.run import connection_class, listen
from taptill.service.store import Store
from taptill.service.tokens import TokenRole, add_token, check_permission
from taptill.service.wire import ApiError, parse, write

ROOT = Path(__file__).parents[3]
MEBIBYTE = 1024 * 1024
INJECTIONS = (
    *("'", '"', "' OR '1'='1", "1; DROP TABLE customers; --", "\\", "%", "_", "%%%s", ":this"),
    *("%(this)s", "?", "$1", "{0}", "{}", "\x00", "\ud800", "a\udfffb", "\u202e", "💳" * 64),
)
NUMBERS = (0, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**400, "1e400", "-0.0", "1e-400", "0.001")


@pytest.fixture(scope="module")
def own_store(new_place: Callable[[], str]) -> Iterator[Store]:
    engine = create_database(new_place())
    store = Store(engine)
    store.insert(ENTITIES["Companies"], {"fields": [{"name": "One"}]})
    store.insert(ENTITY, {"fields": [{"name": "Ada Byron", "company": {"id": 1}}] * 2})
    yield store
    engine.dispose()


WORDS = st.sampled_from(
    [
        *ENTITY.fields,
        *("fields", "filters", "conditions", "operator", "field", "comparator", "value", "order"),
        *("orderBy", "limit", "offset", "returning", "increment", "reason", "company.id", "and"),
        *("or", "=", "!=", "<", ">=", "like", "in", "is null", "asc", "desc"),
        *INJECTIONS,
    ]
)
ODD = (
    st.none()
    | st.booleans()
    | WORDS
    | st.text()
    | st.integers()
    | st.sampled_from([one for one in NUMBERS if isinstance(one, int)])
)
ANYTHING = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4)
)
FILTER = st.fixed_dictionaries({"field": WORDS, "comparator": WORDS}, optional={"value": ANYTHING})
CONDITIONS = ANYTHING | st.fixed_dictionaries({"filters": st.lists(FILTER | ANYTHING, max_size=3)})
BODY = st.fixed_dictionaries(
    {},
    optional={
        "fields": ANYTHING | st.dictionaries(st.sampled_from(list(ENTITY.fields)), ANYTHING),
        "conditions": CONDITIONS,
        "orderBy": ANYTHING | st.lists(st.fixed_dictionaries({"field": WORDS}), max_size=3),
        "limit": ODD,
        "offset": ODD,
        "returning": ANYTHING,
        "reason": ODD,
    },
)


@about(300)
@given(body=BODY | ANYTHING, verb=st.sampled_from(["select", "insert", "update", "remove"]))
def test_whatever_is_asked_the_answer_is_rows_or_a_refusal_of_the_400s(
    own_store: Store, body: Any, verb: str
) -> None:
    query = parse(json.dumps(body).encode())
    status = 200
    answer: Any
    try:
        check_permission(TokenRole.OFFICE, verb, query)
        if verb == "select":
            answer = own_store.select(ENTITY, query)
        elif verb == "insert":
            answer = own_store.insert(ENTITY, query)
        elif verb == "update":
            answer = own_store.update(1, query)
        else:
            answer = own_store.remove(query)
    except ApiError as refusal:
        status, answer = refusal.status, refusal.body
    assert status == 200 or 400 <= status < 500
    assert write(answer).encode()


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_no_text_is_ever_part_of_a_statement(office: Api, text: str) -> None:
    """As a value it is searched for; in place of a name it is an error with its path."""
    for comparator in ("=", "<", "like"):
        row = {"field": "name", "comparator": comparator, "value": text}
        status, answer = office.post(f"{CUSTOMERS}/select", json.dumps({"conditions": where(row)}))
        assert status in {200, 400}, answer
    wrong: list[tuple[Any, str]] = [
        ({"fields": {text: True}}, "fields"),
        ({"conditions": where(equals(text, 1))}, "conditions.filters[0].field"),
        ({"conditions": where({**equals("id", 1), "comparator": text})}, "comparator"),
        ({"conditions": where(equals("id", 1), operator=text)}, "conditions.operator"),
        ({"orderBy": [{"field": text}]}, "orderBy[0].field"),
        ({"orderBy": [{"field": "id", "order": text}]}, "orderBy[0].order"),
    ]
    for body, place in wrong:
        status, answer = office.post(f"{CUSTOMERS}/select", json.dumps(body))
        assert status == 400
        assert place in answer["error"]["path"]
    assert office.row(1)["name"] == "Ada Byron"


@pytest.mark.parametrize("figure", NUMBERS, ids=lambda one: str(one)[:12])
def test_no_number_is_too_odd(office: Api, figure: int | str) -> None:
    row_id = office.insert(debtData={})
    for field in ("id", "totalDebt", "version", "name"):
        text = f'{{"filters":[{{"field":"{field}","comparator":"=","value":{figure}}}]}}'
        assert office.post(f"{CUSTOMERS}/select", f'{{"conditions":{text}}}')[0] in {200, 400}
    for place in ("limit", "offset"):
        assert office.post(f"{CUSTOMERS}/select", f'{{"{place}":{figure}}}')[0] in {200, 400}
    increment = f'{{"fields":{{"totalDebt":{{"increment":{figure}}}}}}}'
    assert office.update(row_id, increment)[0] in {200, 400}
    assert office.update(row_id, f'{{"fields":{{"debtData":{{"k":{figure}}}}}}}')[0] == 200


HUGE: dict[str, tuple[str, int, str]] = {
    "a million brackets": ("[" * (MEBIBYTE - 1), 400, "too-deep"),
    "a million closed brackets": ("[" * 500_000 + "]" * 500_000, 400, "too-deep"),
    "a list of half a million": (f"[{'0,' * 500_000}0]", 400, "type"),
    "a key of a million": (f'{{"{"x" * 1_000_000}":1}}', 400, "unknown-key"),
    "debtData beyond its bound": (
        f'{{"fields":{{"debtData":"{"x" * 65_536}"}}}}',
        400,
        "type",
    ),
    "ten million bytes": (" " * 10_000_000, 413, "too-large"),
}


@pytest.mark.parametrize("case", HUGE.values(), ids=HUGE.keys())
def test_a_huge_body_is_refused(office: Api, case: tuple[str, int, str]) -> None:
    text, expected_status, code = case
    status, answer = office.post(f"{CUSTOMERS}/update/1", text)
    assert (status, answer["error"]["code"]) == (expected_status, code)
    assert len(json.dumps(answer)) < 500


def memory_kb(service: RunningService) -> int:
    assert service.child is not None
    status = Path(f"/proc/{service.child.pid}/status").read_text("ascii")
    (line,) = [text for text in status.splitlines() if text.startswith("VmRSS")]
    return int(line.split()[1])


def test_huge_bodies_leave_no_memory_behind(service: RunningService, office: Api) -> None:
    bodies = [text for text, *_ in HUGE.values()]
    for text in bodies:
        office.post(f"{CUSTOMERS}/update/1", text)
    before_kb = memory_kb(service)
    for text in bodies * 3:
        office.post(f"{CUSTOMERS}/update/1", text)
    assert memory_kb(service) < before_kb + 60_000


UVICORN_PARTS = (
    "_unset_keepalive_if_required",
    "cycle",
    "loop",
    "timeout_keep_alive_handler",
    "timeout_keep_alive_task",
    "transport",
)
COMPILED_PARTS = (
    "pipeline",
    "on_header",
    "on_headers_complete",
    "on_message_begin",
    "send_400_response",
    "_start_asgi_task",
)
NOT_COMPILED = "tests of the compiled HTTP parser did NOT run: make fast installs it"


@pytest.fixture(params=["pure Python", "compiled"])
def connection(request: pytest.FixtureRequest) -> type[TimeoutMixin]:
    """Return the class of connections of each parser."""
    if request.param == "pure Python":
        return PurePythonConnection
    pytest.importorskip("httptools", reason=NOT_COMPILED)
    compiled: Any = connection_class(compiled=True)
    assert compiled is not PurePythonConnection
    assert isinstance(compiled, type)
    return compiled


def test_uvicorn_is_the_version_whose_private_parts_end_slow_clients(
    connection: type[TimeoutMixin],
) -> None:
    """Another version may be pinned only after its classes were compared with `service/http`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"uvicorn=={uvicorn.__version__}" in project["optional-dependencies"]["service"]
    config = uvicorn.Config(Starlette(), http=connection, lifespan="off")
    config.load()
    loop = asyncio.new_event_loop()
    protocol = connection(config, ServerState(), {}, loop)
    loop.close()
    parts = (
        UVICORN_PARTS if connection is PurePythonConnection else (*UVICORN_PARTS, *COMPILED_PARTS)
    )
    assert [name for name in parts if not hasattr(protocol, name)] == []
    assert protocol.timeout_keep_alive_task is None


@pytest.fixture
def impatient_server(tmp_path: Path, connection: type[TimeoutMixin]) -> Iterator[tuple[int, str]]:
    """Run a server with short time-outs; yield its port and a token."""
    engine = create_database(tmp_path / "customers.db")
    rows = [{"name": "x", "debtData": {"k": "x" * 60_000}}] * 32
    Store(engine).insert(ENTITY, {"fields": rows})
    token = add_token(engine, TokenRole.TILL, "till")
    app, listener = build_app(Store(engine), body_timeout_s=0.4), listen("127.0.0.1", 0)
    short = type("Short", (connection,), {"head_timeout_s": 0.4, "unread_timeout_s": 0.4})
    loop = "asyncio" if connection is PurePythonConnection else "auto"
    config = uvicorn.Config(
        app, http=short, loop=loop, ws="none", lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1], token
    server.should_exit = True
    thread.join()
    engine.dispose()


HEAD = f"POST {CUSTOMERS}/select HTTP/1.1\r\nHost: x\r\n"


@contextmanager
def line(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port)) as client_socket:
        client_socket.settimeout(10)
        yield client_socket


def drip(client: socket.socket) -> None:
    """Send a head byte after byte until the other end closes the line."""
    client.settimeout(0.05)
    count, head = 0, b"GET /" + b"x" * 100
    with suppress(BrokenPipeError, ConnectionResetError):
        while count < 100:
            client.sendall(head[count : count + 1])
            count += 1
            with suppress(TimeoutError):
                assert client.recv(100) == b""
                break
    assert count < 100


def test_a_client_that_says_nothing_is_let_go(impatient_server: tuple[int, str]) -> None:
    with line(impatient_server[0]) as silent:
        assert silent.recv(100) == b""


def test_a_client_that_drips_its_head_is_let_go(impatient_server: tuple[int, str]) -> None:
    """Each byte comes in time, but not the whole head; the same on a connection that was used."""
    with line(impatient_server[0]) as dripping:
        dripping.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while b"true}" not in answer:
            answer += dripping.recv(1000)
        drip(dripping)


def test_a_client_that_drips_its_body_is_told_and_let_go(impatient_server: tuple[int, str]) -> None:
    port, token = impatient_server
    with line(port) as late:
        late.sendall(f"{HEAD}Content-Length: 9\r\nAuthorization: Bearer {token}\r\n\r\n{{".encode())
        answer = b""
        while part := late.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"code":"slow"' in answer


def test_a_client_that_was_answered_early_and_drips_its_body_on_is_let_go(
    impatient_server: tuple[int, str],
) -> None:
    """Without a token the answer needs no body: what still comes of it has the time of a head."""
    with line(impatient_server[0]) as early:
        early.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n{{".encode())
        answer = b""
        while not answer.endswith(b"}}"):
            answer += early.recv(4096)
        assert answer.startswith(b"HTTP/1.1 401")
        drip(early)


@pytest.mark.slow
def test_a_client_that_was_answered_early_and_floods_its_body_is_let_go(
    impatient_server: tuple[int, str],
) -> None:
    """More comes each time than is parsed meanwhile, so that no timer gets its turn."""
    with line(impatient_server[0]) as early:
        early.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - one of many
            for _ in range(40):
                early.sendall(b"1\r\nx\r\n" * (MEBIBYTE // 6))


@pytest.mark.parametrize("part", [b"X: y\r\n", b"x" * 8])
def test_a_head_without_end_is_refused(impatient_server: tuple[int, str], part: bytes) -> None:
    """Many headers or one long one: half a megabyte is no head, however fast it comes."""
    with line(impatient_server[0]) as endless:
        endless.sendall(HEAD.encode() + (b"" if part.endswith(b"\n") else b"X: "))
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(512):
                endless.sendall(part * (1024 // len(part)))
        with suppress(ConnectionResetError):
            assert endless.recv(4096).startswith(b"HTTP/1.1 400")


def test_trailers_without_end_are_refused(impatient_server: tuple[int, str]) -> None:
    """Kept as fields, they would take twenty times as much memory as on the wire."""
    with line(impatient_server[0]) as endless:
        endless.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n".encode())
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - one of many
            for _ in range(8):
                endless.sendall(b"a:\r\n" * (MEBIBYTE // 4))


@pytest.mark.parametrize("words", [(), ("--pure-python",)], ids=["as installed", "pure Python"])
def test_what_cannot_be_parsed_behind_requests_is_refused_and_no_fault(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Answers that are on their way when the connection is closed are given up."""
    with (
        (tmp_path / "errors").open("w+", encoding="utf-8") as errors,
        running_service(tmp_path, *words, errors=errors) as service,
    ):
        port = int(service.url.rpartition(":")[2])
        head = f"{HEAD}Content-Length: 11\r\nAuthorization: Bearer {service.token}\r\n\r\n"
        request = head.encode() + b'{"limit":1}'
        with line(port) as confused:
            confused.sendall(request * 3 + b"NONSENSE\r\n\r\n")
            assert b"HTTP/1.1 400" in rest_of(confused)
        with line(port) as other:  # its answer comes after the first one's
            other.sendall(request)
            assert other.recv(4096).startswith(b"HTTP/1.1 200")
        errors.seek(0)
        assert "Traceback" not in errors.read()


def rest_of(client: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionResetError):
        while part := client.recv(65_536):
            answer += part
    return answer


def send_on(deaf: socket.socket) -> None:
    ending = select.poll()
    ending.register(deaf, select.POLLERR | select.POLLHUP)
    for _ in range(500):
        deaf.send(b"\r\n")
        ending.poll(20)


def test_a_client_that_reads_no_answer_is_let_go(impatient_server: tuple[int, str]) -> None:
    """Ten answers of two megabytes each exceed all buffers on the way."""
    port, token = impatient_server
    body = '{"fields": {"debtData": true}}'
    head = f"{HEAD}Content-Length: {len(body)}\r\nAuthorization: Bearer {token}\r\n\r\n"
    with line(port) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(f"{head}{body}".encode() * 10)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # as a closed line does
            send_on(deaf)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, Path]]:
    folder = tmp_path_factory.mktemp("tls")
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    output = ["-keyout", "key.pem", "-out", "chain.pem", "-days", "2", "-subj", "/CN=till.example"]
    extension = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", *words, *output, *extension], cwd=folder, check=True, capture_output=True
    )
    options = ("--tls-cert", str(folder / "chain.pem"), "--tls-key", str(folder / "key.pem"))
    with running_service(folder, *options) as running:
        yield running, folder


def test_a_certificate_makes_it_https_and_nothing_else(secure: tuple[RunningService, Path]) -> None:
    running, folder = secure
    assert running.url.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=folder / "chain.pem")
    with httpx.Client(verify=trusting, trust_env=False) as client:
        assert client.get(f"{running.url}/healthz").json() == {"ok": True}
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as client:
        client.get(f"{running.url}/healthz")
    with pytest.raises(httpx.TransportError), httpx.Client(trust_env=False) as client:
        client.get(f"http{running.url.removeprefix('https')}/healthz")


def test_the_access_log_tells_what_was_asked_and_never_about_whom(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as errors,
        running_service(tmp_path, "--access-log", errors=errors) as running,
    ):
        office = Api(running.url, running.office_token)
        office.post(f"{CUSTOMERS}/select", {"conditions": where(equals("cardId", "62E3086CED"))})
        office.post(f"{CUSTOMERS}/Ada", {"name": "Ada Byron"})
        office.post("/core/data/Byron/select", {})
        office.update(1, {"fields": {"name": "Augusta"}})
        office.http.close()
    lines = log.read_text().splitlines()
    assert [line.partition(" took_ms")[0] for line in lines] == [
        "INFO request.answered status=200",
        "INFO request.answered status=404",
        "INFO request.answered status=404",
        "INFO request.answered status=200",
    ]
    assert lines[0].endswith(" entity=Customers verb=select token=2")
    log_text = log.read_text()
    assert not any(
        word in log_text for word in ("Ada", "Byron", "Augusta", "62E3086CED", running.token)
    )
