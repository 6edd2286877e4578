"""The calls of DatabasesService.

Each function here is the one definition of a method of `client.databases`, for both
clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tenantry._core.call import Call, Listing, fresh_unless, rpc
from tenantry._gen.v1 import databases_pb2
from tenantry.models import DatabaseInfo, DatabaseKind, Group, NewDatabase, enum_value


def create_group(name: str, *, timeout: float | None = None) -> Call[Group]:
    """Creates a group."""
    return Call(
        rpc("DatabasesService", "CreateGroup", databases_pb2.CreateGroupResponse),
        databases_pb2.CreateGroupRequest(group=databases_pb2.Group(name=name)),
        lambda answer: Group.of(answer.group),
        repeatable=False,
        timeout=timeout,
    )


def get_group(name: str, *, timeout: float | None = None) -> Call[Group]:
    """Returns a group."""
    return Call(
        rpc("DatabasesService", "GetGroup", databases_pb2.GetGroupResponse),
        databases_pb2.GetGroupRequest(name=name),
        lambda answer: Group.of(answer.group),
        repeatable=True,
        timeout=timeout,
    )


def list_groups(*, page_size: int = 0, timeout: float | None = None) -> Listing[Group]:
    """Lists the groups that the token covers, by name."""
    return Listing(
        rpc("DatabasesService", "ListGroups", databases_pb2.ListGroupsResponse),
        databases_pb2.ListGroupsRequest(page_size=page_size),
        lambda answer: list(map(Group.of, answer.groups)),
        timeout,
    )


def delete_group(name: str, *, timeout: float | None = None) -> Call[None]:
    """Deletes a group that has no live databases."""
    return Call(
        rpc("DatabasesService", "DeleteGroup", databases_pb2.DeleteGroupResponse),
        databases_pb2.DeleteGroupRequest(name=name),
        lambda _: None,
        repeatable=False,
        timeout=timeout,
    )


def create_database(
    name: str,
    *,
    kind: DatabaseKind | None = None,
    schema: str = "",
    allow_attach: bool = False,
    delete_protection: bool = False,
    block_reads: bool = False,
    block_writes: bool = False,
    size_limit_bytes: int = 0,
    labels: Mapping[str, str] | None = None,
    request_id: str = "",
    timeout: float | None = None,
) -> Call[DatabaseInfo]:
    """Creates a database, named as `group/name`. With `schema` it is a CHILD of that one.

    The `request_id` makes it safe to send again; by default it is a fresh one.
    """
    new = NewDatabase(
        name,
        kind,
        schema,
        allow_attach,
        delete_protection,
        block_reads,
        block_writes,
        size_limit_bytes,
        labels or {},
    )
    return Call(
        rpc("DatabasesService", "CreateDatabase", databases_pb2.CreateDatabaseResponse),
        databases_pb2.CreateDatabaseRequest(
            database=new.message(), request_id=fresh_unless(request_id)
        ),
        lambda answer: DatabaseInfo.of(answer.database),
        repeatable=True,
        timeout=timeout,
    )


def branch_database(
    source: str,
    name: str,
    *,
    kind: DatabaseKind | None = None,
    schema: str = "",
    allow_attach: bool = False,
    delete_protection: bool = False,
    block_reads: bool = False,
    block_writes: bool = False,
    size_limit_bytes: int = 0,
    labels: Mapping[str, str] | None = None,
    request_id: str = "",
    timeout: float | None = None,
) -> Call[DatabaseInfo]:
    """Creates a database from a snapshot of `source`, which goes on undisturbed.

    Group, `kind` and `schema` are those of the source and need not be given; nothing of
    its configuration is taken over. One not done by the `timeout` is given up. The
    `request_id` makes it safe to send again; by default it is a fresh one.
    """
    new = NewDatabase(
        name,
        kind,
        schema,
        allow_attach,
        delete_protection,
        block_reads,
        block_writes,
        size_limit_bytes,
        labels or {},
    )
    return Call(
        rpc("DatabasesService", "BranchDatabase", databases_pb2.BranchDatabaseResponse),
        databases_pb2.BranchDatabaseRequest(
            source=source, database=new.message(), request_id=fresh_unless(request_id)
        ),
        lambda answer: DatabaseInfo.of(answer.database),
        repeatable=True,
        timeout=timeout,
    )


def batch_create_databases(
    databases: Iterable[NewDatabase], *, request_id: str = "", timeout: float | None = None
) -> Call[list[DatabaseInfo]]:
    """Creates many databases: all or none."""
    return Call(
        rpc("DatabasesService", "BatchCreateDatabases", databases_pb2.BatchCreateDatabasesResponse),
        databases_pb2.BatchCreateDatabasesRequest(
            databases=[new.message() for new in databases],
            request_id=fresh_unless(request_id),
        ),
        lambda answer: list(map(DatabaseInfo.of, answer.databases)),
        repeatable=True,
        timeout=timeout,
    )


def get_database(name: str, *, timeout: float | None = None) -> Call[DatabaseInfo]:
    """Returns what is known of a database."""
    return Call(
        rpc("DatabasesService", "GetDatabase", databases_pb2.GetDatabaseResponse),
        databases_pb2.GetDatabaseRequest(name=name),
        lambda answer: DatabaseInfo.of(answer.database),
        repeatable=True,
        timeout=timeout,
    )


def list_databases(
    *,
    group: str = "",
    kind: DatabaseKind | None = None,
    schema: str = "",
    labels: Mapping[str, str] | None = None,
    show_deleted: bool = False,
    page_size: int = 0,
    timeout: float | None = None,
) -> Listing[DatabaseInfo]:
    """Lists the databases that fit all filters, by group and name, page after page."""
    return Listing(
        rpc("DatabasesService", "ListDatabases", databases_pb2.ListDatabasesResponse),
        databases_pb2.ListDatabasesRequest(
            group=group,
            kind=enum_value(databases_pb2.DatabaseKind, "DATABASE_KIND_", kind),
            schema=schema,
            labels=labels or {},
            show_deleted=show_deleted,
            page_size=page_size,
        ),
        lambda answer: list(map(DatabaseInfo.of, answer.databases)),
        timeout,
    )


def update_database(
    name: str,
    *,
    allow_attach: bool | None = None,
    delete_protection: bool | None = None,
    block_reads: bool | None = None,
    block_writes: bool | None = None,
    size_limit_bytes: int | None = None,
    labels: Mapping[str, str] | None = None,
    etag: str = "",
    timeout: float | None = None,
) -> Call[DatabaseInfo]:
    """Changes what is given of a database's configuration; `labels` are replaced whole."""
    changes = {
        "allow_attach": allow_attach,
        "delete_protection": delete_protection,
        "block_reads": block_reads,
        "block_writes": block_writes,
        "size_limit_bytes": size_limit_bytes,
        "labels": labels,
    }
    given: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
    request = databases_pb2.UpdateDatabaseRequest(
        database=databases_pb2.Database(name=name, etag=etag, **given)
    )
    request.update_mask.paths.extend(given)
    return Call(
        rpc("DatabasesService", "UpdateDatabase", databases_pb2.UpdateDatabaseResponse),
        request,
        lambda answer: DatabaseInfo.of(answer.database),
        repeatable=False,
        timeout=timeout,
    )


def delete_database(
    name: str, *, etag: str = "", timeout: float | None = None
) -> Call[DatabaseInfo]:
    """Deletes a database; it can be brought back until its `purge_time`."""
    return Call(
        rpc("DatabasesService", "DeleteDatabase", databases_pb2.DeleteDatabaseResponse),
        databases_pb2.DeleteDatabaseRequest(name=name, etag=etag),
        lambda answer: DatabaseInfo.of(answer.database),
        repeatable=False,
        timeout=timeout,
    )


def undelete_database(name: str, *, timeout: float | None = None) -> Call[DatabaseInfo]:
    """Brings a deleted database back; by name it is the one deleted last."""
    return Call(
        rpc("DatabasesService", "UndeleteDatabase", databases_pb2.UndeleteDatabaseResponse),
        databases_pb2.UndeleteDatabaseRequest(name=name),
        lambda answer: DatabaseInfo.of(answer.database),
        repeatable=False,
        timeout=timeout,
    )
