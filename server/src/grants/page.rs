//! Pages of lists by keyset: a page token holds the last key of its page and a
//! hash of the filters, so that it fits no other list. It holds no rights:
//! those are checked on every page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Reason, Result};

/// The size of a page where the request leaves it open.
const PAGE_ITEMS_DEFAULT: usize = 100;
/// The largest page; more is cut to this.
const PAGE_ITEMS_MAX: usize = 1_000;
/// How much of the filters' hash a page token holds.
const FILTER_HASH_BYTES: usize = 8;

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most; 0 leaves it open.
    pub size: i32,
    /// What the page before told as its next; empty for the first.
    pub token: String,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The token of the next page; empty on the last.
    pub next_token: String,
}

impl PageRequest {
    /// How many items to answer. Errors: `INVALID_ARGUMENT`.
    pub fn items(&self) -> Result<usize> {
        match usize::try_from(self.size) {
            Ok(0) => Ok(PAGE_ITEMS_DEFAULT),
            Ok(size) => Ok(size.min(PAGE_ITEMS_MAX)),
            Err(_) => Err(Error::field("page_size", "must not be negative")),
        }
    }

    /// The key that the page starts behind. Errors: `INVALID_PAGE_TOKEN`.
    pub fn after<K>(&self, filter: &str, read: impl Fn(&[u8]) -> Option<K>) -> Result<Option<K>> {
        if self.token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.token).ok();
        let key = bytes
            .as_deref()
            .and_then(|bytes| bytes.strip_prefix(&filter_hash(filter)[..]))
            .and_then(read);
        key.map(Some).ok_or_else(|| {
            let message =
                "the page token is not of this list with these filters; start again without one";
            Error::new(Reason::InvalidPageToken, message)
        })
    }
}

impl<T> Page<T> {
    /// The first `limit` of `items`, which hold one more where there is more.
    pub fn cut(mut items: Vec<T>, limit: usize, filter: &str, key: impl Fn(&T) -> Vec<u8>) -> Self {
        let has_more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| has_more);
        let token = last.map(|last| [&filter_hash(filter)[..], &key(last)].concat());
        let next_token = token.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default();
        Self { items, next_token }
    }
}

fn filter_hash(filter: &str) -> [u8; FILTER_HASH_BYTES] {
    let mut hash = [0; FILTER_HASH_BYTES];
    hash.copy_from_slice(&Sha256::digest(filter)[..FILTER_HASH_BYTES]);
    hash
}
