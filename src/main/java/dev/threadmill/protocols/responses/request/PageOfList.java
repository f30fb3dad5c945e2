package dev.threadmill.protocols.responses.request;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import java.util.List;
import java.util.function.Function;

/** Pages of lists that are in memory as a whole. */
public final class PageOfList {
  private PageOfList() {}

  /**
   * The requested page. With {@code before} alone it ends at that element, as pages of other lists
   * do.
   *
   * @param ordered all elements in the order of the request
   * @param id the id of an element
   * @throws ApiException 400 for a cursor that the list does not have
   */
  public static <T> Page<T> of(List<T> ordered, PageRequest page, Function<? super T, String> id) {
    var ids = ordered.stream().<String>map(id).toList();
    int from = page.after() == null ? 0 : place(ids, "after", page.after()) + 1;
    int to = page.before() == null ? ids.size() : place(ids, "before", page.before());
    if (page.after() != null || page.before() == null) {
      var rows = ordered.subList(Math.min(from, to), to);
      return Page.of(rows.stream().limit(page.limit() + 1L).toList(), page.limit(), id);
    }
    int first = Math.max(0, to - page.limit());
    var last = Page.of(ordered.subList(first, to), page.limit(), id);
    return new Page<>(last.object(), last.data(), last.firstId(), last.lastId(), first > 0);
  }

  private static int place(List<String> ids, String param, String cursor) {
    int place = ids.indexOf(cursor);
    if (place < 0) {
      throw ApiException.invalid(
          param, "Invalid '%s': there is no such element in this list.".formatted(param));
    }
    return place;
  }
}
