package dev.threadmill.privacy.detect;

import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Names behind words that introduce a person. Names without such words are found by an external
 * recognizer only.
 */
final class NameDetector implements Detector {
  private static final String WORD =
      "\\p{Lu}[\\p{L}\\p{M}'’]{1,24}(?:-\\p{Lu}[\\p{L}\\p{M}]{1,24})?";
  private static final String PARTICLE =
      "(?:von der|von|van der|van den|van de|van|vom|zu|de la|de los|del|de|da|dos|di|du|le|la|el|al|bin|ibn|af|av|ter)";

  private static final String NAME =
      "((?:"
          + PARTICLE
          + "\\s)?"
          + WORD
          + "(?:\\s(?:\\p{Lu}\\.\\s)?(?:"
          + PARTICLE
          + "\\s)?"
          + WORD
          + "){0,3})";

  private static final Pattern INTRODUCED =
      Pattern.compile(
          "(?<![\\p{L}])(?:"
              + "(?:[Mm]y (?:full )?name is|[Mm]y name's|I am called|[Tt]he name is|[Ff]ull name:|[Cc]ustomer name:|[Pp]atient(?: name)?:|[Ss]igned by|[Cc]ontact person:|[Ss]incerely,|[Rr]egards,"
              + "|[Ii]ch hei(?:ß|ss)e|[Mm]ein Name ist|[Vv]or- und Nachname:|[Mm]it freundlichen Grüßen,?|[Aa]nsprechpartner(?:in)?:"
              + "|[Jj]e m['’]appelle|[Mm]on nom est|[Nn]om complet ?:|[Cc]ordialement,"
              + "|[Mm]e llamo|[Mm]i nombre es|[Nn]ombre completo:|[Aa]tentamente,"
              + "|[Mm]i chiamo|[Ii]l mio nome è|[Nn]ome e cognome:|[Cc]ordiali saluti,"
              + "|[Ii]k heet|[Mm]ijn naam is|[Vv]olledige naam:"
              + "|[Nn]azywam się|[Mm]am na imię|[Ii]mię i nazwisko:"
              + "|[Mm]eu nome é|[Cc]hamo-me|[Mm]e chamo|[Nn]ome completo:|[Aa]tenciosamente,"
              + "|[Jj]ag heter|[Mm]itt namn är|[Ff]ullständigt namn:"
              + "|[Мм]еня зовут|[Мм]о[её] имя|ФИО:"
              + "|[Bb]enim adım|[Aa]dım|[İi]smim|[Aa]d [Ss]oyad:)\\s{1,3}"
              + "|(?:Mr\\.?|Mrs\\.?|Ms\\.?|Miss|Herrn?|Frau|Monsieur|Madame|Mme|Mlle|M\\.|Señora?|Sra?\\.|Signora?|Sig\\.(?:ra)?|[Mm]eneer|[Mm]evrouw|[Dd]hr\\.|[Mm]evr\\.|Senhora?|Pani|[Hh]err|[Ff]ru|господин|госпожа|Sayın|Dr\\.)\\s(?:(?:Dr|Prof)\\.\\s){0,2}"
              + ")"
              + NAME);

  private static final String EASTERN = "[\\p{IsHan}\\p{IsKatakana}\\p{IsHiragana}\\p{IsHangul}ー・]";

  /** Languages without capital letters. */
  private static final Pattern WITHOUT_CAPITALS =
      Pattern.compile(
          "(?:(?:私の)?名前は|氏名[:：]|お名前[:：]|我叫|我的名字(?:是|叫)|姓名[:：]|(?:제|내) 이름은|이름[:：]|성명[:：])\\s?((?:(?!です|と申|といいます|입니다|이고|，|,|。)"
              + EASTERN
              + "){2,12}(?: (?:(?!です|と申|입니다)"
              + EASTERN
              + "){1,6})?)"
              + "|(?:मेरा नाम|नाम[:：])\\s([\\p{IsDevanagari}]{2,20}(?: (?!है)[\\p{IsDevanagari}]{2,20}){0,2})");

  private static final Set<String> NO_NAMES =
      Set.of(
          "President",
          "Chairman",
          "Speaker",
          "Minister",
          "Secretary",
          "Engineer",
          "Developer",
          "Manager",
          "Director",
          "Präsident",
          "Präsidentin",
          "Bundeskanzler",
          "Bundeskanzlerin",
          "Doktor",
          "Professor",
          "The",
          "I",
          "Not",
          "Sir",
          "Madam",
          "Universe",
          "America");

  @Override
  public void find(String text, Consumer<Finding> findings) {
    var introduced = INTRODUCED.matcher(text);
    while (introduced.find()) {
      if (!NO_NAMES.contains(introduced.group(1).split("\\s", 2)[0])) {
        findings.accept(new Finding(EntityKind.NAME, introduced.start(1), introduced.end(1)));
      }
    }
    var eastern = WITHOUT_CAPITALS.matcher(text);
    while (eastern.find()) {
      int group = eastern.group(1) != null ? 1 : 2;
      findings.accept(new Finding(EntityKind.NAME, eastern.start(group), eastern.end(group)));
    }
  }
}
