"""The Python client of Tenantry, which gives every tenant a SQLite database of its own.

    import tenantry

    with tenantry.Client("http://127.0.0.1:50051", token) as client:
        acme = client.database("shop/acme")
        acme.execute("INSERT INTO orders (reference) VALUES (?)", ["PO-1"])

`tenantry.aio` is the same for asyncio, `tenantry.dbapi` is a module by PEP 249, and
`tenantry.sqlalchemy` a dialect of SQLAlchemy.
"""

from tenantry import _environment  # noqa: F401 - before anything that imports grpc

# isort: split
from tenantry import aio, models
from tenantry._core.options import RetryPolicy, Tls, __version__
from tenantry._core.query import Attach, Batchable, Encoding, Summary
from tenantry._sync import Cancellation
from tenantry.client import Client, Database, Rows, Transaction
from tenantry.errors import (
    Aborted,
    AlreadyExists,
    Cancelled,
    ClientClosed,
    Code,
    ConstraintError,
    DataLoss,
    DeadlineExceeded,
    Error,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    MigrationFailed,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    SqlError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from tenantry.models import (
    Child,
    DatabaseInfo,
    Group,
    Migration,
    MigrationFailure,
    NewDatabase,
    NewToken,
    Permission,
    Schema,
    SigningKey,
    TokenInfo,
    Validation,
)
from tenantry.results import (
    Attachment,
    BatchResult,
    Column,
    Condition,
    Description,
    ExecuteResult,
    ResultSet,
    Statement,
    Stats,
    TransactionMode,
)
from tenantry.values import Args, Bindable, Row, Value

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Args",
    "Attach",
    "Attachment",
    "BatchResult",
    "Batchable",
    "Bindable",
    "Cancellation",
    "Cancelled",
    "Child",
    "Client",
    "ClientClosed",
    "Code",
    "Column",
    "Condition",
    "ConstraintError",
    "DataLoss",
    "Database",
    "DatabaseInfo",
    "DeadlineExceeded",
    "Description",
    "Encoding",
    "Error",
    "ExecuteResult",
    "FailedPrecondition",
    "FieldViolation",
    "Group",
    "InvalidArgument",
    "Migration",
    "MigrationFailed",
    "MigrationFailure",
    "NewDatabase",
    "NewToken",
    "NotFound",
    "Permission",
    "PermissionDenied",
    "ResourceExhausted",
    "ResultSet",
    "RetryPolicy",
    "Row",
    "Rows",
    "Schema",
    "SigningKey",
    "SqlError",
    "Statement",
    "Stats",
    "Summary",
    "Tls",
    "TokenInfo",
    "Transaction",
    "TransactionMode",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Validation",
    "Value",
    "__version__",
    "aio",
    "models",
]
