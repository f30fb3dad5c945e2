package dev.threadmill.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TermAnalyzerTest {
  /**
   * Entries of an older version are analyzed again; without a new version they keep their terms.
   */
  @Test
  void theVersionIncreasesWhenATextHasOtherTerms() {
    var texts =
        List.of(
            "Where were the children running? My mum's café has foo_bar, 10:30 and file.name.",
            "Ich habe die Rechnungen bezahlt. Les chevaux sont dans le pré.",
            "Мы купили новые книги. اشترينا الكتب من المكتبة في دمشق",
            "日本語の文章。 我们买了新书。 한국어 문장입니다. ประโยคภาษาไทย");
    var forms = texts.stream().map(text -> TermFrequency.forms(TermAnalyzer.terms(text))).toList();
    var bytes = forms.toString().getBytes(StandardCharsets.UTF_8);

    assertThat(HexFormat.of().formatHex(Sha256.of(bytes), 0, 8))
        .as("other terms than before: increase TermAnalyzer.VERSION and set the digest here")
        .isEqualTo(Map.of(1, "aecbf8d65d05b823").get(TermAnalyzer.VERSION));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Where were the children running?  | child, run
          She bought two violins.           | bui, two, violin
          My mum's café, and Tom's          | mother, cafe, tom
          a file.name, foo_bar and 10:30    | file, name, foo, bar, 10, 30
          """)
  void englishWordsAreStemmedAndStopWordsLeftOut(String text, String terms) {
    assertThat(String.join(", ", bases(text))).isEqualTo(terms);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Ich habe die Rechnungen bezahlt.                  | Wo ist meine Rechnung?
          Les chevaux sont dans le pré.                     | Où est le cheval ?
          Los profesores llegaron tarde a la reunión.       | ¿Quién es la profesora?
          Meus irmãos moram em Coimbra com a minha mãe.     | Onde mora o meu irmão?
          I miei vicini hanno comprato una barca.           | Dove abita il mio vicino?
          Мы купили новые книги для нашей школы.            | Где лежит моя книга?
          اشترينا الكتب من المكتبة في دمشق                    | أين المكتبات؟
          Min bror har köpt tre cyklar i Malmö.             | Var är min cykel?
          De fietsen staan in de schuur van mijn vader.     | Waar is mijn fiets?
          Οι φίλοι μου μένουν στην Αθήνα.                   | Πού μένει ο φίλος μου;
          우리 이모는 제주도에서 감귤을 키운다.                    | 감귤은 어디에 있나요?
          Rechnungen                                        | Rechnung
          """)
  void anotherFormOfAWordMatchesInItsLanguage(String text, String query) {
    var postings = new HeapPostings();
    postings.put(0, List.copyOf(TermAnalyzer.forms(TermAnalyzer.terms(text))));

    assertThat(postings.matches(TextQuery.of(query).terms(), 1)[0]).isNotZero();
  }

  @Test
  void scriptsWithoutSpacesAreIndexedByBigrams() {
    assertThat(bases("自転車のある家")).contains("自転", "転車", "自", "家").doesNotContain("の", "自転車");
    assertThat(bases("เต่า")).contains("เต", "ต่");
  }

  @Test
  void theBaseFormDoesNotDependOnTheLanguageOfTheText() {
    var inGerman = TermAnalyzer.terms("Der Garten ist nicht weit von der Stadt.");
    var alone = TermAnalyzer.terms("garten");

    assertThat(inGerman).extracting(TermAnalyzer.Term::base).contains(alone.getFirst().base());
  }

  @Test
  void whatIsNoTextHasNoTerms() {
    for (var text :
        List.of("", " ", "\u0000\u0001\u0002\u001f", "?!…", "🎉🎉", "\ud800", "\u0301")) {
      assertThat(TermAnalyzer.terms(text)).as(text).allMatch(term -> !term.base().isEmpty());
      assertThat(TermAnalyzer.queryTerms(text)).as(text).hasSizeLessThan(2);
    }
  }

  @Test
  void anyCharactersGiveTermsThatCanBeStored() {
    var random = new Random(11);
    for (int round = 0; round < 300; round++) {
      var text = new StringBuilder();
      for (int i = 0; i < 60; i++) {
        text.appendCodePoint(random.nextInt(random.nextBoolean() ? 0x3000 : 0x10FFFF));
      }
      assertThat(TermAnalyzer.forms(TermAnalyzer.terms(text.toString())))
          .allMatch(form -> !form.isEmpty() && form.length() <= 40 && form.indexOf('\0') < 0);
    }
  }

  private static List<String> bases(String text) {
    return TermAnalyzer.terms(text).stream().map(TermAnalyzer.Term::base).toList();
  }
}
