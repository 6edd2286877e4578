//! Clients of the server, with or without a token, and what they say of
//! errors.

use std::net::SocketAddr;

use tenantry_client::errors;
use tenantry_client::v1::databases_service_client::DatabasesServiceClient;
use tenantry_client::v1::query_service_client::QueryServiceClient;
use tenantry_client::v1::schema_service_client::SchemaServiceClient;
use tenantry_client::v1::tokens_service_client::TokensServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetail, StatusExt as _};

use super::wait::PATIENCE;

/// A channel whose requests carry a token.
pub(crate) type Authorized = InterceptedService<Channel, Bearer>;

/// Puts a token on each request; none where there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// A client of all services under one token.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    channel: Channel,
    bearer: Bearer,
    token: Option<String>,
}

impl Client {
    /// A client without a token. It connects with its first request.
    pub(crate) fn anonymous(address: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect_timeout(PATIENCE).timeout(2 * PATIENCE).connect_lazy();
        Self { address, channel, bearer: Bearer::default(), token: None }
    }

    /// The same connection under a token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        let mut client = self.with_authorization(&format!("Bearer {token}"));
        client.token = Some(token.to_owned());
        client
    }

    /// The same connection with this word in the place of the token's.
    pub(crate) fn with_authorization(&self, word: &str) -> Self {
        let mut value: MetadataValue<Ascii> = word.parse().expect("metadata is ASCII");
        value.set_sensitive(true);
        Self { bearer: Bearer(Some(value)), token: None, ..self.clone() }
    }

    /// Another connection under the same token, on which this side takes no
    /// message until it says so, and it never does.
    pub(crate) fn deaf(&self) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address));
        let endpoint = endpoint.expect("an address").initial_stream_window_size(0);
        Self { channel: endpoint.connect_lazy(), ..self.clone() }
    }

    /// Another connection under the same token.
    pub(crate) fn apart(&self) -> Self {
        Self { channel: Self::anonymous(self.address).channel, ..self.clone() }
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its token.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The connection, without the token.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) fn databases(&self) -> DatabasesServiceClient<Authorized> {
        DatabasesServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_encoding_message_size(usize::MAX)
    }

    pub(crate) fn tokens(&self) -> TokensServiceClient<Authorized> {
        TokensServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    pub(crate) fn schemas(&self) -> SchemaServiceClient<Authorized> {
        SchemaServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_encoding_message_size(usize::MAX)
    }

    pub(crate) fn query(&self) -> QueryServiceClient<Authorized> {
        QueryServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_encoding_message_size(usize::MAX)
    }
}

/// The reason of an error. It must be told as the contract says: in exactly
/// one `ErrorInfo`.
#[track_caller]
pub(crate) fn reason(status: &Status) -> String {
    let infos = status
        .get_error_details_vec()
        .into_iter()
        .filter(|detail| matches!(detail, ErrorDetail::ErrorInfo(_)))
        .count();
    assert_eq!(infos, 1, "one ErrorInfo belongs to {status:?}");
    let info = errors::info(status).expect("its domain is tenantry");
    assert!(info.known_reason().is_some(), "'{}' is not in ErrorReason", info.reason);
    info.reason
}

/// A variable of an error.
#[track_caller]
pub(crate) fn metadata(status: &Status, key: &str) -> String {
    let info = errors::info(status).expect("it has an ErrorInfo");
    info.metadata.get(key).unwrap_or_else(|| panic!("no '{key}' in {info:?}")).clone()
}

/// The error that a call must have ended with.
#[track_caller]
pub(crate) fn expect_error<T>(result: Result<T, Status>, code: Code, expected: &str) -> Status {
    let Err(status) = result else { panic!("expected {expected}, and the call succeeded") };
    let reason = reason(&status);
    assert_eq!((status.code(), reason.as_str()), (code, expected), "{status:?}");
    status
}
