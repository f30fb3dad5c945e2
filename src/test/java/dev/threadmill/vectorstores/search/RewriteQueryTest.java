package dev.threadmill.vectorstores.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RewriteQueryTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Hello, could you please tell me about the notice period, please?  | the notice period
          the notice period , Thank you !!                                  | the notice period
          notice period. THANKS                                             | notice period.
          what does displease mean; to displease                            | what does displease mean; to displease
          notice period ?                                                   | notice period
          please                                                            | please
          """)
  void politeWordsAndPunctuationAtBothEndsAreNotSearchedFor(String text, String query) {
    assertThat(RewriteQuery.rewrite(text)).isEqualTo(query);
  }

  @Test
  void aTextOfManySpacesAndMarksIsRewrittenInLinearTime() {
    for (var run : new String[] {" ", ",", " ,", ". ", "please ", "! ,"}) {
      var text = "a" + run.repeat(100_000) + "b";

      assertTimeoutPreemptively(
          Duration.ofSeconds(10), () -> assertThat(RewriteQuery.rewrite(text)).isEqualTo(text));
    }
  }
}
