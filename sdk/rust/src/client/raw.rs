//! The generated stubs on the client's connections.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::v1::databases_service_client::DatabasesServiceClient;
use crate::v1::query_service_client::QueryServiceClient;
use crate::v1::schema_service_client::SchemaServiceClient;
use crate::v1::tokens_service_client::TokensServiceClient;

/// The largest message that is received: a row may have 8 MiB, and a chunk more.
const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The header that carries the token.
pub(super) const AUTHORIZATION: &str = "authorization";

/// Sets the token of each request.
#[derive(Clone)]
pub struct Authorized(Option<MetadataValue<Ascii>>);

impl Interceptor for Authorized {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert(AUTHORIZATION, token.clone());
        }
        Ok(request)
    }
}

/// The generated stubs, for what the client has no method for.
#[derive(Clone)]
pub struct Raw {
    channel: Channel,
    token: Authorized,
}

macro_rules! stubs {
    ($($(#[$doc:meta])* $method:ident: $stub:ident;)*) => {
        impl Raw {
            $($(#[$doc])*
            #[must_use]
            pub fn $method(&self) -> $stub<InterceptedService<Channel, Authorized>> {
                $stub::with_interceptor(self.channel.clone(), self.token.clone())
                    .max_decoding_message_size(MESSAGE_BYTES_MAX)
            })*
        }

        $(pub(super) fn $method(channel: Channel) -> $stub<Channel> {
            $stub::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX)
        })*
    };
}

stubs! {
    /// The stub of `QueryService`.
    query: QueryServiceClient;
    /// The stub of `DatabasesService`.
    databases: DatabasesServiceClient;
    /// The stub of `TokensService`.
    tokens: TokensServiceClient;
    /// The stub of `SchemaService`.
    schema: SchemaServiceClient;
}

impl Raw {
    pub(super) fn new(channel: Channel, token: Option<MetadataValue<Ascii>>) -> Self {
        Self { channel, token: Authorized(token) }
    }
}
