//! Tokens, and the keys that sign them.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::call::{Method, stub};
use super::pages::pages;
use super::{Access, Call, Client, Error, Pages, Permission, Result, SigningKey, TokenInfo};
use crate::v1::create_token_request::Lifetime;
use crate::v1::invalidate_tokens_request::Target;
use crate::v1::{
    CreateTokenRequest, CreateTokenResponse, GetTokenRequest, InvalidateTokensRequest,
    ListSigningKeysRequest, ListTokensRequest, RevokeTokenRequest, RotateSigningKeyRequest,
};

/// Tokens, and the keys that sign them.
#[derive(Clone, Debug)]
pub struct Tokens(pub(super) Client);

impl Tokens {
    /// Mints a token; the builder takes what it permits.
    pub fn create(&self) -> CreateToken {
        CreateToken { client: self.0.clone(), request: CreateTokenRequest::default() }
    }

    /// Lists minted tokens, newest first; the builder takes filters.
    pub fn list(&self) -> ListTokens {
        ListTokens { client: self.0.clone(), request: ListTokensRequest::default() }
    }

    /// Returns what is known of a token.
    pub async fn get(&self, id: impl Into<String>) -> Result<TokenInfo> {
        let request = GetTokenRequest { id: id.into() };
        let answer = self.0.call(Method::safe("GetToken"), request, stub!(tokens.get_token));
        answer.await?.metadata.ok_or_else(Error::malformed)
    }

    /// Withdraws a token.
    pub async fn revoke(&self, id: impl Into<String>) -> Result<TokenInfo> {
        let request = RevokeTokenRequest { id: id.into() };
        let answer = self.0.call(Method::write("RevokeToken"), request, stub!(tokens.revoke_token));
        answer.await?.metadata.ok_or_else(Error::malformed)
    }

    /// Withdraws all tokens of a database that were minted until now.
    pub async fn invalidate_database(&self, reference: impl Into<String>) -> Result<()> {
        self.invalidate(Target::Database(reference.into())).await
    }

    /// Withdraws all tokens of a group and its databases that were minted until now.
    pub async fn invalidate_group(&self, group: impl Into<String>) -> Result<()> {
        self.invalidate(Target::Group(group.into())).await
    }

    async fn invalidate(&self, target: Target) -> Result<()> {
        let request = InvalidateTokensRequest { target: Some(target) };
        let answer = self.0.call(
            Method::write("InvalidateTokens"),
            request,
            stub!(tokens.invalidate_tokens),
        );
        answer.await.map(drop)
    }

    /// Makes a new signing key the active one.
    pub async fn rotate_signing_key(&self) -> Result<SigningKey> {
        let request = RotateSigningKeyRequest {};
        let answer = self.0.call(
            Method::write("RotateSigningKey"),
            request,
            stub!(tokens.rotate_signing_key),
        );
        answer.await?.signing_key.ok_or_else(Error::malformed)
    }

    /// Lists the public parts of the signing keys, newest first.
    #[must_use]
    pub fn list_signing_keys(&self) -> Pages<SigningKey> {
        let request = ListSigningKeysRequest::default();
        pages!(self.0.clone(), "ListSigningKeys", tokens.list_signing_keys, request, signing_keys)
    }
}

/// A token to mint; `.await` mints it.
#[derive(Clone, Debug)]
#[must_use = "nothing is minted without `.await`"]
pub struct CreateToken {
    client: Client,
    request: CreateTokenRequest,
}

impl CreateToken {
    /// Covers a database.
    pub fn database(mut self, reference: impl Into<String>) -> Self {
        self.request.databases.push(reference.into());
        self
    }

    /// Covers a group, with every database that is or will be in it.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.request.groups.push(group.into());
        self
    }

    /// How far it reaches into them. Default: READ_WRITE.
    pub fn access(mut self, access: Access) -> Self {
        self.request.access = access.into();
        self
    }

    /// Lets it migrate the SCHEMA databases among them.
    pub fn ddl(mut self, ddl: bool) -> Self {
        self.request.ddl = ddl;
        self
    }

    /// Lets it attach a database.
    pub fn attach(mut self, reference: impl Into<String>) -> Self {
        self.request.attach.push(reference.into());
        self
    }

    /// Restricts it to this, and to what else is given so.
    pub fn permission(mut self, permission: Permission) -> Self {
        self.request.permissions.push(permission);
        self
    }

    /// How long it lives. Default: 7 days.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        // What does not fit is far beyond what the server takes, and is refused there.
        let longest = prost_types::Duration { seconds: i64::MAX, nanos: 0 };
        self.request.lifetime = Some(Lifetime::Ttl(ttl.try_into().unwrap_or(longest)));
        self
    }

    /// Lets it live until it is revoked.
    pub fn never_expires(mut self) -> Self {
        self.request.lifetime = Some(Lifetime::NeverExpires(true));
        self
    }

    /// For whom it is: free text.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.request.subject = subject.into();
        self
    }

    /// Lets it do everything on the server.
    pub fn server_admin(mut self) -> Self {
        self.request.server_admin = true;
        self
    }
}

impl IntoFuture for CreateToken {
    type Output = Result<CreateTokenResponse>;
    type IntoFuture = Call<CreateTokenResponse>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, request } = self;
        async move {
            client.call(Method::write("CreateToken"), request, stub!(tokens.create_token)).await
        }
        .boxed()
    }
}

/// Which tokens to list; [`ListTokens::pages`] lists them.
#[derive(Clone, Debug)]
#[must_use = "nothing is listed without `pages`"]
pub struct ListTokens {
    client: Client,
    request: ListTokensRequest,
}

impl ListTokens {
    /// Only those that name this database.
    pub fn database(mut self, reference: impl Into<String>) -> Self {
        self.request.database = reference.into();
        self
    }

    /// Only those that name this group or a database in it.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.request.group = group.into();
        self
    }

    /// Only with this subject.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.request.subject = subject.into();
        self
    }

    /// Revoked and expired ones too.
    pub fn show_inactive(mut self, show: bool) -> Self {
        self.request.show_inactive = show;
        self
    }

    /// How many each request asks for.
    pub fn page_size(mut self, size: i32) -> Self {
        self.request.page_size = size;
        self
    }

    /// The list.
    #[must_use]
    pub fn pages(self) -> Pages<TokenInfo> {
        pages!(self.client, "ListTokens", tokens.list_tokens, self.request, tokens)
    }
}
