package dev.threadmill.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ObjectSplitterTest {
  private static List<String> split(String text, boolean lines, int from) throws IOException {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    var splitter =
        new ObjectSplitter(new ByteArrayInputStream(bytes, from, bytes.length - from), from, lines);
    var pieces = new ArrayList<String>();
    for (var piece = splitter.next(); piece != null; piece = splitter.next()) {
      pieces.add(new String(piece.bytes(), StandardCharsets.UTF_8));
      assertThat(text.substring((int) piece.offset())).startsWith(pieces.getLast());
    }
    return pieces;
  }

  @Test
  void linesAreObjectsAndEmptyOnesAreLeftOut() throws IOException {
    assertThat(split("{\"a\":1}\r\n\n  \nbroken {\n{\"b\":2}", true, 0))
        .containsExactly("{\"a\":1}\r", "broken {", "{\"b\":2}");
  }

  @Test
  void theObjectsOfAListAreFoundByTheirBraces() throws IOException {
    var text = "[ {\"a\": \"} \\\" {\"}, {\n \"b\": {\"c\": {}}}\n]\n{\"d\":[{}]}";

    assertThat(split(text, false, 0))
        .containsExactly("{\"a\": \"} \\\" {\"}", "{\n \"b\": {\"c\": {}}}", "{\"d\":[{}]}");
    assertThat(split(text, false, text.indexOf(", {"))).hasSize(2);
  }

  @Test
  void anObjectThatIsTooLongIsNotKeptInMemory() throws IOException {
    var line = new byte[ObjectSplitter.MAX_BYTES + 2];
    Arrays.fill(line, (byte) 'a');
    line[line.length - 1] = '\n';
    var splitter = new ObjectSplitter(new ByteArrayInputStream(line), 0, true);

    assertThat(splitter.next().bytes()).isNull();
    assertThat(splitter.next()).isNull();
    assertThat(splitter.offset()).isEqualTo(ObjectSplitter.MAX_BYTES + 2L);
  }
}
