"""One case of the suite, run through one client."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from string import Template
from typing import Any
from uuid import uuid4

from tenantry import Attachment, Error, NewDatabase, Statement
from tests.conformance.clients import Api
from tests.conformance.values import (
    Failed,
    check_error,
    check_fields,
    check_result,
    check_rows,
    parse,
    same,
    same_cells,
)
from tests.server import Server

STEP_SECONDS_MAX = 30
IN_FLIGHT_SECONDS = 0.2
BESIDES = {"client", "timeout_ms", "idempotent", "expect", "error"}
NEW = {"kind", "schema", "allow_attach", "labels", "request_id"}


class OwnError(Exception):
    """What the caller's function raises where a case says so."""


class Case:
    """A case that is being run."""

    def __init__(self, api: Api, server: Server, case: Mapping[str, Any]) -> None:
        self._api = api
        self._server = server
        self._case = case
        self._group = f"c-{uuid4().hex[:20]}"
        self._saved = {"group": self._group}
        self._admin: Any = None
        self._clients: dict[str, Any] = {}

    async def run(self) -> None:
        """Runs it. Raises `Failed`, or whatever was not expected."""
        unknown = self._case.keys() - {"name", "databases", "server", "skip", "steps"}
        if unknown:
            raise Failed(f"cases have no {sorted(unknown)}")
        self._admin = self._connect({})
        try:
            await self._api.call(lambda: self._admin.databases.create_group(self._group))
            for database in self._case.get("databases", ()):
                given = {"name": database} if isinstance(database, str) else database
                await self._create_database(self._filled(given), {})
            for step in self._case["steps"]:
                await self.step(step)
        finally:
            for client in [self._admin, *self._clients.values()]:
                await self._close(client)

    async def step(self, step: Mapping[str, Any]) -> None:
        """Runs a step; it must end as it says."""
        step = self._filled(step)
        names = [key for key in step if key not in BESIDES]
        if len(names) != 1 or names[0] not in OPERATIONS:
            raise Failed(f"there is no operation {names}")
        operation = names[0]
        given = step[operation] or {}
        wanted = step.get("error")
        try:
            async with asyncio.timeout(STEP_SECONDS_MAX):
                answer = await OPERATIONS[operation](self, given, step)
        except Error as error:
            if wanted is None:
                raise Failed(f"{operation}: {error.code} {error}") from None
            check_error(wanted, error)
            return
        if wanted is not None:
            raise Failed(f"{operation} did not fail, and should: {wanted}")
        if "expect" in step:
            self._check(operation, given, step["expect"], answer)

    def _check(self, operation: str, given: Any, wanted: Mapping[str, Any], answer: Any) -> None:
        if operation == "execute":
            check_result(wanted, answer)
        elif operation == "query":
            _check_stream(wanted, *answer)
        elif operation == "batch":
            _only(wanted, {"results"})
            same("number of results", len(wanted["results"]), len(answer))
            for each, found in zip(wanted["results"], answer, strict=True):
                check_result(each, found)
        else:
            check_fields(wanted, answer or {})

    def _filled(self, of: Any) -> Any:
        """What stands in a case, with what was saved in place of `${…}`."""
        if isinstance(of, str):
            return Template(of).safe_substitute(self._saved)
        if isinstance(of, Mapping):
            # What is inside of these is run as steps of its own, later.
            return {
                key: v if key in ("do", "interfere") else self._filled(v) for key, v in of.items()
            }
        return [self._filled(item) for item in of] if isinstance(of, list) else of

    def _client(self, step: Mapping[str, Any]) -> Any:
        name = step.get("client")
        return self._admin if name is None else self._clients[name]

    def _database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        return self._client(step).database(self._named(given["database"]))

    def _named(self, name: str) -> str:
        return f"{self._group}/{name}"

    def _attach(self, given: Mapping[str, Any]) -> list[str | Attachment]:
        return [
            self._named(each)
            if isinstance(each, str)
            else Attachment(self._named(each["database"]), each.get("alias", ""))
            for each in given.get("attach", ())
        ]

    def _connect(self, given: Mapping[str, Any]) -> Any:
        _only(given, {"name", "token", "tokens", "endpoint", "attempts"})
        token: Any = given.get("token", self._server.token)
        if "tokens" in given:
            tokens = list(given["tokens"])
            token = lambda: tokens.pop(0) if len(tokens) > 1 else tokens[0]  # noqa: E731
        endpoint = given.get("endpoint", self._server.endpoint)
        return self._api.connect(endpoint, token, given.get("attempts"))

    async def _connect_step(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        self._clients[given["name"]] = self._connect(given)

    async def _execute(self, given: Mapping[str, Any], step: Mapping[str, Any], **more: Any) -> Any:
        _only(given, {"database", "sql", "args", "named", "attach", "min_generation"})
        database, options = self._database(given, step), _options(step)
        return await self._api.call(
            lambda: database.execute(
                given["sql"],
                _args(given),
                attach=self._attach(given),
                min_generation=given.get("min_generation", 0),
                **options,
                **more,
            )
        )

    async def _query(self, given: Mapping[str, Any], step: Mapping[str, Any], **more: Any) -> Any:
        _only(
            given,
            {"database", "sql", "args", "named", "attach", "min_generation"}
            | {"encoding", "take", "interfere"},
        )
        database, options = self._database(given, step), _options(step)
        rows = await self._api.call(
            lambda: database.query(
                given["sql"],
                _args(given),
                attach=self._attach(given),
                encoding=given.get("encoding", "COLUMNS"),
                min_generation=given.get("min_generation", 0),
                **options,
                **more,
            )
        )
        if "take" in given:
            taken = await self._api.rows(rows, given["take"])
            await self._close(rows)
            return rows, taken
        taken = []
        if "interfere" in given:
            taken += await self._api.rows(rows, 1)
            await self._interfere(given)
        taken += await self._api.rows(rows, None)
        if rows.stats is None:
            raise Failed("there are no stats behind the last row")
        return rows, taken

    async def _batch(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"database", "statements", "mode", "attach"})
        database, options = self._database(given, step), _options(step)
        statements = [
            each if isinstance(each, str) else Statement(each["sql"], _args(each))
            for each in given["statements"]
        ]
        mode = {"mode": given["mode"]} if "mode" in given else {}
        return await self._api.call(
            lambda: database.batch(statements, attach=self._attach(given), **mode, **options)
        )

    async def _transaction(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"database", "mode", "attach", "do", "end", "interfere"})
        database, attempts, own = self._database(given, step), 0, OwnError()
        options = {**_options(step), "attach": self._attach(given)}
        if "mode" in given:
            options["mode"] = given["mode"]

        async def body(transaction: Any) -> None:
            nonlocal attempts
            attempts += 1
            for at, each in enumerate(given["do"]):
                await self._inner(transaction, self._filled(each))
                if at == 0 and attempts == 1 and "interfere" in given:
                    await self._interfere(given)
            if given.get("end") == "fail":
                raise own

        try:
            await self._api.transaction(database, body, options)
        except OwnError as raised:
            if raised is not own:
                raise Failed("the caller's error was changed") from None
        else:
            if given.get("end") == "fail":
                raise Failed("the caller's error did not come out")
        return {"attempts": attempts}

    async def _inner(self, transaction: Any, step: Mapping[str, Any]) -> None:
        _only(step, {"execute", "expect", "error"})
        given, wanted = step["execute"], step.get("error")
        _only(given, {"sql", "args", "named"})
        try:
            result = await self._api.execute(transaction, given["sql"], _args(given))
        except Error as error:
            if wanted is None:
                raise
            check_error(wanted, error)
            return
        if wanted is not None:
            raise Failed(f"a statement did not fail, and should: {wanted}")
        check_result(step.get("expect", {}), result)

    async def _interfere(self, given: Mapping[str, Any]) -> None:
        steps = given["interfere"]
        if isinstance(steps, str):
            steps = [{"execute": {"database": given["database"], "sql": steps}}]
        for each in steps:
            await self.step(each)

    async def _create_database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"name", *NEW})
        NewDatabase(**{key: value for key, value in given.items() if key != "request_id"})
        rest = {key: value for key, value in given.items() if key != "name"}
        client = self._client(step)
        return _fields(
            await self._api.call(
                lambda: client.databases.create(
                    self._named(given["name"]), **rest, **_timeout(step)
                )
            )
        )

    async def _branch_database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"source", "name", *NEW})
        call = self._client(step).databases.branch
        options = {**given, "source": self._named(given["source"]), **_timeout(step)}
        return _fields(await self._api.call(lambda: call(**options)))

    async def _get_database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        return _fields(await self._named_call("get", given, step))

    async def _update_database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"name", "set"})
        client = self._client(step)
        return _fields(
            await self._api.call(
                lambda: client.databases.update(
                    self._named(given["name"]), **given["set"], **_timeout(step)
                )
            )
        )

    async def _delete_database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        await self._named_call("delete", given, step)

    async def _undelete_database(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        await self._named_call("undelete", given, step)

    async def _named_call(
        self, method: str, given: Mapping[str, Any], step: Mapping[str, Any]
    ) -> Any:
        _only(given, {"name"})
        call = getattr(self._client(step).databases, method)
        return await self._api.call(lambda: call(self._named(given["name"]), **_timeout(step)))

    async def _list_databases(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"kind", "labels", "page_size"})
        client = self._client(step)
        found = await self._api.call(
            lambda: client.databases.list(group=self._group, **given, **_timeout(step))
        )
        return {"names": [database.name for database in found]}

    async def _create_token(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        _only(given, {"databases", "attach", "access", "ttl_ms", "save"})
        options: dict[str, Any] = {
            "databases": [self._named(name) for name in given.get("databases", ())],
            "attach": [self._named(name) for name in given.get("attach", ())],
        }
        if "access" in given:
            options["access"] = given["access"]
        if "ttl_ms" in given:
            options["ttl"] = timedelta(milliseconds=given["ttl_ms"])
        client = self._client(step)
        minted = await self._api.call(lambda: client.tokens.create(**options, **_timeout(step)))
        self._saved[given["save"]] = minted.token
        self._saved[f"{given['save']}_id"] = minted.info.id

    async def _revoke_token(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        _only(given, {"id"})
        client = self._client(step)
        await self._api.call(lambda: client.tokens.revoke(given["id"], **_timeout(step)))

    async def _migrate(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(
            given,
            {"schema", "sql", "validate_only", "wait_for", "expected_generation", "request_id"},
        )
        calls, schema, sql = self._client(step).schema, self._named(given["schema"]), given["sql"]
        options = {
            key: given[key]
            for key in ("wait_for", "expected_generation", "request_id")
            if key in given
        }
        if given.get("validate_only"):
            report = await self._api.call(
                lambda: calls.validate(schema, sql, **options, **_timeout(step))
            )
            failures = sorted(failure.database for failure in report.failures)
            return {
                "failures": failures,
                "state": report.migration.state,
                "generation": report.migration.generation,
            }
        progress: list[str] = []
        migration = await self._api.call(
            lambda: calls.migrate(
                schema,
                sql,
                on_progress=lambda migration: progress.append(migration.state),
                **options,
                **_timeout(step),
            )
        )
        return {
            "state": migration.state,
            "generation": migration.generation,
            "progress": progress[-1:] == [migration.state],
        }

    async def _get_schema(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"schema"})
        client, wanted = self._client(step), dict(step.get("expect", {}))
        schema = await self._api.call(
            lambda: client.schema.get_schema(self._named(given["schema"]), **_timeout(step))
        )
        part = wanted.get("sql", "")
        return {
            "generation": schema.generation,
            "sql": part if part in schema.ddl else schema.ddl,
        }

    async def _list_children(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"schema", "page_size"})
        client = self._client(step)
        found = await self._api.call(
            lambda: client.schema.children(
                self._named(given["schema"]),
                page_size=given.get("page_size", 0),
                **_timeout(step),
            )
        )
        return {"names": [child.name for child in found]}

    async def _list_migrations(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        _only(given, {"schema"})
        client = self._client(step)
        found = await self._api.call(
            lambda: client.schema.list(self._named(given["schema"]), **_timeout(step))
        )
        return {"states": [migration.state for migration in found]}

    async def _cancel(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        _only(given, {"after_ms", "call"})
        await self._api.cancel_after(
            given["after_ms"] / 1000, self._streamable(given["call"], step)
        )

    async def _close_step(self, given: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        _only(given, {"in_flight"})
        client = self._clients[step["client"]]
        if "in_flight" not in given:
            await self._close(client)
            return
        call = asyncio.create_task(self._streamable(given["in_flight"], step)())
        await asyncio.sleep(IN_FLIGHT_SECONDS)
        await self._close(client)
        await call

    def _streamable(self, call: Mapping[str, Any], step: Mapping[str, Any]) -> Any:
        """The call of a step that stands in another one."""
        _only(call, {"execute", "query", "timeout_ms", "idempotent"})
        inner = {**call, "client": step.get("client")}
        method = self._execute if "execute" in call else self._query
        given = call["execute"] if "execute" in call else call["query"]
        return lambda **more: method(given, inner, **more)

    async def _server_step(self, given: Any, step: Mapping[str, Any]) -> None:
        if "server" not in self._case:
            raise Failed("a case needs a server of its own to do this")
        match given:
            case "stop" | "kill" | "start":
                await asyncio.to_thread(getattr(self._server, given))
            case "restart":
                await asyncio.to_thread(self._server.stop)
                await asyncio.to_thread(self._server.start)
            case {"start_after_ms": after} if len(given) == 1:
                self._server.start_after(after / 1000)
            case _:
                raise Failed(f"a server cannot {given!r}")

    async def _close(self, of: Any) -> None:
        await self._api.call(of.close)


OPERATIONS: dict[str, Any] = {
    "connect": Case._connect_step,
    "execute": Case._execute,
    "batch": Case._batch,
    "query": Case._query,
    "transaction": Case._transaction,
    "create_database": Case._create_database,
    "branch_database": Case._branch_database,
    "get_database": Case._get_database,
    "update_database": Case._update_database,
    "delete_database": Case._delete_database,
    "undelete_database": Case._undelete_database,
    "list_databases": Case._list_databases,
    "create_token": Case._create_token,
    "revoke_token": Case._revoke_token,
    "migrate": Case._migrate,
    "get_schema": Case._get_schema,
    "list_children": Case._list_children,
    "list_migrations": Case._list_migrations,
    "cancel": Case._cancel,
    "close": Case._close_step,
    "server": Case._server_step,
}


def _check_stream(wanted: Mapping[str, Any], rows: Any, taken: Sequence[Any]) -> None:
    for key, value in wanted.items():
        if check_rows(key, value, rows.columns, taken):
            continue
        match key:
            case "row_count":
                same(key, value, len(taken))
            case "last_row":
                same_cells(key, value, taken[-1])
            case "generation":
                same(key, value, rows.generation)
            case _:
                raise Failed(f"streams have no {key!r}")


def _only(given: Mapping[str, Any], known: set[str]) -> None:
    unknown = given.keys() - known
    if unknown:
        raise Failed(f"there is no {sorted(unknown)} here")


def _args(given: Mapping[str, Any]) -> Any:
    if "args" in given and "named" in given:
        raise Failed("this client takes arguments by position or by name, not both")
    if "named" in given:
        return {name: parse(value) for name, value in given["named"].items()}
    return [parse(value) for value in given.get("args", ())]


def _timeout(step: Mapping[str, Any]) -> dict[str, Any]:
    return {"timeout": step["timeout_ms"] / 1000} if "timeout_ms" in step else {}


def _options(step: Mapping[str, Any]) -> dict[str, Any]:
    idempotent = {"idempotent": True} if step.get("idempotent") else {}
    return {**_timeout(step), **idempotent}


def _fields(info: Any) -> dict[str, Any]:
    return {name: getattr(info, name) for name in info.__dataclass_fields__}
