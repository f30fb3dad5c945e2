package dev.threadmill.search;

import java.lang.Character.UnicodeScript;
import org.apache.lucene.analysis.FilteringTokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.TypeAttribute;

/** Leaves out stop words, emoji, and single characters that mean nothing alone. */
final class IndexableTokenFilter extends FilteringTokenFilter {
  private static final String EMOJI = StandardTokenizer.TOKEN_TYPES[StandardTokenizer.EMOJI];

  private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
  private final TypeAttribute type = addAttribute(TypeAttribute.class);
  private final LanguageDetector.Result languages;

  IndexableTokenFilter(TokenStream input, LanguageDetector.Result languages) {
    super(input);
    this.languages = languages;
  }

  @Override
  protected boolean accept() {
    return switch (type.type()) {
      // A single kana is an ending; a single Han character is a word.
      case CJKBigramFilter.SINGLE_TYPE ->
          UnicodeScript.of(Character.codePointAt(term.buffer(), 0, term.length()))
              == UnicodeScript.HAN;
      case String other -> !other.equals(EMOJI) && !languages.isStopWord(term.toString());
    };
  }
}
