package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextMarkersTest {
  private static List<String> parts(String... pieces) {
    var parts = new ArrayList<String>();
    var markers = new TextMarkers(true, parts::add, marker -> parts.add("<" + marker + ">"));
    for (var piece : pieces) {
      markers.accept(piece);
    }
    markers.end();
    return parts;
  }

  @Test
  void aMarkerInPiecesIsPublishedWhole() {
    assertThat(parts("It is so ", "\u3010", "4:", "0\u2020source", "\u3011."))
        .containsExactly("It is so ", "<\u30104:0\u2020source\u3011>", ".");
  }

  @Test
  void severalMarkersInOnePieceAreFound() {
    assertThat(parts("a\u30101:0\u3011\u30101:1\u3011b"))
        .containsExactly("a", "<\u30101:0\u3011>", "<\u30101:1\u3011>", "b");
  }

  @Test
  void whatIsNoMarkerIsText() {
    assertThat(String.join("", parts("a\u3010b", "c"))).isEqualTo("a\u3010bc");
    assertThat(parts("\u3010\u30104:0\u3011")).containsExactly("\u3010", "<\u30104:0\u3011>");
    assertThat(parts("\u3011 only an end")).containsExactly("\u3011 only an end");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          See sandbox:/mnt/data/a.csv now.         | See <sandbox:/mnt/data/a.csv> now.
          [a](sandbox:/mnt/data/a (1) b.csv) end   | [a](<sandbox:/mnt/data/a (1) b.csv>) end
          [a](sandbox:/mnt/data/f(x).csv)          | [a](<sandbox:/mnt/data/f(x).csv>)
          `sandbox:/mnt/data/a.csv`                | `<sandbox:/mnt/data/a.csv>`
          sandbox:/mnt/data/a                      | <sandbox:/mnt/data/a>
          a sandbox:/tmp/x and sandboxes, s        | a sandbox:/tmp/x and sandboxes, s
          sandbox:/mnt/data/a sandbox:/mnt/data/b  | <sandbox:/mnt/data/a> <sandbox:/mnt/data/b>
          See [a](https://a.example/b_(c)).        | See [a](<https://a.example/b_(c)>).
          http://a.example, https://b.example/?q=1 | <http://a.example,> <https://b.example/?q=1>
          <https://a.example>                      | <<https://a.example>>
          https hash (https:/a) htt                | https hash (https:/a) htt
          """)
  void aLinkIsPublishedWholeHoweverTheTextIsDivided(String text, String marked) {
    for (int size = 1; size <= text.length(); size++) {
      var pieces = new ArrayList<String>();
      for (int from = 0; from < text.length(); from += size) {
        pieces.add(text.substring(from, Math.min(from + size, text.length())));
      }
      assertThat(String.join("", parts(pieces.toArray(String[]::new)))).isEqualTo(marked);
    }
  }

  @Test
  void addressesOfTheWebAreTextUnlessTheyAreWanted() {
    var parts = new ArrayList<String>();
    var markers = new TextMarkers(false, parts::add, marker -> parts.add("<" + marker + ">"));

    markers.accept("See https://a.example h");
    markers.end();

    assertThat(parts).containsExactly("See https://a.example h");
  }

  @Test
  void aTextThatOnlyLooksLikeAMarkerIsHeldBackForABoundedLength() {
    var parts = new ArrayList<String>();
    var markers = new TextMarkers(true, parts::add, parts::add);

    markers.accept("\u3010" + "x".repeat(500));

    assertThat(String.join("", parts)).hasSize(501);
  }
}
