package dev.threadmill.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseParserTest {
  private static final String STREAM =
      """
      \uFEFFdata: first
      : a comment

      event: named
      id: 7
      data: two
      data:lines
      data

      unknown: field
      data: 漢😀

      event: empty

      data: [DONE]

      """;

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void readsTheSameEventsWhereverTheBytesAreSplit(String endOfLine) throws Exception {
    byte[] bytes = STREAM.replace("\n", endOfLine).getBytes(StandardCharsets.UTF_8);

    for (int size = 1; size <= bytes.length; size++) {
      var read = read(bytes, size);

      assertThat(read).as("pieces of %d", size).hasSize(4);
      assertThat(read.get(0)).isEqualTo("||first");
      assertThat(read.get(1)).isEqualTo("named|7|two\nlines\n");
      assertThat(read.get(2)).isEqualTo("|7|漢😀");
      assertThat(read.get(3)).isEqualTo("|7|[DONE]");
    }
  }

  @Test
  void aLastEventWithoutABlankLineCounts() throws Exception {
    assertThat(read("data: x".getBytes(StandardCharsets.UTF_8), 3)).containsExactly("||x");
  }

  @Test
  void aLineThatDoesNotEndIsRefused() {
    var parser = new SseParser(1000);

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1000; i++) {
                parser.feed("endless".getBytes(StandardCharsets.UTF_8));
              }
            })
        .isInstanceOf(SseParser.LineTooLongException.class);
  }

  @Test
  void anEventOfEndlessLinesIsRefused() {
    var parser = new SseParser(1000);

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1000; i++) {
                parser.feed("data: more\n".getBytes(StandardCharsets.UTF_8));
              }
            })
        .isInstanceOf(SseParser.LineTooLongException.class);
  }

  private static List<String> read(byte[] bytes, int size) throws Exception {
    var parser = new SseParser(1000);
    var read = new ArrayList<String>();
    for (int from = 0; from < bytes.length; from += size) {
      parser.feed(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + size)));
      drain(parser, read);
    }
    parser.end();
    drain(parser, read);
    return read;
  }

  private static void drain(SseParser parser, List<String> read) {
    for (var event = parser.next(); event != null; event = parser.next()) {
      read.add(
          event.name() + "|" + event.id() + "|" + new String(event.data(), StandardCharsets.UTF_8));
    }
  }
}
