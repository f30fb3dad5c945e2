package dev.threadmill.lab.privacy;

import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.Phonenumber.PhoneNumber;
import dev.threadmill.privacy.detect.EntityKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.iban4j.CountryCode;
import org.iban4j.Iban;

/**
 * Makes sentences with personal data in them, in the languages and formats of a dozen countries.
 */
final class GenerateEntities {
  /**
   * A sentence.
   *
   * @param value the personal data in it
   */
  record Sample(EntityKind kind, String text, String value) {}

  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private static final List<CountryCode> IBAN_COUNTRIES =
      List.of(
          CountryCode.DE,
          CountryCode.FR,
          CountryCode.ES,
          CountryCode.IT,
          CountryCode.NL,
          CountryCode.PL,
          CountryCode.PT,
          CountryCode.SE,
          CountryCode.GB,
          CountryCode.CH,
          CountryCode.TR,
          CountryCode.BR);

  private final Random random = new Random(20261130);
  private final GenerateIds ids = new GenerateIds(random);
  private final List<Sample> samples = new ArrayList<>();

  /** So many sentences of each form. */
  static List<Sample> samples(int each) {
    var generator = new GenerateEntities();
    for (int i = 0; i < each; i++) {
      generator.addAll();
    }
    return generator.samples;
  }

  private void addAll() {
    emails();
    numbers();
    national();
    phones();
    addresses();
    dates();
    secrets();
    names();
  }

  private void add(EntityKind kind, String form, String value) {
    samples.add(new Sample(kind, form.replace("{}", value), value));
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private int from(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  private String letters(int count, int kinds) {
    var text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(LETTERS.charAt(random.nextInt(kinds)));
    }
    return text.toString();
  }

  private void emails() {
    var user =
        pick("anna", "j.smith", "müller", "o'brien", "info+news", "user_99", "иван", "x")
            + from(1, 99);
    var domain =
        pick(
            "example.com", "mail.example.co.uk", "firma-beispiel.de", "почта.рф", "example.museum");
    var form =
        pick(
            "Write to {} please.",
            "Meine Adresse: {}",
            "Contact <{}>, or call.",
            "écrivez à {}!",
            "メールは{} です",
            "mailto:{}?subject=x",
            "{}");
    add(EntityKind.EMAIL, form, user + "@" + domain);
  }

  private void numbers() {
    add(
        EntityKind.CREDIT_CARD,
        pick(
            "My card is {}, valid until 12/29.",
            "Karte {}",
            "tarjeta: {}.",
            "carte n° {} svp",
            "カード番号は {} です",
            "card={}"),
        ids.card());
    var iban = Iban.random(IBAN_COUNTRIES.get(random.nextInt(IBAN_COUNTRIES.size())));
    add(
        EntityKind.IBAN,
        pick("IBAN {}.", "Bitte auf {} überweisen", "virement sur {}, merci", "{}"),
        random.nextBoolean() ? iban.toString() : iban.toFormattedString());
    add(
        EntityKind.IP_ADDRESS,
        pick("He came from {} at noon.", "Adresse {}, Port 443", "ip={}"),
        random.nextInt(4) == 0
            ? "2001:db8:%x:%x::%x:%x"
                .formatted(from(1, 65535), from(1, 65535), from(1, 65535), from(1, 65535))
            : "%d.%d.%d.%d".formatted(from(11, 126), from(0, 255), from(0, 255), from(1, 254)));
    add(
        EntityKind.CUSTOMER_ID,
        pick(
            "My customer number is {}.",
            "Kundennummer {}",
            "numéro client : {}",
            "número de cliente {}",
            "klantnummer: {}"),
        pick("C-", "", "KD") + from(10000, 999999));
  }

  private void national() {
    national("My SSN is {}, thanks.", ids::unitedStates);
    national("NI number {}", ids::britain);
    national("Meine Steuer-ID lautet {}.", ids::germany);
    national("Mon numéro de sécurité sociale : {}", ids::france);
    national("Mi DNI es {}.", ids::spain);
    national("Il mio codice fiscale è {}.", ids::italy);
    national("Mijn BSN is {}.", ids::netherlands);
    national("PESEL: {}", ids::poland);
    national("Meu CPF é {}.", ids::brazil);
    national("Aadhaar {}", ids::india);
    national("Mitt personnummer är {}.", ids::sweden);
    national("AHV-Nummer {}", ids::switzerland);
    national("TC kimlik numaram {}", ids::turkey);
    national("СНИЛС {}", ids::russia);
    national("身份证号码是{} 。", ids::china);
  }

  private void national(String form, Supplier<String> id) {
    add(EntityKind.NATIONAL_ID, form, id.get());
  }

  private void phones() {
    var plans = PhoneNumberUtil.getInstance();
    for (var region :
        List.of(
            "US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "BR", "SE", "RU", "TR", "JP", "CN",
            "IN")) {
      var example =
          plans.getExampleNumberForType(
              region,
              random.nextBoolean()
                  ? PhoneNumberUtil.PhoneNumberType.MOBILE
                  : PhoneNumberUtil.PhoneNumberType.FIXED_LINE);
      var varied = example;
      for (int i = 0; i < 200; i++) {
        var other = new PhoneNumber().mergeFrom(example);
        other.setNationalNumber(example.getNationalNumber() / 1000 * 1000 + random.nextInt(1000));
        if (plans.isValidNumber(other)) {
          varied = other;
          break;
        }
      }
      add(
          EntityKind.PHONE,
          pick("Call {} tomorrow.", "Tel: {}", "{}", "📞 {}, merci"),
          plans.format(
              varied,
              random.nextBoolean() ? PhoneNumberFormat.INTERNATIONAL : PhoneNumberFormat.E164));
      add(
          EntityKind.PHONE,
          pick(
              "My phone number is {}.",
              "Telefon: {}",
              "mon téléphone {}",
              "teléfono {}",
              "tel. {}"),
          plans.format(varied, PhoneNumberFormat.NATIONAL));
    }
  }

  private void addresses() {
    int house = from(1, 240);
    add(
        EntityKind.ADDRESS,
        "Send it to {}.",
        "%d %s Street".formatted(house, pick("Baker", "Old Mill", "Cedar", "Lincoln")));
    add(
        EntityKind.ADDRESS,
        "Ich wohne in der {}.",
        "%s %d, %05d %s"
            .formatted(
                pick("Bahnhofstraße", "Goetheweg", "Lindenallee"),
                house,
                from(10115, 99000),
                pick("Berlin", "Erfurt", "Ulm")));
    add(
        EntityKind.ADDRESS,
        "J'habite au {}.",
        "%d %s, %05d %s"
            .formatted(
                house,
                pick("rue des Lilas", "avenue Victor Hugo", "place de la Mairie"),
                from(10000, 95000),
                pick("Lyon", "Paris", "Rennes")));
    add(
        EntityKind.ADDRESS,
        "Vivo en {}.",
        "%s %d, %05d %s"
            .formatted(
                pick("Calle Mayor", "Avenida de América", "Plaza de España"),
                house,
                from(10000, 52000),
                pick("Madrid", "Sevilla")));
    add(
        EntityKind.ADDRESS,
        "Abito in {}.",
        "%s %d, %05d %s"
            .formatted(
                pick("Via Roma", "Corso Garibaldi", "Piazza Dante"),
                house,
                from(10000, 98000),
                pick("Milano", "Torino")));
    add(
        EntityKind.ADDRESS,
        "Ik woon op {}.",
        "%s %d".formatted(pick("Herengracht", "Stationsstraat", "Beukenlaan"), house));
    add(
        EntityKind.ADDRESS,
        "Mieszkam: {}.",
        "ul. %s %d, %02d-%03d %s"
            .formatted(
                pick("Długa", "Polna", "Kwiatowa"),
                house,
                from(10, 99),
                from(100, 999),
                pick("Warszawa", "Kraków")));
    add(
        EntityKind.ADDRESS,
        "Jag bor på {}.",
        "%s %d".formatted(pick("Storgatan", "Kungsvägen"), house));
    add(
        EntityKind.ADDRESS,
        "Moro na {}.",
        "%s, %d".formatted(pick("Rua Augusta", "Avenida Paulista"), house));
    add(
        EntityKind.ADDRESS,
        "Мой адрес: {}.",
        "ул. %s, д. %d".formatted(pick("Ленина", "Садовая"), house));
    add(
        EntityKind.ADDRESS,
        "Adresim {}.",
        "%s Caddesi No: %d".formatted(pick("Atatürk", "Barış"), house));
    add(
        EntityKind.ADDRESS,
        "住所は{} です。",
        "東京都千代田区丸の内%d-%d-%d".formatted(from(1, 5), from(1, 20), from(1, 9)));
  }

  private void dates() {
    int day = from(1, 28);
    int month = from(1, 12);
    int year = from(1935, 2010);
    var dotted = "%02d.%02d.%d".formatted(day, month, year);
    var slashed = "%02d/%02d/%d".formatted(day, month, year);
    add(
        EntityKind.DATE_OF_BIRTH,
        "I was born on {}.",
        "%d %s %d".formatted(day, pick("March", "July", "October"), year));
    add(EntityKind.DATE_OF_BIRTH, "Date of birth: {}", "%d-%02d-%02d".formatted(year, month, day));
    add(EntityKind.DATE_OF_BIRTH, "Geboren am {} in Köln.", dotted);
    add(EntityKind.DATE_OF_BIRTH, "Je suis née le {}.", slashed);
    add(
        EntityKind.DATE_OF_BIRTH,
        "Fecha de nacimiento: {}",
        "%d de %s de %d".formatted(day, pick("enero", "agosto"), year));
    add(EntityKind.DATE_OF_BIRTH, "Sono nato il {}.", slashed);
    add(EntityKind.DATE_OF_BIRTH, "Geboortedatum: {}", slashed.replace('/', '-'));
    add(EntityKind.DATE_OF_BIRTH, "Data urodzenia: {}", dotted);
    add(EntityKind.DATE_OF_BIRTH, "Data de nascimento: {}", slashed);
    add(EntityKind.DATE_OF_BIRTH, "Jag är född {}.", "%d-%02d-%02d".formatted(year, month, day));
    add(EntityKind.DATE_OF_BIRTH, "Дата рождения: {}", dotted);
    add(EntityKind.DATE_OF_BIRTH, "Doğum tarihim: {}", dotted);
    add(EntityKind.DATE_OF_BIRTH, "生年月日は{}です。", "%d年%d月%d日".formatted(year, month, day));
  }

  private void secrets() {
    add(
        EntityKind.SECRET,
        pick("key {} leaked", "OPENAI_API_KEY={}"),
        "sk-" + pick("", "proj-", "ant-api03-") + letters(40, 62));
    add(EntityKind.SECRET, "aws_access_key_id = {}", "AKIA" + letters(16, 26));
    add(EntityKind.SECRET, "git clone https://{}@host", "ghp_" + letters(36, 62));
    add(
        EntityKind.SECRET,
        "cookie: {};",
        "eyJ" + letters(20, 62) + ".eyJ" + letters(40, 62) + "." + letters(43, 62));
    add(
        EntityKind.SECRET,
        "{}",
        "-----BEGIN PRIVATE KEY-----\n"
            + letters(64, 62)
            + "\n"
            + letters(40, 62)
            + "\n-----END PRIVATE KEY-----");
    add(
        EntityKind.SECRET,
        pick("password: {}", "Passwort: {}", "mot de passe : {}", "contraseña: {}", "пароль: {}"),
        pick("Hunter", "Sonne") + from(10, 99) + "!" + letters(4, 62));
  }

  private void names() {
    add(
        EntityKind.NAME,
        pick(
            "My name is {}.",
            "Ich heiße {}.",
            "Me llamo {}.",
            "Mi chiamo {}.",
            "Ik heet {}.",
            "Nazywam się {}.",
            "Jag heter {}.",
            "Dear Mr. {},",
            "Frau {} rief an."),
        pick(
            "Anna Schmidt",
            "Łukasz Kowalski",
            "Zoé Lefèvre",
            "Ana García López",
            "Jan de Vries",
            "Sven Öberg"));
  }
}
