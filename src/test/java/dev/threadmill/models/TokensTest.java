package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.EncodingType;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
  @Test
  void countsAsThePublishedTableDoes() {
    assertThat(TokenCounter.count("Hello world, how are you?")).isEqualTo(7);
    assertThat(TokenCounter.count("<|endoftext|>")).isGreaterThan(1);
    assertThat(TokenCounter.count("")).isZero();
    assertThat(TokenCounter.count((String) null)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", " ", "\n", "😀", "漢", "7", "!", "ก", "hello world ", "\ud83d"})
  void aLongRunOfAnythingIsCountedInBoundedTime(String piece) {
    TokenCounter.count("load the table");
    var text = piece.repeat(200_000 / piece.length());

    Assertions.assertThat(
            org.junit.jupiter.api.Assertions.assertTimeout(
                Duration.ofSeconds(5), () -> TokenCounter.count(text)))
        .isPositive();
  }

  @Test
  void cuttingLongTextIntoPiecesHardlyChangesTheCount() {
    var sentence = "The quick brown fox jumps over the lazy dog. ";
    int one = TokenCounter.count(sentence + sentence) - TokenCounter.count(sentence);

    int many = TokenCounter.count(sentence.repeat(10_000));

    assertThat(many).isBetween(one * 10_000 - 50, one * 10_000 + 50);
  }

  @Test
  void theRestOfVeryLongTextIsTakenToBeLikeItsBeginning() {
    int tenth = TokenCounter.count("hello world ".repeat(40_000));

    int whole = TokenCounter.count("hello world ".repeat(400_000));

    assertThat(whole).isBetween(tenth * 10 - 500, tenth * 10 + 500);
  }

  @Test
  void aCharacterOfTwoHalvesIsNeverCut() {
    assertThatCode(() -> TokenCounter.count("a" + "😀".repeat(100_000))).doesNotThrowAnyException();
  }

  @Test
  void countingByPiecesGivesWhatTheEncodingGives() {
    var encoding = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
    var parts =
        List.of(
            "the",
            "Word",
            "I'll",
            "don't",
            "O'Neill's",
            " ",
            "  ",
            "\n",
            "\r\n",
            "\t",
            ".",
            ", ",
            "...",
            "/",
            "//",
            "/\n",
            "1",
            "12",
            "1234",
            "3.14",
            "é",
            "Straße",
            "漢字",
            "。",
            "日本語の文",
            "ไทย",
            "العربية",
            "e\u0301",
            "\u00a0",
            "\u3000",
            "\u2028",
            "😀",
            "_",
            "'",
            "'s",
            "-",
            "<p>",
            "}",
            "HTTPServer",
            "ﬁ",
            "\u200b",
            "\u0085",
            "\ufeff",
            "²",
            "٣",
            "'",
            "\"");
    var random = new Random(7);
    for (int round = 0; round < 20_000; round++) {
      var text =
          IntStream.range(0, 1 + random.nextInt(12))
              .mapToObj(_ -> parts.get(random.nextInt(parts.size())))
              .collect(Collectors.joining());

      assertThat(TokenCounter.count(text)).as(text).isEqualTo(encoding.countTokensOrdinary(text));
    }
  }
}
