package dev.threadmill.protocols.responses.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Pages of a list in memory. */
class PageOfListTest {
  private static Page<String> page(int limit, String after, String before) {
    var request = PageRequest.of(limit, "asc", after, before);
    return PageOfList.of(List.of("a", "b", "c", "d", "e"), request, Function.identity());
  }

  @Test
  void aPageBeginsBehindItsCursor() {
    var page = page(2, "b", null);

    assertThat(page.data()).containsExactly("c", "d");
    assertThat(page.hasMore()).isTrue();
    assertThat(page(2, "c", null).hasMore()).isFalse();
  }

  @Test
  void aPageBeforeACursorEndsThere() {
    var page = page(2, null, "d");

    assertThat(page.data()).containsExactly("b", "c");
    assertThat(page.hasMore()).isTrue();
    assertThat(page(3, null, "d").data()).containsExactly("a", "b", "c");
    assertThat(page(3, null, "d").hasMore()).isFalse();
    assertThat(page(3, null, "a").data()).isEmpty();
  }

  @Test
  void aPageBetweenCursorsHasWhatIsBetween() {
    assertThat(page(10, "a", "d").data()).containsExactly("b", "c");
    assertThat(page(10, "d", "a").data()).isEmpty();
  }

  @Test
  void aCursorThatTheListDoesNotHaveIsRefused() {
    assertThatThrownBy(() -> page(2, null, "x"))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("before");
  }
}
