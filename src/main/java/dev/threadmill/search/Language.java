package dev.threadmill.search;

import java.lang.Character.UnicodeScript;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.ar.ArabicNormalizationFilter;
import org.apache.lucene.analysis.ar.ArabicStemFilter;
import org.apache.lucene.analysis.bg.BulgarianAnalyzer;
import org.apache.lucene.analysis.bg.BulgarianStemFilter;
import org.apache.lucene.analysis.bn.BengaliAnalyzer;
import org.apache.lucene.analysis.bn.BengaliNormalizationFilter;
import org.apache.lucene.analysis.bn.BengaliStemFilter;
import org.apache.lucene.analysis.ca.CatalanAnalyzer;
import org.apache.lucene.analysis.cz.CzechAnalyzer;
import org.apache.lucene.analysis.cz.CzechStemFilter;
import org.apache.lucene.analysis.da.DanishAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.de.GermanLightStemFilter;
import org.apache.lucene.analysis.de.GermanNormalizationFilter;
import org.apache.lucene.analysis.el.GreekAnalyzer;
import org.apache.lucene.analysis.el.GreekLowerCaseFilter;
import org.apache.lucene.analysis.el.GreekStemFilter;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.es.SpanishLightStemFilter;
import org.apache.lucene.analysis.et.EstonianAnalyzer;
import org.apache.lucene.analysis.eu.BasqueAnalyzer;
import org.apache.lucene.analysis.fa.PersianAnalyzer;
import org.apache.lucene.analysis.fa.PersianNormalizationFilter;
import org.apache.lucene.analysis.fa.PersianStemFilter;
import org.apache.lucene.analysis.fi.FinnishAnalyzer;
import org.apache.lucene.analysis.fi.FinnishLightStemFilter;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.fr.FrenchLightStemFilter;
import org.apache.lucene.analysis.ga.IrishAnalyzer;
import org.apache.lucene.analysis.gl.GalicianAnalyzer;
import org.apache.lucene.analysis.gl.GalicianStemFilter;
import org.apache.lucene.analysis.hi.HindiAnalyzer;
import org.apache.lucene.analysis.hi.HindiNormalizationFilter;
import org.apache.lucene.analysis.hi.HindiStemFilter;
import org.apache.lucene.analysis.hu.HungarianAnalyzer;
import org.apache.lucene.analysis.hu.HungarianLightStemFilter;
import org.apache.lucene.analysis.hy.ArmenianAnalyzer;
import org.apache.lucene.analysis.id.IndonesianAnalyzer;
import org.apache.lucene.analysis.id.IndonesianStemFilter;
import org.apache.lucene.analysis.in.IndicNormalizationFilter;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.it.ItalianLightStemFilter;
import org.apache.lucene.analysis.lt.LithuanianAnalyzer;
import org.apache.lucene.analysis.lv.LatvianAnalyzer;
import org.apache.lucene.analysis.lv.LatvianStemFilter;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.no.NorwegianAnalyzer;
import org.apache.lucene.analysis.no.NorwegianLightStemFilter;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseLightStemFilter;
import org.apache.lucene.analysis.ro.RomanianAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.ru.RussianLightStemFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.sv.SwedishAnalyzer;
import org.apache.lucene.analysis.sv.SwedishLightStemFilter;
import org.apache.lucene.analysis.ta.TamilAnalyzer;
import org.apache.lucene.analysis.te.TeluguAnalyzer;
import org.apache.lucene.analysis.te.TeluguNormalizationFilter;
import org.apache.lucene.analysis.te.TeluguStemFilter;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.ArmenianStemmer;
import org.tartarus.snowball.ext.BasqueStemmer;
import org.tartarus.snowball.ext.CatalanStemmer;
import org.tartarus.snowball.ext.DanishStemmer;
import org.tartarus.snowball.ext.DutchStemmer;
import org.tartarus.snowball.ext.EstonianStemmer;
import org.tartarus.snowball.ext.IrishStemmer;
import org.tartarus.snowball.ext.LithuanianStemmer;
import org.tartarus.snowball.ext.RomanianStemmer;
import org.tartarus.snowball.ext.TamilStemmer;
import org.tartarus.snowball.ext.TurkishStemmer;

/**
 * The languages other than English whose words are stemmed, each with Lucene's light stemmer where
 * there is one, and with the stop words by which the language of a text is recognised.
 */
enum Language {
  ARABIC(
      UnicodeScript.ARABIC,
      ArabicAnalyzer::getDefaultStopSet,
      in -> new ArabicStemFilter(new ArabicNormalizationFilter(in))),
  ARMENIAN(
      UnicodeScript.ARMENIAN, ArmenianAnalyzer::getDefaultStopSet, snowball(ArmenianStemmer::new)),
  BASQUE(UnicodeScript.LATIN, BasqueAnalyzer::getDefaultStopSet, snowball(BasqueStemmer::new)),
  BENGALI(
      UnicodeScript.BENGALI,
      BengaliAnalyzer::getDefaultStopSet,
      in ->
          new BengaliStemFilter(new BengaliNormalizationFilter(new IndicNormalizationFilter(in)))),
  BULGARIAN(UnicodeScript.CYRILLIC, BulgarianAnalyzer::getDefaultStopSet, BulgarianStemFilter::new),
  CATALAN(UnicodeScript.LATIN, CatalanAnalyzer::getDefaultStopSet, snowball(CatalanStemmer::new)),
  CZECH(UnicodeScript.LATIN, CzechAnalyzer::getDefaultStopSet, CzechStemFilter::new),
  DANISH(UnicodeScript.LATIN, DanishAnalyzer::getDefaultStopSet, snowball(DanishStemmer::new)),
  DUTCH(UnicodeScript.LATIN, DutchAnalyzer::getDefaultStopSet, snowball(DutchStemmer::new)),
  ESTONIAN(
      UnicodeScript.LATIN, EstonianAnalyzer::getDefaultStopSet, snowball(EstonianStemmer::new)),
  FINNISH(UnicodeScript.LATIN, FinnishAnalyzer::getDefaultStopSet, FinnishLightStemFilter::new),
  FRENCH(UnicodeScript.LATIN, FrenchAnalyzer::getDefaultStopSet, FrenchLightStemFilter::new),
  GALICIAN(UnicodeScript.LATIN, GalicianAnalyzer::getDefaultStopSet, GalicianStemFilter::new),
  GERMAN(
      UnicodeScript.LATIN,
      GermanAnalyzer::getDefaultStopSet,
      in -> new GermanLightStemFilter(new GermanNormalizationFilter(in))),
  GREEK(
      UnicodeScript.GREEK,
      GreekAnalyzer::getDefaultStopSet,
      in -> new GreekStemFilter(new GreekLowerCaseFilter(in))),
  HINDI(
      UnicodeScript.DEVANAGARI,
      HindiAnalyzer::getDefaultStopSet,
      in -> new HindiStemFilter(new HindiNormalizationFilter(new IndicNormalizationFilter(in)))),
  HUNGARIAN(
      UnicodeScript.LATIN, HungarianAnalyzer::getDefaultStopSet, HungarianLightStemFilter::new),
  INDONESIAN(UnicodeScript.LATIN, IndonesianAnalyzer::getDefaultStopSet, IndonesianStemFilter::new),
  IRISH(UnicodeScript.LATIN, IrishAnalyzer::getDefaultStopSet, snowball(IrishStemmer::new)),
  ITALIAN(UnicodeScript.LATIN, ItalianAnalyzer::getDefaultStopSet, ItalianLightStemFilter::new),
  LATVIAN(UnicodeScript.LATIN, LatvianAnalyzer::getDefaultStopSet, LatvianStemFilter::new),
  LITHUANIAN(
      UnicodeScript.LATIN, LithuanianAnalyzer::getDefaultStopSet, snowball(LithuanianStemmer::new)),
  NORWEGIAN(
      UnicodeScript.LATIN, NorwegianAnalyzer::getDefaultStopSet, NorwegianLightStemFilter::new),
  PERSIAN(
      UnicodeScript.ARABIC,
      PersianAnalyzer::getDefaultStopSet,
      in -> new PersianStemFilter(new PersianNormalizationFilter(in))),
  PORTUGUESE(
      UnicodeScript.LATIN, PortugueseAnalyzer::getDefaultStopSet, PortugueseLightStemFilter::new),
  ROMANIAN(
      UnicodeScript.LATIN, RomanianAnalyzer::getDefaultStopSet, snowball(RomanianStemmer::new)),
  RUSSIAN(UnicodeScript.CYRILLIC, RussianAnalyzer::getDefaultStopSet, RussianLightStemFilter::new),
  SPANISH(UnicodeScript.LATIN, SpanishAnalyzer::getDefaultStopSet, SpanishLightStemFilter::new),
  SWEDISH(UnicodeScript.LATIN, SwedishAnalyzer::getDefaultStopSet, SwedishLightStemFilter::new),
  TAMIL(UnicodeScript.TAMIL, TamilAnalyzer::getDefaultStopSet, snowball(TamilStemmer::new)),
  TELUGU(
      UnicodeScript.TELUGU,
      TeluguAnalyzer::getDefaultStopSet,
      in -> new TeluguStemFilter(new TeluguNormalizationFilter(new IndicNormalizationFilter(in)))),
  TURKISH(UnicodeScript.LATIN, TurkishAnalyzer::getDefaultStopSet, snowball(TurkishStemmer::new));

  private static final List<Language> ALL = List.of(values());

  private final UnicodeScript script;
  private final Set<String> stopWordSet;
  private final UnaryOperator<TokenStream> stemmer;

  Language(
      UnicodeScript script, Supplier<CharArraySet> stopWords, UnaryOperator<TokenStream> stemmer) {
    this.script = script;
    this.stopWordSet =
        stopWords.get().stream()
            .map(word -> new String((char[]) word))
            .collect(Collectors.toUnmodifiableSet());
    this.stemmer = stemmer;
  }

  /** The languages that are written in a script. */
  static List<Language> of(UnicodeScript script) {
    return ALL.stream().filter(language -> language.script == script).toList();
  }

  /** The most common words of the language, in lower case. */
  Set<String> stopWords() {
    return stopWordSet;
  }

  /** Whether a word in lower case is one of {@link #stopWords}. */
  boolean isStopWord(String word) {
    return stopWordSet.contains(word);
  }

  /** Stems the words of a stream, which are in lower case. */
  TokenStream stemmed(TokenStream words) {
    return stemmer.apply(words);
  }

  private static UnaryOperator<TokenStream> snowball(Supplier<? extends SnowballStemmer> program) {
    return in -> new SnowballFilter(in, program.get());
  }
}
