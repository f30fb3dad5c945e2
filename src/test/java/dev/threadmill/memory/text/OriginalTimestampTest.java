package dev.threadmill.memory.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginalTimestampTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2023-05-08T13:56:00Z | 2023-05-08T13:56:00Z",
        "2023-05-08 | 2023-05-08T12:00:00Z",
        "2023/05/20 (Sat) 02:21 | 2023-05-20T02:21:00Z",
        "1:56 pm on 8 May, 2023 | 2023-05-08T13:56:00Z",
        "May 8th, 2023 12:05 am | 2023-05-08T00:05:00Z",
        "1683554160 | 2023-05-08T13:56:00Z",
        "1683554160000 | 2023-05-08T13:56:00Z",
      })
  void isReadFromMetadata(String value, Instant expected) {
    var metadata = JsonNodeFactory.instance.objectNode().put("date", value);

    assertThat(OriginalTimestamp.of(metadata, "Hello.")).contains(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[8 May 2023, 12:00] Hello.",
        "[12:00 pm on 8 May, 2023] Ada: Hello.",
        "(2023-05-08) Hello.",
        "Session 3 of 8 May 2023",
        "DATE: May 8, 2023\nAda: Hello.",
        "2023-05-08 12:00 - Hello.",
        "Monday, 8 May 2023: Hello.",
      })
  void isReadFromTheHeadOfAText(String text) {
    assertThat(OriginalTimestamp.of(null, text)).contains(Instant.parse("2023-05-08T12:00:00Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8 May 2023 is the day on which we met.",
        "We met on 8 May 2023.",
        "[31 February 2023] No such day.",
        "[9999-01-01] Not yet.",
        "(1) First of all, 2023 was fine.",
        "",
      })
  void isNotMadeUp(String text) {
    assertThat(OriginalTimestamp.of(null, text)).isEmpty();
  }

  @Test
  void metadataThatIsNoTimeIsLeftAlone() {
    var metadata =
        JsonNodeFactory.instance
            .objectNode()
            .put("date", "yesterday")
            .put("time", "in the evening");

    assertThat(OriginalTimestamp.of(metadata, "Hello.")).isEmpty();
  }
}
