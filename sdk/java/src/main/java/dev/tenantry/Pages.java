package dev.tenantry;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Lists that come in pages: the next one is asked for when it is reached. */
final class Pages {
  /** One page, and the token for the next; empty on the last. */
  record Page<T>(List<T> items, String nextToken) {}

  private Pages() {}

  /** All items, given how to get the page of a token; the first page has an empty one. */
  static <P, T> Stream<T> stream(Function<String, Page<P>> fetch, Function<P, T> map) {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                new Items<>(fetch), Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .map(map);
  }

  private static final class Items<P> implements Iterator<P> {
    private final Function<String, Page<P>> fetch;
    private Page<P> page;
    private int next;

    Items(Function<String, Page<P>> fetch) {
      this.fetch = fetch;
    }

    @Override
    public boolean hasNext() {
      // A page may be empty, and not the last.
      while (page == null || (next == page.items.size() && !page.nextToken.isEmpty())) {
        page = fetch.apply(page == null ? "" : page.nextToken);
        next = 0;
      }
      return next < page.items.size();
    }

    @Override
    public P next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return page.items.get(next++);
    }
  }
}
