package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The built-in embedding model knows English. In other languages a question finds its answer by
 * shared words. In each of these lines the question repeats a word of the fact.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ManyLanguagesTest {
  private static final int AMONG_THE_FIRST = 5;

  /** Language, message, question. */
  private static final String LINES =
      """
      English | My grandmother keeps bees behind the old chapel. | Who keeps bees?
      German | Meine Schwester hat am Montag einen Hund aus dem Tierheim geholt. | Woher kommt der Hund meiner Schwester?
      French | Le plombier a réparé la douche pour cent euros. | Combien a coûté la douche ?
      Spanish | Mi tía vende naranjas en el mercado de Valencia. | ¿Qué vende mi tía?
      Portuguese | O meu avô construiu um barco de madeira em Aveiro. | Quem construiu o barco?
      Italian | Il mio vicino suona la tromba ogni sera alle otto. | Chi suona la tromba?
      Dutch | Onze fiets staat al drie weken in de kelder van de buurman. | Waar staat onze fiets?
      Swedish | Min bror arbetar som sjuksköterska i Malmö. | Var arbetar min bror?
      Norwegian | Hytta vår ligger ved en liten innsjø i Telemark. | Hvor ligger hytta?
      Danish | Kagen blev bagt af min moster med rabarber. | Hvem har bagt kagen?
      Finnish | Sauna lämmitetään joka lauantai kello kuusi. | Milloin sauna lämmitetään?
      Icelandic | Hesturinn minn heitir Sleipnir og er grár. | Hvað heitir hesturinn?
      Polish | Zgubiłem parasol w tramwaju numer siedem. | Gdzie jest mój parasol?
      Czech | Babička peče každou neděli švestkový koláč. | Kdo peče koláč?
      Slovak | Otec kúpil v sobotu zelený traktor. | Kedy otec kúpil traktor?
      Slovene | Moja hči igra violino v šolskem orkestru. | Kdo igra violino?
      Croatian | Ključevi su kod susjede na trećem katu. | Gdje su ključevi?
      Serbian | Возили смо се чамцем преко Дунава до Новог Сада. | Куда смо ишли чамцем?
      Bulgarian | Котката спи върху печката в кухнята. | Къде спи котката?
      Macedonian | Автобусот за Охрид тргнува во пет часот. | Кога тргнува автобусот?
      Romanian | Căruța bunicului era vopsită în albastru. | Ce culoare avea căruța?
      Hungarian | A nagypapa pálinkát főz szilvából. | Ki főz pálinkát?
      Greek | Η ξαδέρφη μου ανοίγει φούρνο στη Λάρισα. | Πού ανοίγει φούρνο η ξαδέρφη;
      Turkish | Komşumuz balkonda domates yetiştiriyor. | Kim domates yetiştiriyor?
      Azerbaijani | Əmim Bakıda xalça toxuyur. | Kim xalça toxuyur?
      Russian | Ёжик живёт под крыльцом нашей дачи. | Где живёт ёжик?
      Ukrainian | Сестра вишиває рушник для весілля. | Хто вишиває рушник?
      Belarusian | Дзядзька збірае грыбы каля возера Нарач. | Хто збірае грыбы?
      Lithuanian | Kaimynas augina triušius už daržinės. | Kas augina triušius?
      Latvian | Vectēvs griež karotes no kadiķa. | Kas griež karotes?
      Estonian | Onu parandab vanu kellasid Tartus. | Kes parandab kellasid?
      Albanian | Gjyshi ruan dhitë në mal. | Kush ruan dhitë?
      Catalan | La meva cosina dirigeix un cor a Girona. | Qui dirigeix el cor?
      Basque | Osabak ardiak ditu Urbiako mendian. | Non ditu osabak ardiak?
      Galician | A miña curmá repara gaitas en Ourense. | Quen repara gaitas?
      Irish | Tá an bád dearg ceangailte ag an gcé i nDaingean. | Cá bhfuil an bád dearg?
      Welsh | Mae fy nghefnder yn cneifio defaid ger Dolgellau. | Pwy sy'n cneifio defaid?
      Arabic | عمي يصلح الساعات القديمة في دمشق. | من يصلح الساعات؟
      Hebrew | השכן מגדל תוכי ירוק במרפסת. | מי מגדל תוכי?
      Persian | خاله‌ام در اصفهان فرش می‌بافد. | چه کسی فرش می‌بافد؟
      Urdu | میرے چچا لاہور میں پتنگ بناتے ہیں۔ | پتنگ کون بناتے ہیں؟
      Hindi | मेरी नानी छत पर पापड़ सुखाती है। | पापड़ कहाँ सुखाती है?
      Bengali | আমার মামা নদীতে নৌকা চালায়। | কে নৌকা চালায়?
      Tamil | என் பாட்டி தோட்டத்தில் மல்லிகை வளர்க்கிறார். | யார் மல்லிகை வளர்க்கிறார்?
      Telugu | మా తాత పొలంలో వేరుశనగ పండిస్తాడు. | ఎవరు వేరుశనగ పండిస్తాడు?
      Thai | น้องสาวของฉันเลี้ยงเต่าสามตัวที่บ้าน | ใครเลี้ยงเต่า
      Vietnamese | Bà ngoại trồng sen trong cái ao sau nhà. | Ai trồng sen?
      Indonesian | Paman memelihara burung merpati di atap. | Siapa memelihara merpati?
      Swahili | Shangazi anauza maembe sokoni kila asubuhi. | Nani anauza maembe?
      Chinese | 我叔叔在成都开了一家自行车修理店。 | 谁开了自行车修理店？
      Japanese | 祖父は長野で蕎麦を打っています。 | 蕎麦を打っているのは誰ですか。
      Korean | 우리 이모는 제주도에서 감귤을 키운다. | 누가 감귤을 키우나요?
      Georgian | ბაბუა მარანში ღვინოს აყენებს. | ვინ აყენებს ღვინოს?
      Armenian | Քեռիս Գյումրիում կոշիկ է կարում։ | Ո՞վ է կոշիկ կարում։
      Mongolian | Эмээ маань айраг исгэж байна. | Хэн айраг исгэж байна?
      Kazakh | Атам ауылда жылқы бағады. | Кім жылқы бағады?
      """;

  private record Line(String language, String fact, String question) {}

  @Test
  void inFiftyLanguagesAQuestionFindsWhatWasSaid() {
    var lines =
        LINES
            .lines()
            .map(line -> line.split(" \\| "))
            .map(parts -> new Line(parts[0], parts[1], parts[2]))
            .toList();
    assertThat(lines).hasSizeGreaterThanOrEqualTo(50);
    var thread = MemoryThread.of(ApiClient.user(), lines.stream().map(Line::fact).toList());

    List<String> missed = new ArrayList<>();
    for (var line : lines) {
      if (!thread.recalled(line.question(), AMONG_THE_FIRST).contains(line.fact())) {
        missed.add(line.language());
      }
    }

    assertThat(missed).isEmpty();
  }
}
