package dev.threadmill.search;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.miscellaneous.ConditionalTokenFilter;
import org.apache.lucene.analysis.miscellaneous.LengthFilter;
import org.apache.lucene.analysis.ngram.NGramTokenFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;
import org.apache.lucene.analysis.tokenattributes.TypeAttribute;

/**
 * Turns a text into the terms that find it, with Lucene's tokenizer and filters: words in lower
 * case, without accents, stemmed; bigrams of characters where a script has no spaces between words.
 *
 * <p>A term has its English stem as its base form whatever the language is, so that a wrongly
 * guessed language loses nothing; the stems of the languages that the text may be written in come
 * on top of it.
 */
public final class TermAnalyzer {
  /** Increased when the terms of a text change; entries of an older version are analyzed again. */
  public static final int VERSION = 1;

  private static final int MAX_TERM_LENGTH = 40;
  private static final int CJK_WITHOUT_HANGUL =
      CJKBigramFilter.HAN | CJKBigramFilter.HIRAGANA | CJKBigramFilter.KATAKANA;
  private static final String HANGUL = StandardTokenizer.TOKEN_TYPES[StandardTokenizer.HANGUL];
  private static final String SOUTHEAST_ASIAN =
      StandardTokenizer.TOKEN_TYPES[StandardTokenizer.SOUTHEAST_ASIAN];

  private TermAnalyzer() {}

  /**
   * A term.
   *
   * @param forms the base form first
   */
  public record Term(List<String> forms) {
    public Term {
      forms = List.copyOf(forms);
    }

    public String base() {
      return forms.getFirst();
    }
  }

  /** The terms of a text to be indexed, in their order, repeated as often as they occur. */
  public static List<Term> terms(String text) {
    return analyze(text, false);
  }

  /**
   * The terms of a query. A query whose language is unknown has the stems of all languages of the
   * Latin script: it may be a single word.
   */
  public static List<Term> queryTerms(String text) {
    return analyze(text, true);
  }

  /** All forms of terms, each once. */
  public static Set<String> forms(Collection<Term> terms) {
    var forms = new LinkedHashSet<String>();
    terms.forEach(term -> forms.addAll(term.forms()));
    return forms;
  }

  private static List<Term> analyze(String text, boolean isQuery) {
    var plain = plain(text);
    try {
      var words = new LinkedHashMap<Integer, String>();
      read(words(plain), (word, offset) -> words.put(offset, word));
      var detected = LanguageDetector.detect(words.values());
      var languages = EnumSet.noneOf(Language.class);
      languages.addAll(detected.languages());
      if (isQuery && detected.isUnknown()) {
        languages.addAll(Language.of(UnicodeScript.LATIN));
      }
      var stems = new ArrayList<Map<Integer, String>>();
      for (var language : languages) {
        var byOffset = new HashMap<Integer, String>();
        read(
            new UnicodeFoldingFilter(language.stemmed(words(plain))),
            (stem, offset) -> {
              // The stems of stop words would join words that have nothing in common.
              if (!language.isStopWord(words.get(offset))) {
                byOffset.put(offset, stem);
              }
            });
        stems.add(byOffset);
      }
      var terms = new ArrayList<Term>();
      read(baseTerms(plain, detected), (term, offset) -> terms.add(term(term, offset, stems)));
      return terms;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Term term(String base, int offset, List<Map<Integer, String>> stems) {
    var forms = new LinkedHashSet<String>();
    forms.add(base);
    for (var byOffset : stems) {
      var stem = byOffset.getOrDefault(offset, base);
      if (!stem.isEmpty() && stem.length() <= MAX_TERM_LENGTH) {
        forms.add(stem);
      }
    }
    return new Term(List.copyOf(forms));
  }

  private static TokenStream words(String plain) {
    var tokenizer = new StandardTokenizer();
    tokenizer.setReader(new StringReader(plain));
    return new LowerCaseFilter(tokenizer);
  }

  private static TokenStream baseTerms(String plain, LanguageDetector.Result languages) {
    TokenStream stream = new CJKBigramFilter(words(plain), CJK_WITHOUT_HANGUL, true);
    stream = new IndexableTokenFilter(stream, languages);
    stream = new BigramsOfType(stream, SOUTHEAST_ASIAN, false);
    // Korean has spaces, but particles are attached to its nouns.
    stream = new BigramsOfType(stream, HANGUL, true);
    stream = new LengthFilter(new UnicodeFoldingFilter(stream), 1, MAX_TERM_LENGTH);
    return EnglishStemmer.stemmed(stream);
  }

  /** Replaces tokens of one type by the bigrams of their characters. */
  private static final class BigramsOfType extends ConditionalTokenFilter {
    private final TypeAttribute type = addAttribute(TypeAttribute.class);
    private final String bigramType;

    BigramsOfType(TokenStream input, String bigramType, boolean keepWord) {
      super(input, stream -> new NGramTokenFilter(stream, 2, 2, keepWord));
      this.bigramType = bigramType;
    }

    @Override
    protected boolean shouldFilter() {
      return type.type().equals(bigramType);
    }
  }

  private interface TokenConsumer {
    void accept(String term, int startOffset);
  }

  private static void read(TokenStream stream, TokenConsumer consumer) throws IOException {
    try (stream) {
      var term = stream.addAttribute(CharTermAttribute.class);
      var offset = stream.addAttribute(OffsetAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        consumer.accept(term.toString(), offset.startOffset());
      }
      stream.end();
    }
  }

  /**
   * The text in compatibility form, with a space for each character that is no letter, digit or
   * mark: the tokenizer would keep words together that contain a dot or an apostrophe.
   */
  private static String plain(String text) {
    var plain = new StringBuilder(text.length());
    Normalizer.normalize(text, Normalizer.Form.NFKC)
        .codePoints()
        .map(c -> isWordCharacter(c) ? c : ' ')
        .forEach(plain::appendCodePoint);
    return plain.toString();
  }

  private static boolean isWordCharacter(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK -> true;
      default -> Character.isLetterOrDigit(c);
    };
  }
}
