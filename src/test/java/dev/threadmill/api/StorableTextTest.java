package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class StorableTextTest {
  @Test
  void textThatCanBeStoredIsReturnedAsItIs() {
    var text = "é 😀 \u0001 \uFFFD";

    assertThat(StorableText.of(text)).isSameAs(text);
    assertThat(StorableText.isStorable(text)).isTrue();
  }

  @Test
  void nulAndHalvesOfSurrogatePairsAreReplaced() {
    assertThat(StorableText.of("a\0b")).isEqualTo("a\uFFFDb");
    assertThat(StorableText.of("\ud83d")).isEqualTo("\uFFFD");
    assertThat(StorableText.of("\ude00x\ud83d")).isEqualTo("\uFFFDx\uFFFD");
    assertThat(StorableText.of("\ud83d\ud83d\ude00")).isEqualTo("\uFFFD😀");
  }

  @Test
  void piecesGiveTheSameTextAsTheWholeWhereverTheyAreCut() {
    var random = new Random(7);
    char[] kinds = {'a', 0, '\ud83d', '\ude00', 'é', '\uFFFD'};
    for (int round = 0; round < 500; round++) {
      var whole = new StringBuilder();
      var joined = new StringBuilder();
      var stream = new StorableText.Stream();
      for (int piece = 0; piece < 5; piece++) {
        var text = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
          text.append(kinds[random.nextInt(kinds.length)]);
        }
        whole.append(text);
        joined.append(stream.next(text.toString()));
      }
      joined.append(stream.end());

      assertThat(joined.toString()).isEqualTo(StorableText.of(whole.toString()));
      assertThat(StorableText.isStorable(joined)).isTrue();
    }
  }
}
