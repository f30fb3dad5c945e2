package dev.threadmill.privacy.detect;

import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Postal addresses: a street with a number, and the town behind it; or what is called an address.
 */
final class AddressDetector implements Detector {
  private static final String CAP = "\\p{Lu}[\\p{L}\\p{M}'’-]{0,24}+\\.?+";
  private static final String NUMBER =
      "\\d{1,4}(?:\\s?[a-zA-Z])?(?:\\s?[-/]\\s?\\d{1,4}[a-z]?)?(?![\\p{L}\\p{N}]|[.,]\\d)";

  /** A word of the name of a street, of which each text has one reading. */
  private static final String WORD =
      "(?>(?:de|des|du|la|le|les|del|los|las|della|delle|dei|dello|degli|di|do|da|dos|das|e|y|van|der|den|am|an|im|zum|zur)\\s|(?:l|d|dell|dall)['’]|"
          + CAP
          + "\\s?|\\d{1,2}\\s)";

  /** A town behind a street: a postal code and capitalised words, in either order. */
  private static final String TOWN =
      "(?:,?\\s{1,2}(?:(?:Apt|Apartment|Suite|Unit|Flat|Floor|Top|apto|piso|m\\.|lok\\.|кв\\.|daire|D)\\.?:?\\s?#?[\\p{N}A-Z]{1,5},?\\s))?"
          + "(?:\\s?[,\\n]\\s?(?:[A-Z]{1,2}-)?(?:\\d{4,6}|\\d{2}-\\d{3}|\\d{3} \\d{2}|\\d{5}-\\d{3}|\\d{4}-\\d{3}|\\d{4} [A-Z]{2})\\s"
          + CAP
          + "(?:[ -]"
          + CAP
          + "){0,2}"
          + "|,\\s(?:г\\.\\s)?"
          + CAP
          + "(?:\\s"
          + CAP
          + "){0,2}(?:,?\\s(?:[A-Z]{2}\\s)?(?:\\d{5}(?:-\\d{4})?|[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2}|\\d{6}|\\d{3}-\\d{4}))?)?";

  private static final List<Pattern> STREETS =
      Stream.of(
              // 12 Main Street
              "\\d{1,5}[A-Za-z]?,?\\s(?:(?:N|S|E|W|North|South|East|West)\\.?\\s)?(?:"
                  + CAP
                  + "\\s){1,4}?"
                  + "(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Crescent|Close|Highway|Hwy|Parkway|Pkwy|Gardens|Grove|Row|Mews|Marg|Nagar|Colony)\\b\\.?",
              // Musterstraße 12, Lange Straße 3, Hauptstr. 5
              "(?:(?:\\p{Lu}[\\p{L}-]{0,24}\\s){0,2}?\\p{Lu}[\\p{L}-]{1,24}(?:straße|strasse|str\\.|weg|platz|allee|gasse|damm|ufer|chaussee|ring"
                  + "|straat|laan|plein|gracht|kade|singel|dijk|gatan|vägen|gränd|torget|stigen)|(?:"
                  + CAP
                  + "\\s){1,2}(?:Straße|Strasse|Str\\.|Weg|Platz|Allee|Gasse|Gatan|Vägen))\\s"
                  + NUMBER,
              // 12 rue de la Paix
              "\\d{1,4}(?:\\s?(?:bis|ter|[A-D]))?,?\\s(?:rue|avenue|av\\.|boulevard|bd|place|chemin|impasse|allée|quai|route|cours|passage|square|faubourg)\\s"
                  + WORD
                  + "{1,8}?"
                  + CAP,
              // Calle Mayor 12, Rua Augusta, 1200, Via Roma 5
              "(?:[Cc]alle|C/|[Aa]venida|Avda\\.|Av\\.|[Pp]laza|[Pp]aseo|[Cc]arrera|[Rr]ua|R\\.|[Pp]raça|[Tt]ravessa|[Ll]argo|[Aa]lameda|[Ee]strada|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Vv]icolo)\\s"
                  + WORD
                  + "{1,7}?,?\\s?(?:n\\.?º?\\s?|nº\\s?|núm\\.\\s?)?"
                  + "\\d{1,5}(?:\\s?[a-zA-Z])?(?![\\p{L}\\p{N}]|[.,]\\d)(?:,\\s\\d{1,2}º\\s?[A-Z]?)?",
              // ul. Długa 5
              "(?:[Uu]l\\.|[Uu]lica|[Uu]licy|[Aa]l\\.|[Aa]leja|[Pp]l\\.|[Oo]s\\.)\\s(?:"
                  + CAP
                  + "\\s){1,3}"
                  + NUMBER,
              // ул. Ленина, д. 5
              "(?:ул\\.|[Уу]лиц[аеы]|[Пп]роспект[ае]?|пр-т|пр\\.|пер\\.|[Пп]ереул(?:ок|ке)|наб\\.|ш\\.)\\s(?:"
                  + CAP
                  + "\\s?){1,3},?\\s?(?:д\\.\\s?|дом\\s)?\\d{1,4}(?:,?\\s(?:кв\\.|корп\\.)\\s?\\d{1,4})?",
              // Atatürk Caddesi No: 5
              "(?:"
                  + CAP
                  + "\\s){1,3}(?:Sokak|Sokağı|Sk\\.|Caddesi|Cad\\.|Cd\\.|Mahallesi|Mah\\.|Bulvarı)\\s?,?\\s(?:No\\.?:?\\s?)?"
                  + NUMBER)
          .map(form -> Pattern.compile("(?<![\\p{L}\\p{N}])" + form + TOWN))
          .toList();

  private static final String EASTERN = "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}ー]";

  private static final List<Pattern> OTHERS =
      List.of(
          Pattern.compile(
              "(?:〒\\s?\\d{3}-\\d{4}\\s?)?\\p{IsHan}{2,3}[都道府県]"
                  + EASTERN
                  + "{1,10}?[市区町村]"
                  + EASTERN
                  + "{0,12}[0-9０-９]{1,4}(?:丁目|番地?|号|[-−ー][0-9０-９]{1,4}){0,4}"),
          Pattern.compile("〒\\s?\\d{3}-\\d{4}"),
          Pattern.compile(
              "(?:\\p{IsHan}{2,3}[省市]){0,2}\\p{IsHan}{1,4}[区县](?:\\p{IsHan}{1,8}?(?:路|街|大道|巷))\\d{1,5}号(?:\\d{1,4}(?:室|楼|栋|单元))?"),
          Pattern.compile(
              "[가-힣]{2,7}(?:시|도)\\s[가-힣]{1,6}(?:시|구|군)\\s(?:[가-힣]{1,6}(?:구|읍|면|동)\\s)?[가-힣0-9]{1,12}(?:로|길)\\s?\\d{1,4}(?:-\\d{1,4})?"));

  /** What is called an address: up to the end of the line or sentence, with a digit. */
  private static final Pattern CALLED =
      Pattern.compile(
          "(?iu)(?<![\\p{L}-])(?:(?:home |postal |street |billing |shipping |mailing )?address|anschrift|(?:post)?adresse|domicilio|direcci[óo]n|indirizzo|woonadres|adres|endereço|adress|адрес|住所|住址|地址|पता|주소)"
              + "\\s?[:：]\\s?((?=[^\\n]{0,70}\\d)(?![^\\s]{0,64}[@/])[\\p{L}\\p{N}][^\\n;。|\"<>\\[\\]{}]{7,80})");

  @Override
  public void find(String text, Consumer<Finding> findings) {
    for (var street : STREETS) {
      each(street, text, 0, findings);
    }
    for (var other : OTHERS) {
      each(other, text, 0, findings);
    }
    each(CALLED, text, 1, findings);
  }

  private static void each(Pattern form, String text, int group, Consumer<Finding> findings) {
    var found = form.matcher(text);
    while (found.find()) {
      int start = found.start(group);
      int end = Math.min(found.end(group), start + PersonalData.LONGEST);
      while (end > start + 1
          && (Character.isWhitespace(text.charAt(end - 1))
              || ".,".indexOf(text.charAt(end - 1)) >= 0)) {
        end--;
      }
      findings.accept(new Finding(EntityKind.ADDRESS, start, end));
    }
  }
}
