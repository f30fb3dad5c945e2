package dev.threadmill.privacy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Sentences with personal data in twelve languages, and their encodings. */
final class PrivacyCorpus {
  /** Sentences, and the personal data in each. */
  static final Map<String, List<String>> CORPUS =
      Map.ofEntries(
          Map.entry(
              "My name is Wendolyn Archer, mail wendolyn.archer@example.org, call +1 415-555-2671 or +44 20 7946 0958.",
              List.of(
                  "Wendolyn Archer", "wendolyn.archer@example.org", "415-555-2671", "7946 0958")),
          Map.entry(
              "Ich heiße Leopold Brünnhilder, geboren am 12.03.1985, Steuer-ID 86 095 742 719, Musterstraße 12, 10115 Berlin.",
              List.of("Leopold Brünnhilder", "12.03.1985", "86 095 742 719", "Musterstraße 12")),
          Map.entry(
              "Je m'appelle Zoé Lefèvre, 12 rue de la Paix, 75002 Paris, NIR 1 85 05 78 006 084 91.",
              List.of("Zoé Lefèvre", "12 rue de la Paix", "1 85 05 78 006 084 91")),
          Map.entry(
              "Me llamo Íñigo Zubizarreta, DNI 12345678Z, IBAN ES91 2100 0418 4502 0005 1332.",
              List.of("Íñigo Zubizarreta", "12345678Z", "ES91 2100 0418 4502 0005 1332")),
          Map.entry(
              "Mi chiamo Ottaviano Grimaldi, codice fiscale RSSMRA85T10A562S, Via Garibaldi 27, 00184 Roma.",
              List.of("Ottaviano Grimaldi", "RSSMRA85T10A562S", "Via Garibaldi 27")),
          Map.entry(
              "Ik heet Floortje Dijkgraaf, mijn BSN is 111222333, Keizersgracht 123, 1015 CJ Amsterdam.",
              List.of("Floortje Dijkgraaf", "111222333", "Keizersgracht 123")),
          Map.entry(
              "Nazywam się Grzegorz Szczepański, PESEL 44051401359, ul. Długa 57, 00-238 Warszawa.",
              List.of("Grzegorz Szczepański", "44051401359", "ul. Długa 57")),
          Map.entry(
              "Meu nome é Thiago Vasconcelos, CPF 529.982.247-25, cartão 4111 1111 1111 1111.",
              List.of("Thiago Vasconcelos", "529.982.247-25", "4111 1111 1111 1111")),
          Map.entry(
              "Jag heter Sigrid Ekholm, personnummer 811228-9874, född 28 december 1981.",
              List.of("Sigrid Ekholm", "811228-9874", "28 december 1981")),
          Map.entry(
              "Меня зовут Святослав Ермолаев, СНИЛС 112-233-445 95, почта слава@почта.рф.",
              List.of("Святослав Ермолаев", "112-233-445 95", "слава@почта.рф")),
          Map.entry(
              "Benim adım Gülbahar Yıldırım, TC 10000000146, IP 203.0.113.45, şifre: Qx7!kelebek.",
              List.of("Gülbahar Yıldırım", "10000000146", "203.0.113.45", "Qx7!kelebek")),
          Map.entry(
              "私の名前は綾小路麗子です。電話は 03-1234-5678 です。生年月日は1985年3月12日です。 sk-proj-9aZkQm3LxT7vYw2BcR5n",
              List.of("綾小路麗子", "03-1234-5678", "1985年3月12日", "sk-proj-9aZkQm3LxT7vYw2BcR5n")));

  static final List<String> VALUES = CORPUS.values().stream().flatMap(List::stream).toList();

  static final String ALL = String.join("\n", CORPUS.keySet());

  static String json(String text) {
    return JsonNodeFactory.instance.textNode(text).toString();
  }

  static List<String> leaks(String text) {
    return VALUES.stream().filter(text::contains).toList();
  }

  /** As in addresses; the letters of ASCII stay. */
  static String percent(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static String entities(String text) {
    return text.chars()
        .mapToObj(
            c -> Character.isLetterOrDigit(c) && c < 128 ? Character.toString(c) : "&#" + c + ";")
        .collect(Collectors.joining());
  }

  /** As in JSON within a text. */
  static String escapes(String text) {
    return text.chars()
        .mapToObj(c -> c < 128 ? Character.toString(c) : "\\u%04x".formatted(c))
        .collect(Collectors.joining());
  }

  /** Digits and signs of eastern keyboards, with characters in between that have no width. */
  static String fullWidth(String text) {
    return text.chars()
        .mapToObj(
            c ->
                c > '!' && c < '~' && !Character.isLetter(c)
                    ? Character.toString(c + 0xfee0)
                    : Character.toString(c))
        .collect(Collectors.joining("\u200b"));
  }

  private PrivacyCorpus() {}
}
