package dev.threadmill.vectorstores;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.api.ApiException;
import dev.threadmill.vectorstores.search.AttributeFilter;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttributesTest {
  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e400", "-1e400"})
  void aNumberThatIsReadAsInfiniteIsRefusedWithTheNameOfItsField(String number) {
    assertThatThrownBy(() -> Attributes.of(json("{\"size\": %s}".formatted(number))))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("'attributes.size'");
    for (var operator : AttributeFilter.Comparison.Operator.values()) {
      boolean isList =
          operator == AttributeFilter.Comparison.Operator.IN
              || operator == AttributeFilter.Comparison.Operator.NIN;
      var value = json(isList ? "[1, %s]".formatted(number) : number);

      assertThatThrownBy(() -> new AttributeFilter.Comparison(operator, "size", value))
          .as(operator.name())
          .isInstanceOf(ApiException.class)
          .hasMessageContaining(isList ? "'value[1]'" : "'value'");
    }
  }

  @Test
  void aLargeFiniteNumberIsKept() {
    var pairs = json("{\"a\": 1.7e308, \"b\": -0.5, \"c\": 123456789012345678901234567890}");

    assertThat(Attributes.of(pairs).pairs().values()).containsExactlyElementsOf(pairs);
  }
}
