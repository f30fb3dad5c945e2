package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoundsTest {
  @Test
  void aListThatIsImmutableAlreadyMayBeCheckedAgain() {
    assertThat(Bounds.list("messages", List.of("a", "b"), 2)).containsExactly("a", "b");
  }

  @Test
  void anElementThatIsNullIsNamedByItsPlace() {
    var refused =
        catchThrowableOfType(
            ApiException.class, () -> Bounds.list("messages", Arrays.asList("a", null), 2));

    assertThat(refused.error().param()).isEqualTo("messages[1]");
  }
}
