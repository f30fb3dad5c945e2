package dev.threadmill.search;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.StemmerOverrideFilter;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;

/** English stems: Porter's, and those of the irregular forms in {@code irregular-forms.txt}. */
final class EnglishStemmer {
  private static final String IRREGULAR_FORMS = "/search/irregular-forms.txt";
  private static final StemmerOverrideFilter.StemmerOverrideMap OVERRIDES = overrides();

  private EnglishStemmer() {}

  /** Stems the words of a stream, which are in lower case and without accents. */
  static TokenStream stemmed(TokenStream words) {
    return new PorterStemFilter(new StemmerOverrideFilter(words, OVERRIDES));
  }

  private static StemmerOverrideFilter.StemmerOverrideMap overrides() {
    var overrides = new StemmerOverrideFilter.Builder();
    try (var file = EnglishStemmer.class.getResourceAsStream(IRREGULAR_FORMS);
        var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("#")) {
          continue;
        }
        var forms = line.split(" ");
        var stem = regularStem(forms[0]);
        for (int i = 1; i < forms.length; i++) {
          overrides.add(forms[i], stem);
        }
      }
      return overrides.build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String regularStem(String word) throws IOException {
    var tokenizer = new KeywordTokenizer();
    tokenizer.setReader(new StringReader(word));
    try (var stream = new PorterStemFilter(tokenizer)) {
      var stem = stream.addAttribute(CharTermAttribute.class);
      stream.reset();
      stream.incrementToken();
      return stem.toString();
    }
  }
}
