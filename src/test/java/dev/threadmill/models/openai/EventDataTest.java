package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventDataTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1} | {\"a\":1} | false",
        "` data: data:{\"a\":1} ` | {\"a\":1} | false",
        "{\"a\":1} [DONE] | {\"a\":1} | true",
        "data: [DONE] | `` | true",
        "` ` | `` | false",
      })
  void whatGatewaysAddIsTakenOff(String data, String json, boolean isEnd) {
    assertThat(EventData.of(data)).isEqualTo(new EventData(json, isEnd));
  }

  @Test
  void fieldNamesThatAreRepeatedOftenAreTakenOffInTime() {
    var data = "data: ".repeat(1_000_000) + "{}";

    var read = assertTimeoutPreemptively(Duration.ofSeconds(10), () -> EventData.of(data));

    assertThat(read.json()).isEqualTo("{}");
  }
}
