//! `TokensService`.

use std::sync::Arc;

use tenantry_client::v1::tokens_service_server::TokensService;
use tenantry_client::v1::{
    CreateTokenRequest, CreateTokenResponse, GetTokenRequest, GetTokenResponse,
    InvalidateTokensRequest, InvalidateTokensResponse, ListSigningKeysRequest,
    ListSigningKeysResponse, ListTokensRequest, ListTokensResponse, RevokeTokenRequest,
    RevokeTokenResponse, RotateSigningKeyRequest, RotateSigningKeyResponse,
};
use tonic::{Request, Response, Status};

use super::{admitted, convert};
use crate::error::Result;
use crate::grants::Tokens;

/// Tokens and signing keys over gRPC.
pub(super) struct TokensRpc {
    tokens: Arc<Tokens>,
}

impl TokensRpc {
    pub(super) fn new(tokens: Arc<Tokens>) -> Self {
        Self { tokens }
    }
}

#[tonic::async_trait]
impl TokensService for TokensRpc {
    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let minted = self.tokens.mint(&grant, convert::token_spec(request)?).await?;
        let metadata = Some(convert::token_info(minted.info));
        Ok(Response::new(CreateTokenResponse { token: minted.token, metadata }))
    }

    async fn list_tokens(
        &self,
        request: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let (query, page) = convert::token_query(request)?;
        let page = self.tokens.list(&grant, query, &page).await?;
        let tokens = page.items.into_iter().map(convert::token_info).collect();
        Ok(Response::new(ListTokensResponse { tokens, next_page_token: page.next_token }))
    }

    async fn get_token(
        &self,
        request: Request<GetTokenRequest>,
    ) -> Result<Response<GetTokenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let info = self.tokens.get(&grant, convert::token_id(&request.id)?).await?;
        Ok(Response::new(GetTokenResponse { metadata: Some(convert::token_info(info)) }))
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let info = self.tokens.revoke(&grant, convert::token_id(&request.id)?).await?;
        Ok(Response::new(RevokeTokenResponse { metadata: Some(convert::token_info(info)) }))
    }

    async fn invalidate_tokens(
        &self,
        request: Request<InvalidateTokensRequest>,
    ) -> Result<Response<InvalidateTokensResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let target = convert::token_target(request.target)?;
        let time = self.tokens.invalidate(&grant, &target).await?;
        let invalidate_time = Some(convert::timestamp(time));
        Ok(Response::new(InvalidateTokensResponse { invalidate_time }))
    }

    async fn rotate_signing_key(
        &self,
        request: Request<RotateSigningKeyRequest>,
    ) -> Result<Response<RotateSigningKeyResponse>, Status> {
        let (grant, _) = admitted(request)?;
        let key = self.tokens.rotate_signing_key(&grant).await?;
        let signing_key = Some(convert::signing_key(key));
        Ok(Response::new(RotateSigningKeyResponse { signing_key }))
    }

    async fn list_signing_keys(
        &self,
        request: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let page = convert::page(request.page_size, request.page_token);
        let page = self.tokens.signing_keys(&grant, &page)?;
        let signing_keys = page.items.into_iter().map(convert::signing_key).collect();
        let next_page_token = page.next_token;
        Ok(Response::new(ListSigningKeysResponse { signing_keys, next_page_token }))
    }
}
