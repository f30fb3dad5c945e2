package dev.threadmill.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TermQueryTest {
  @Test
  void aShortTermMatchesExactlyAndALongOneWithoutItsEnd() {
    assertThat(new TermQuery(List.of("dog")).tsquery()).isEqualTo("'dog'");
    assertThat(new TermQuery(List.of("naranja", "naranj")).tsquery())
        .isEqualTo("'naranj':* | 'naranj'");
    assertThat(new TermQuery(List.of("naranja", "naranj")).exactTsquery())
        .isEqualTo("'naranja' | 'naranj'");
  }

  @Test
  void quotesAndBackslashesAreEscaped() {
    assertThat(new TermQuery(List.of("o'\\")).tsquery()).isEqualTo("'o''\\\\'");
  }

  @Test
  void postingsFindAnyFormOfATerm() {
    var postings = new HeapPostings();
    postings.put(0, List.of("hund"));
    postings.put(1, List.of("rechnungen", "rechnung"));
    postings.put(2, List.of("naranjas"));

    var matches =
        postings.matches(
            List.of(
                new TermQuery(List.of("rechnung")),
                new TermQuery(List.of("hunde", "hund")),
                new TermQuery(List.of("naranja"))),
            3);

    assertThat(matches).containsExactly(2, 1, 4);
  }
}
