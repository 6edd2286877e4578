"""A dialect of SQLAlchemy: `tenantry://:TOKEN@host:port/group/name`.

It is SQLAlchemy's own dialect for SQLite over `tenantry.dbapi`, and goes by the name
`sqlite`, so that whatever is made for SQLite, Alembic among it, takes it for that. On a
SCHEMA database a transaction that changes something is one migration of all its
children.

The query of the URL may have `tls` (`true` or `false`; by default plaintext on this machine
and TLS elsewhere), `ca` (a file of authorities), `attach` (a database; may be given several
times), `mode` (how transactions begin) and `timeout` (the seconds that a transaction may take).
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, pool
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from tenantry import dbapi
from tenantry._core.options import Tls

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import ConnectArgsType
    from sqlalchemy.engine.url import URL

_PORT = 50051


class TenantryDialect(SQLiteDialect):
    """SQLite that is reached through Tenantry."""

    driver = "tenantry"
    default_paramstyle = "qmark"
    supports_statement_cache = True
    returns_native_bytes = True

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """The module by PEP 249."""
        return dbapi

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        """Connections are kept: they cost a little to make."""
        return pool.QueuePool

    def create_connect_args(self, url: URL) -> ConnectArgsType:
        """The arguments of `tenantry.dbapi.connect`."""
        query: dict[str, Any] = dict(url.query)
        if not url.host or not url.database:
            raise exc.ArgumentError(f"the URL {url!r} is not like tenantry://host:port/group/name")
        host = f"[{url.host}]" if ":" in url.host else url.host
        scheme = {"true": "https://", "false": "http://", None: ""}.get(query.pop("tls", None))
        if scheme is None:
            raise exc.ArgumentError("`tls` is `true` or `false`")
        options: dict[str, Any] = {"token": str(url.password) if url.password else None}
        if "ca" in query:
            options["tls"] = Tls(ca=query.pop("ca"))
        if "attach" in query:
            attach = query.pop("attach")
            options["attach"] = [attach] if isinstance(attach, str) else list(attach)
        if "mode" in query:
            options["mode"] = query.pop("mode")
        if "timeout" in query:
            options["timeout"] = float(query.pop("timeout"))
        if query:
            raise exc.ArgumentError(f"the URL has unknown options: {', '.join(sorted(query))}")
        return [f"{scheme}{host}:{url.port or _PORT}", url.database], options

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
        return tuple(int(part) for part in version.split("."))

    def get_isolation_level_values(self, dbapi_connection: Any) -> list[Any]:
        """The levels there are."""
        return ["SERIALIZABLE", "AUTOCOMMIT"]

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """The level of a connection."""
        return "AUTOCOMMIT" if dbapi_connection.autocommit else "SERIALIZABLE"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Sets the level of a connection."""
        dbapi_connection.autocommit = level == "AUTOCOMMIT"

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        """Whether each statement is a transaction of its own."""
        return bool(dbapi_conn.autocommit)

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Whether the error means that the connection, and its transaction, is gone."""
        return isinstance(e, dbapi.Error) and (
            e.code == "UNAVAILABLE" or e.reason == "CLIENT_CLOSED"
        )
