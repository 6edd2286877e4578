import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Access(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCESS_UNSPECIFIED: _ClassVar[Access]
    ACCESS_READ_ONLY: _ClassVar[Access]
    ACCESS_READ_WRITE: _ClassVar[Access]
    ACCESS_ADMIN: _ClassVar[Access]

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_DATA_READ: _ClassVar[Action]
    ACTION_DATA_ADD: _ClassVar[Action]
    ACTION_DATA_UPDATE: _ClassVar[Action]
    ACTION_DATA_DELETE: _ClassVar[Action]
    ACTION_SCHEMA_ADD: _ClassVar[Action]
    ACTION_SCHEMA_UPDATE: _ClassVar[Action]
    ACTION_SCHEMA_DELETE: _ClassVar[Action]
ACCESS_UNSPECIFIED: Access
ACCESS_READ_ONLY: Access
ACCESS_READ_WRITE: Access
ACCESS_ADMIN: Access
ACTION_UNSPECIFIED: Action
ACTION_DATA_READ: Action
ACTION_DATA_ADD: Action
ACTION_DATA_UPDATE: Action
ACTION_DATA_DELETE: Action
ACTION_SCHEMA_ADD: Action
ACTION_SCHEMA_UPDATE: Action
ACTION_SCHEMA_DELETE: Action

class Permission(_message.Message):
    __slots__ = ("table", "actions")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    table: str
    actions: _containers.RepeatedScalarFieldContainer[Action]
    def __init__(self, table: _Optional[str] = ..., actions: _Optional[_Iterable[_Union[Action, str]]] = ...) -> None: ...

class TokenScopes(_message.Message):
    __slots__ = ("databases", "groups", "access", "ddl", "attach", "permissions", "server_admin")
    DATABASES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    DDL_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    SERVER_ADMIN_FIELD_NUMBER: _ClassVar[int]
    databases: _containers.RepeatedScalarFieldContainer[str]
    groups: _containers.RepeatedScalarFieldContainer[str]
    access: Access
    ddl: bool
    attach: _containers.RepeatedScalarFieldContainer[str]
    permissions: _containers.RepeatedCompositeFieldContainer[Permission]
    server_admin: bool
    def __init__(self, databases: _Optional[_Iterable[str]] = ..., groups: _Optional[_Iterable[str]] = ..., access: _Optional[_Union[Access, str]] = ..., ddl: bool = ..., attach: _Optional[_Iterable[str]] = ..., permissions: _Optional[_Iterable[_Union[Permission, _Mapping]]] = ..., server_admin: bool = ...) -> None: ...

class TokenInfo(_message.Message):
    __slots__ = ("id", "subject", "scopes", "create_time", "expire_time", "revoke_time", "signing_key_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKE_TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    subject: str
    scopes: TokenScopes
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    revoke_time: _timestamp_pb2.Timestamp
    signing_key_id: str
    def __init__(self, id: _Optional[str] = ..., subject: _Optional[str] = ..., scopes: _Optional[_Union[TokenScopes, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoke_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., signing_key_id: _Optional[str] = ...) -> None: ...

class CreateTokenRequest(_message.Message):
    __slots__ = ("databases", "groups", "access", "ddl", "attach", "permissions", "ttl", "never_expires", "subject", "server_admin")
    DATABASES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    DDL_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    NEVER_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SERVER_ADMIN_FIELD_NUMBER: _ClassVar[int]
    databases: _containers.RepeatedScalarFieldContainer[str]
    groups: _containers.RepeatedScalarFieldContainer[str]
    access: Access
    ddl: bool
    attach: _containers.RepeatedScalarFieldContainer[str]
    permissions: _containers.RepeatedCompositeFieldContainer[Permission]
    ttl: _duration_pb2.Duration
    never_expires: bool
    subject: str
    server_admin: bool
    def __init__(self, databases: _Optional[_Iterable[str]] = ..., groups: _Optional[_Iterable[str]] = ..., access: _Optional[_Union[Access, str]] = ..., ddl: bool = ..., attach: _Optional[_Iterable[str]] = ..., permissions: _Optional[_Iterable[_Union[Permission, _Mapping]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., never_expires: bool = ..., subject: _Optional[str] = ..., server_admin: bool = ...) -> None: ...

class CreateTokenResponse(_message.Message):
    __slots__ = ("token", "metadata")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    token: str
    metadata: TokenInfo
    def __init__(self, token: _Optional[str] = ..., metadata: _Optional[_Union[TokenInfo, _Mapping]] = ...) -> None: ...

class ListTokensRequest(_message.Message):
    __slots__ = ("database", "group", "subject", "show_inactive", "page_size", "page_token")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SHOW_INACTIVE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    database: str
    group: str
    subject: str
    show_inactive: bool
    page_size: int
    page_token: str
    def __init__(self, database: _Optional[str] = ..., group: _Optional[str] = ..., subject: _Optional[str] = ..., show_inactive: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTokensResponse(_message.Message):
    __slots__ = ("tokens", "next_page_token")
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedCompositeFieldContainer[TokenInfo]
    next_page_token: str
    def __init__(self, tokens: _Optional[_Iterable[_Union[TokenInfo, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetTokenRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetTokenResponse(_message.Message):
    __slots__ = ("metadata",)
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metadata: TokenInfo
    def __init__(self, metadata: _Optional[_Union[TokenInfo, _Mapping]] = ...) -> None: ...

class RevokeTokenRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class RevokeTokenResponse(_message.Message):
    __slots__ = ("metadata",)
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metadata: TokenInfo
    def __init__(self, metadata: _Optional[_Union[TokenInfo, _Mapping]] = ...) -> None: ...

class InvalidateTokensRequest(_message.Message):
    __slots__ = ("database", "group")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    database: str
    group: str
    def __init__(self, database: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...

class InvalidateTokensResponse(_message.Message):
    __slots__ = ("invalidate_time",)
    INVALIDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    invalidate_time: _timestamp_pb2.Timestamp
    def __init__(self, invalidate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SigningKey(_message.Message):
    __slots__ = ("id", "kty", "crv", "x", "alg", "use", "active", "create_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    KTY_FIELD_NUMBER: _ClassVar[int]
    CRV_FIELD_NUMBER: _ClassVar[int]
    X_FIELD_NUMBER: _ClassVar[int]
    ALG_FIELD_NUMBER: _ClassVar[int]
    USE_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    kty: str
    crv: str
    x: str
    alg: str
    use: str
    active: bool
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., kty: _Optional[str] = ..., crv: _Optional[str] = ..., x: _Optional[str] = ..., alg: _Optional[str] = ..., use: _Optional[str] = ..., active: bool = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RotateSigningKeyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RotateSigningKeyResponse(_message.Message):
    __slots__ = ("signing_key",)
    SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    signing_key: SigningKey
    def __init__(self, signing_key: _Optional[_Union[SigningKey, _Mapping]] = ...) -> None: ...

class ListSigningKeysRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSigningKeysResponse(_message.Message):
    __slots__ = ("signing_keys", "next_page_token")
    SIGNING_KEYS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    signing_keys: _containers.RepeatedCompositeFieldContainer[SigningKey]
    next_page_token: str
    def __init__(self, signing_keys: _Optional[_Iterable[_Union[SigningKey, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
