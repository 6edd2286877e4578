//! Where tokens come from. A token is kept until the server refuses it.

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tonic::Code;
use tonic::metadata::{Ascii, MetadataValue};

use super::{Error, Result};

/// Why a token callback has no token.
pub type TokenError = Box<dyn std::error::Error + Send + Sync>;

type Header = MetadataValue<Ascii>;
type Callback = Box<dyn Fn() -> BoxFuture<'static, Result<String, TokenError>> + Send + Sync>;

/// A token as it is sent, and which one it is.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) header: Option<Header>,
    /// How many were there before it.
    serial: u64,
}

pub(super) enum TokenSource {
    Fixed(Result<Token>),
    Callback {
        callback: Callback,
        kept: RwLock<Option<Token>>,
        /// Held by whoever asks, so that the others wait for the same answer.
        asking: Mutex<()>,
    },
}

impl TokenSource {
    pub(super) fn none() -> Self {
        Self::Fixed(Ok(Token { header: None, serial: 0 }))
    }

    pub(super) fn fixed(token: String) -> Self {
        Self::Fixed(header(&token).map(|header| Token { header: Some(header), serial: 0 }))
    }

    pub(super) fn callback(callback: Callback) -> Self {
        Self::Callback { callback, kept: RwLock::new(None), asking: Mutex::new(()) }
    }

    /// Errors: the fixed token cannot be sent at all.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Fixed(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// The present token.
    pub(super) async fn get(&self) -> Result<Token> {
        match self {
            Self::Fixed(token) => token.clone(),
            Self::Callback { kept, .. } => match read(kept) {
                Some(token) => Ok(token),
                None => self.ask(None).await,
            },
        }
    }

    /// Another token in place of one that was refused; `None` when there is no way
    /// to get one.
    pub(super) async fn replace(&self, refused: &Token) -> Result<Option<Token>> {
        match self {
            Self::Fixed(_) => Ok(None),
            Self::Callback { .. } => self.ask(Some(refused.serial)).await.map(Some),
        }
    }

    /// Asks for the token that comes after `refused`, unless somebody has.
    async fn ask(&self, refused: Option<u64>) -> Result<Token> {
        let Self::Callback { callback, kept, asking } = self else {
            return Err(Error::malformed());
        };
        let _asking = asking.lock().await;
        let present = read(kept);
        match present {
            Some(token) if Some(token.serial) != refused => return Ok(token),
            _ => {}
        }
        let told = callback().await.map_err(|cause| {
            let message = format!("the token callback has no token: {cause}");
            Error::new(Code::Unauthenticated, "", message).with_source(Arc::from(cause))
        })?;
        let serial = present.map_or(0, |token| token.serial + 1);
        let token = Token { header: Some(header(&told)?), serial };
        *kept.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }
}

fn read(kept: &RwLock<Option<Token>>) -> Option<Token> {
    kept.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn header(token: &str) -> Result<Header> {
    let mut header: Header = format!("Bearer {token}").parse().map_err(|_| {
        Error::invalid("the token holds what no token can; check where it comes from")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
