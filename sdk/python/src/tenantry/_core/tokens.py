"""The calls of TokensService.

Each function here is the one definition of a method of `client.tokens`, for both
clients.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from tenantry._core.call import Call, Listing, rpc
from tenantry._gen.v1 import tokens_pb2
from tenantry.models import Access, NewToken, Permission, SigningKey, TokenInfo, enum_value


def create_token(
    *,
    databases: Iterable[str] = (),
    groups: Iterable[str] = (),
    access: Access | None = None,
    ddl: bool = False,
    attach: Iterable[str] = (),
    permissions: Iterable[Permission] = (),
    ttl: timedelta | None = None,
    never_expires: bool = False,
    subject: str = "",
    server_admin: bool = False,
    timeout: float | None = None,
) -> Call[NewToken]:
    """Mints a token; the answer is the only time that it is shown."""
    request = tokens_pb2.CreateTokenRequest(
        databases=databases,
        groups=groups,
        access=enum_value(tokens_pb2.Access, "ACCESS_", access),
        ddl=ddl,
        attach=attach,
        permissions=[
            tokens_pb2.Permission(
                table=permission.table,
                actions=[enum_value(tokens_pb2.Action, "ACTION_", a) for a in permission.actions],
            )
            for permission in permissions
        ],
        subject=subject,
        server_admin=server_admin,
    )
    if never_expires:
        request.never_expires = True
    if ttl is not None:
        duration = Duration()
        duration.FromTimedelta(ttl)
        request.ttl.CopyFrom(duration)
    return Call(
        rpc("TokensService", "CreateToken", tokens_pb2.CreateTokenResponse),
        request,
        lambda answer: NewToken(answer.token, TokenInfo.of(answer.metadata)),
        repeatable=False,
        timeout=timeout,
    )


def list_tokens(
    *,
    database: str = "",
    group: str = "",
    subject: str = "",
    show_inactive: bool = False,
    page_size: int = 0,
    timeout: float | None = None,
) -> Listing[TokenInfo]:
    """Lists minted tokens that fit all filters, without the tokens themselves."""
    return Listing(
        rpc("TokensService", "ListTokens", tokens_pb2.ListTokensResponse),
        tokens_pb2.ListTokensRequest(
            database=database,
            group=group,
            subject=subject,
            show_inactive=show_inactive,
            page_size=page_size,
        ),
        lambda answer: list(map(TokenInfo.of, answer.tokens)),
        timeout,
    )


def get_token(id: str, *, timeout: float | None = None) -> Call[TokenInfo]:
    """Returns what is known of a minted token."""
    return Call(
        rpc("TokensService", "GetToken", tokens_pb2.GetTokenResponse),
        tokens_pb2.GetTokenRequest(id=id),
        lambda answer: TokenInfo.of(answer.metadata),
        repeatable=True,
        timeout=timeout,
    )


def revoke_token(id: str, *, timeout: float | None = None) -> Call[TokenInfo]:
    """Withdraws one token, from the next request on."""
    return Call(
        rpc("TokensService", "RevokeToken", tokens_pb2.RevokeTokenResponse),
        tokens_pb2.RevokeTokenRequest(id=id),
        lambda answer: TokenInfo.of(answer.metadata),
        # Revoking it again changes nothing.
        repeatable=True,
        timeout=timeout,
    )


def invalidate_tokens(
    *, database: str = "", group: str = "", timeout: float | None = None
) -> Call[None]:
    """Withdraws all tokens of a database or of a group that were minted before."""
    request = tokens_pb2.InvalidateTokensRequest()
    if database:
        request.database = database
    if group:
        request.group = group
    return Call(
        rpc("TokensService", "InvalidateTokens", tokens_pb2.InvalidateTokensResponse),
        request,
        lambda _: None,
        repeatable=False,
        timeout=timeout,
    )


def rotate_signing_key(*, timeout: float | None = None) -> Call[SigningKey]:
    """Makes a new signing key the active one."""
    return Call(
        rpc("TokensService", "RotateSigningKey", tokens_pb2.RotateSigningKeyResponse),
        tokens_pb2.RotateSigningKeyRequest(),
        lambda answer: SigningKey.of(answer.signing_key),
        repeatable=False,
        timeout=timeout,
    )


def list_signing_keys(*, page_size: int = 0, timeout: float | None = None) -> Listing[SigningKey]:
    """Lists the public parts of the signing keys, newest first."""
    return Listing(
        rpc("TokensService", "ListSigningKeys", tokens_pb2.ListSigningKeysResponse),
        tokens_pb2.ListSigningKeysRequest(page_size=page_size),
        lambda answer: list(map(SigningKey.of, answer.signing_keys)),
        timeout,
    )
