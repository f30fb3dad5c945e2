package dev.threadmill.privacy.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found, by kind and language, and what is not. */
class PersonalDataTest {
  private static String found(String text) {
    return PersonalData.find(text, EntityKind.ALL).stream()
        .map(each -> each.kind().wireName() + "=" + text.substring(each.start(), each.end()))
        .collect(java.util.stream.Collectors.joining("; "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Write to max.mustermann+news@mail.example.co.uk, please.  | email=max.mustermann+news@mail.example.co.uk
          <anna@example.com>;bob@example.org                         | email=anna@example.com; email=bob@example.org
          Mail: jane (at) example (dot) com                         | email=jane (at) example (dot) com
          https://x.example/?m=max%40example.com&y=1                | email=max%40example.com
          почта: иван@почта.рф                                      | email=иван@почта.рф
          Call me at +1 415-555-2671 today                          | phone=+1 415-555-2671
          Meine Nummer: 030 901820                                  | phone=030 901820
          Tel. 06 12 34 56 78                                       | phone=06 12 34 56 78
          Reach us on (415) 555-2671.                               | phone=(415) 555-2671
          mi móvil es 612 345 678                                   | phone=612 345 678
          मेरा फोन 98765 43210 है                                     | phone=98765 43210
          電話は 03-1234-5678 です                                    | phone=03-1234-5678
          Call 0049 30 901820                                       | phone=0049 30 901820
          My card is 4111 1111 1111 1111, exp 12/27                 | credit_card=4111 1111 1111 1111
          番号は4111111111111111です                                  | credit_card=4111111111111111
          card 378282246310005                                      | credit_card=378282246310005
          IBAN DE89 3704 0044 0532 0130 00 bitte                    | iban=DE89 3704 0044 0532 0130 00
          GB82WEST12345698765432                                    | iban=GB82WEST12345698765432
          SSN 123-45-6789                                           | national_id=123-45-6789
          NINO AB 12 34 56 C                                        | national_id=AB 12 34 56 C
          Steuer-ID 86 095 742 719                                  | national_id=86 095 742 719
          NIR 1 85 05 78 006 084 91                                 | national_id=1 85 05 78 006 084 91
          DNI 12345678Z                                             | national_id=12345678Z
          NIE X1234567L                                             | national_id=X1234567L
          codice fiscale RSSMRA85T10A562S                           | national_id=RSSMRA85T10A562S
          mijn BSN is 111222333                                     | national_id=111222333
          PESEL 44051401359                                         | national_id=44051401359
          CPF 529.982.247-25                                        | national_id=529.982.247-25
          personnummer 811228-9874                                  | national_id=811228-9874
          AHV 756.9217.0769.85                                      | national_id=756.9217.0769.85
          TC 10000000146                                            | national_id=10000000146
          СНИЛС 112-233-445 95                                      | national_id=112-233-445 95
          身份证 11010519491231002X                                   | national_id=11010519491231002X
          from 203.0.113.45 and 2001:db8:85a3::8a2e:370:7334         | ip_address=203.0.113.45; ip_address=2001:db8:85a3::8a2e:370:7334
          I live at 12 Main Street, Springfield, IL 62704.          | address=12 Main Street, Springfield, IL 62704
          Ich wohne in der Musterstraße 12, 10115 Berlin.           | address=Musterstraße 12, 10115 Berlin
          J'habite 12 rue de la Paix, 75002 Paris.                  | address=12 rue de la Paix, 75002 Paris
          Vivo en Calle Mayor 12, 28013 Madrid                      | address=Calle Mayor 12, 28013 Madrid
          Abito in Via Roma 5, 00184 Roma                           | address=Via Roma 5, 00184 Roma
          Keizersgracht 123, 1015 CJ Amsterdam                      | address=Keizersgracht 123, 1015 CJ Amsterdam
          Mieszkam: ul. Długa 5, 00-238 Warszawa                    | address=ul. Długa 5, 00-238 Warszawa
          Живу: ул. Ленина, д. 5, кв. 12                            | address=ул. Ленина, д. 5, кв. 12
          東京都千代田区丸の内1-9-1 に住んでいます                          | address=東京都千代田区丸の内1-9-1
          born on 12 March 1985                                     | date_of_birth=12 March 1985
          Geburtsdatum: 12.03.1985                                  | date_of_birth=12.03.1985
          née le 3 août 1990                                        | date_of_birth=3 août 1990
          fecha de nacimiento: 3 de agosto de 1990                  | date_of_birth=3 de agosto de 1990
          生年月日は1985年3月12日です                                   | date_of_birth=1985年3月12日
          key sk-proj-abcdefghijklmnopqrstuvwx                      | secret=sk-proj-abcdefghijklmnopqrstuvwx
          AKIAIOSFODNN7EXAMPLE is public                            | secret=AKIAIOSFODNN7EXAMPLE
          password: hunter2!x                                       | secret=hunter2!x
          postgres://admin:s3cr3tPw@db.example.com/x                | secret=s3cr3tPw
          My name is Anna Schmidt and I ask                         | name=Anna Schmidt
          Ich heiße Jürgen von der Heide.                           | name=Jürgen von der Heide
          Je m'appelle Zoé Lefèvre                                  | name=Zoé Lefèvre
          меня зовут Иван Петров                                    | name=Иван Петров
          我叫王小明，                                                | name=王小明
          Dear Mr. Smith, hello                                     | name=Smith
          customer id: C-20931                                      | customer_id=C-20931
          Kundennummer 4711-22                                      | customer_id=4711-22
          """)
  void findsPersonalDataInManyLanguages(String text, String expected) {
    assertThat(found(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Order 4111 1111 1111 1112 has no valid check digit.",
        "The release 1.2.3.4 came out on 2026-11-30 12:30:45.",
        "It costs 1,299.00 EUR or 1.299,00 €; 12 345 678 were sold.",
        "std::vector<int> and a::b in 127.0.0.1:8080",
        "UUID 550e8400-e29b-41d4-a716-446655440000, commit 3a3623cb99",
        "Pi is 3.14159265358979, and 1764518400000 is a time.",
        "In 2024 we had 12 main streets and a token budget of 4096.",
        "user@localhost is no address, nor is @handle or a@b.",
        "The password is required. A token is a word.",
        "[EMAIL_K7Q2MXA4PD3W] and [CARD_AAAAAAAAAAAA] stand for data.",
        "Herr der Ringe, Mr. President and the Secretary"
      })
  void findsNothingInOrdinaryText(String text) {
    assertThat(found(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "1",
        "1 ",
        "@",
        "a@",
        "a.",
        "(",
        "+1",
        "-",
        ":",
        "A ",
        "Aa ",
        "12 Aa ",
        "password ",
        "password: ",
        "-----BEGIN PRIVATE KEY-----",
        "sk-",
        "eyJa",
        "eyJaaaaaaaaa.",
        "://a:",
        "1.1.1.",
        "::",
        "my name is ",
        "My name is A",
        "rue de la ",
        "Calle A ",
        "born ",
        "address: ",
        "東京都",
        "[EMAIL_"
      })
  void takesLinearTimeForHostileText(String piece) {
    var text = piece.repeat(100_000 / piece.length());
    var threads = ManagementFactory.getThreadMXBean();
    // Not the time of the clock, which other processes take as well.
    long start = threads.getCurrentThreadCpuTime();

    PersonalData.find(text, EntityKind.ALL);

    assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - start))
        .isLessThan(Duration.ofSeconds(4));
  }

  @Test
  void aLineBreakThatIsEscapedIsNoLetter() {
    assertThat(found("{\"q\": \"x\\nMy name is Anna Schmidt\\n111\"}"))
        .isEqualTo("name=Anna Schmidt");
  }

  @Test
  void aPrivateKeyIsFoundAsAWhole() {
    var key =
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75\nabc\n-----END RSA PRIVATE KEY-----";
    assertThat(found("x " + key + " y")).isEqualTo("secret=" + key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"to\": \"max\\u0040example.com\"}",
        "{\\\"to\\\": \\\"max\\\\u0040example\\\\u002ecom\\\"}",
        "mail max%40example%2Ecom now",
        "mail max%2540example.com now",
        "mail max&#64;example&#x2e;com now",
        "mail max&commat;example&period;com now",
        "mail max\u200b@exam\u00adple.com now",
        "mail ｍａｘ＠ｅｘａｍｐｌｅ．ｃｏｍ now"
      })
  void anEncodedAddressIsFoundWhole(String text) {
    assertThat(PersonalData.find(text, EntityKind.ALL))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.kind()).isEqualTo(EntityKind.EMAIL);
              assertThat(PersonalData.plain(text.substring(found.start(), found.end())))
                  .isEqualTo("max@example.com");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "card 4\u200b1\u200b1\u200b1 1111 1111 1111",
        "card ４１１１　１１１１　１１１１　１１１１",
        "card 4111%201111%201111%201111",
        "card 4111&nbsp;1111&nbsp;1111&nbsp;1111",
        "card 𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏",
        "card \\u0034111\\u00201111\\u00201111\\u00201111",
        "card ٤١١١ ١١١١ ١١١١ ١١١١"
      })
  void anEncodedNumberIsFoundWhole(String text) {
    assertThat(PersonalData.find(text, EntityKind.ALL))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.kind()).isEqualTo(EntityKind.CREDIT_CARD);
              assertThat(found.start()).isEqualTo(5);
              assertThat(found.end()).isEqualTo(text.length());
            });
  }

  @Test
  void textsThatOnlyLookEncodedStayAsTheyAre() {
    assertThat(found("100% sure &co; \\ \\u12 %zz &#; &#x110000; &#99999999; m² ½")).isEmpty();
  }
}
