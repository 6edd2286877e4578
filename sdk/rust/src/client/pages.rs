//! Lists that come in pages.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, Stream};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Error, Result};

/// A list of a method that has `page_token` and `next_page_token`.
macro_rules! pages {
    ($client:expr, $name:literal, $service:ident.$method:ident, $request:expr, $items:ident) => {{
        let (client, filter) = ($client, $request);
        $crate::client::Pages::new(move |page_token| {
            let (client, mut request) = (client.clone(), filter.clone());
            request.page_token = page_token;
            async move {
                let method = $crate::client::call::Method::safe($name);
                let send = $crate::client::call::stub!($service.$method);
                let page = client.call(method, request, send).await?;
                Ok((page.$items, page.next_page_token))
            }
        })
    }};
}
pub(super) use pages;

/// A list that is asked for page by page, as it is read: a [`Stream`].
pub struct Pages<T>(BoxStream<'static, Result<T>>);

impl<T: Send + 'static> Pages<T> {
    /// A list whose pages `fetch` gets by their tokens; the last one has no next.
    pub(super) fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn(String) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(Vec<T>, String)>> + Send + 'static,
    {
        let pages = stream::try_unfold((fetch, Some(String::new())), |(fetch, token)| async {
            let Some(token) = token else { return Ok::<_, Error>(None) };
            let (items, next) = fetch(token).await?;
            let next = Some(next).filter(|next| !next.is_empty());
            Ok(Some((stream::iter(items.into_iter().map(Ok::<_, Error>)), (fetch, next))))
        });
        Self(pages.try_flatten().boxed())
    }

    /// The next item; `None` after the last one.
    pub async fn next_item(&mut self) -> Result<Option<T>> {
        self.0.try_next().await
    }

    /// All items that are left.
    pub async fn all(self) -> Result<Vec<T>> {
        self.0.try_collect().await
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.0.poll_next_unpin(context)
    }
}
