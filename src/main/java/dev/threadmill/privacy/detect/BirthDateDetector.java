package dev.threadmill.privacy.detect;

import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Dates behind words that say that they are dates of birth. */
final class BirthDateDetector implements Detector {
  private static final String MONTH =
      "(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|janv|fév|avr|juin|juil|août|déc|gen|mag|giu|lug|set|ott|mei|maa|maj|cze|lip|sie|wrz|paź|lis|gru|sty|lut|kwi|fev|out|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|जन|फ़र|फर|मार्च|अप्रै|मई|जून|जुला|अग|सित|अक्|नव|दिस)[\\p{L}\\p{M}]{0,12}\\.?";

  private static final String DATE =
      "(?:\\d{1,2}[./-]\\s?\\d{1,2}[./-]\\s?\\d{2,4}|\\d{4}[./-]\\d{1,2}[./-]\\d{1,2}"
          + "|\\d{1,2}(?:st|nd|rd|th|er|\\.|º)?\\s{1,2}(?:of\\s|de\\s|di\\s)?"
          + MONTH
          + ",?\\s{1,2}(?:de\\s)?\\d{4}|"
          + MONTH
          + "\\s{1,2}\\d{1,2}(?:st|nd|rd|th)?,?\\s{1,2}\\d{4}"
          + "|\\d{4}\\s?[年년]\\s?\\d{1,2}\\s?[月월]\\s?\\d{1,2}\\s?[日일]?)";

  private static final Pattern AFTER =
      Pattern.compile(
          "(?iu)(?<!\\p{L})(?:(?:was |were |i'm |am )?born(?: on)?|date[ _]of[ _]birth|birth[ _-]?da(?:y|te)|d\\.?o\\.?b\\.?"
              + "|geboren(?: am| op)?|geb\\.(?: am)?|geburts(?:datum|tag)|née? le|né\\(e\\) le|date de naissance|nacid[oa](?: el)?|nací(?: el)?|fecha de nacimiento"
              + "|nat[oa](?: il)?|data di nascita|geboortedatum|urodzon[ya]|urodził[ae]?m? się|data urodzenia|nascid[oa](?: em)?|nasci(?: em)?|data de nascimento"
              + "|född|födelsedatum|родил(?:ся|ась)|дата рождения|doğum tarihi(?:m)?|生年月日|誕生日|出生日期|出生于|生于|生日|जन्म ?(?:तिथि|दिन|तारीख)|생년월일|생일)"
              + "[\\s:：=\"'*は是—–-]{0,6}(?:(?:is|was|on|ist|war|am|den|est|le|es|el|è|il|to|jest|dnia|é|em|är|это|है|은|는|이)[\\s:]{1,2}){0,2}("
              + DATE
              + ")(?!\\d)");

  /** Languages that say it behind the date. */
  private static final Pattern BEFORE =
      Pattern.compile(
          "(?iu)(?<!\\d)("
              + DATE
              + ")\\s?(?:生まれ|に生まれ|出生|को (?:जन्म|पैदा)|tarihinde doğ|doğumlu|생|에 태어)");

  @Override
  public void find(String text, Consumer<Finding> findings) {
    for (var form : new Pattern[] {AFTER, BEFORE}) {
      var found = form.matcher(text);
      while (found.find()) {
        findings.accept(new Finding(EntityKind.DATE_OF_BIRTH, found.start(1), found.end(1)));
      }
    }
  }
}
