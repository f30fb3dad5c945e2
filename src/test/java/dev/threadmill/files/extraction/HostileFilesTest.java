package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.files.extraction.ExtractionException.Code;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.poi.xssf.streaming.SXSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileFilesTest {
  private static final int MEGABYTE = 1 << 20;
  private static Extractions extractions;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    extractions = new Extractions(ExtractionSettings.usual());
  }

  @AfterAll
  static void stop() {
    extractions.close();
  }

  /** Whatever a file does, the next one is read. */
  @AfterEach
  void theNextFileIsRead() throws Exception {
    assertThat(extract("a.html", "<p>fine</p>").text()).isEqualTo("fine");
  }

  private static ExtractedText extract(String name, String content) throws Exception {
    return extractions.extract(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertFails(Code code, String message, ThrowingCallable extraction) {
    assertThatThrownBy(extraction)
        .isInstanceOfSatisfying(
            ExtractionException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  interface Content {
    void write(ZipOutputStream zip) throws IOException;
  }

  private static byte[] docx(Content body) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(out)) {
      put(
          zip,
          "[Content_Types].xml",
          "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
              + "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
              + "<Override PartName='/word/document.xml' ContentType="
              + "'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'/></Types>");
      put(
          zip,
          "_rels/.rels",
          "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
              + "<Relationship Id='r' Target='word/document.xml' Type="
              + "'http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument'/>"
              + "</Relationships>");
      zip.putNextEntry(new ZipEntry("word/document.xml"));
      body.write(zip);
    }
    return out.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, String content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aZipBombIsInvalid() throws Exception {
    var bomb =
        docx(
            zip -> {
              zip.write("<w:document xmlns:w='x'><w:body><w:p>".getBytes(StandardCharsets.UTF_8));
              var zeros = new byte[MEGABYTE];
              Arrays.fill(zeros, (byte) ' ');
              for (int n = 0; n < 100; n++) {
                zip.write(zeros);
              }
            });

    assertFails(Code.INVALID_FILE, "decompression bomb", () -> extractions.extract("a.docx", bomb));
  }

  @Test
  void billionLaughsAndOtherFilesAsEntitiesAreNotRead() throws Exception {
    var laughs = new StringBuilder("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY l0 'ha'>");
    for (int n = 1; n < 40; n++) {
      laughs.append("<!ENTITY l%d '%s'>".formatted(n, "&l%d;".formatted(n - 1).repeat(10)));
    }
    laughs.append("]><a>&l39;</a>");
    assertThatThrownBy(() -> extract("a.xml", laughs.toString()))
        .isInstanceOf(ExtractionException.class);

    var secret = Files.writeString(folder.resolve("secret"), "the secret of the host");
    var outside =
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY f SYSTEM '%s'>]><a>start &f; end</a>"
            .formatted(secret.toUri());
    String text;
    try {
      text = extract("a.xml", outside).text();
    } catch (ExtractionException e) {
      text = e.getMessage();
    }
    assertThat(text).doesNotContain("the secret");
  }

  @Test
  void aDocumentWithoutEndInTextIsCutByTheLimit() {
    try (var small = new Extractions(ExtractionSettings.usual().withMaxCharacters(50_000))) {
      assertFails(
          Code.INVALID_FILE,
          "more than 50,000 characters",
          () ->
              small.extract(
                  "a.html", "<p>word word</p>".repeat(10_000).getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void aHundredThousandRowsAreReadWithinTheLimits() throws Exception {
    byte[] sheet;
    try (var workbook = new SXSSFWorkbook(100)) {
      var rows = workbook.createSheet("rows");
      for (int n = 0; n < 100_000; n++) {
        var row = rows.createRow(n);
        row.createCell(0).setCellValue(n);
        row.createCell(1).setCellValue(n * 7L % 1013);
      }
      var out = new ByteArrayOutputStream();
      workbook.write(out);
      sheet = out.toByteArray();
    }

    assertThat(extractions.extract("a.xlsx", sheet).text()).contains("| 99999 |");
  }

  @Test
  void deepNestingIsInvalidOrFlattened() throws Exception {
    assertFails(
        Code.INVALID_FILE,
        "",
        () -> extract("a.xml", "<?xml version='1.0'?>" + "<a>".repeat(200_000)));
    assertThat(extract("a.html", "<div>".repeat(5_000) + "x").text()).isEqualTo("x");
  }

  @Test
  void mailsInMailsEndAtADepth() throws Exception {
    var mail = "Subject: innermost\r\nFrom: a@b.c\r\n\r\nThe innermost text.\r\n";
    for (int n = 0; n < 30; n++) {
      mail =
          "From: a@b.c\r\nSubject: level\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;"
              + " boundary=b%1$d\r\n\r\n--b%1$d\r\nContent-Type: message/rfc822\r\n\r\n%2$s\r\n--b%1$d--\r\n"
                  .formatted(n, mail);
    }

    var text = extract("a.eml", mail);

    assertThat(text.text()).doesNotContain("innermost text");
    assertThat(text.warnings()).anyMatch(warning -> warning.contains("nested too deeply"));
  }

  @Test
  void contentThatIsNoDocumentIsUnsupported() {
    var noise = new byte[100_000];
    new Random(1).nextBytes(noise);
    assertFails(Code.UNSUPPORTED_FILE, "not supported", () -> extractions.extract("a.bin", noise));
    assertFails(
        Code.UNSUPPORTED_FILE, "not supported", () -> extractions.extract("a.zip", zipOf("x.txt")));
    assertFails(Code.INVALID_FILE, "damaged", () -> extractions.extract("a.docx", zipOf("x.txt")));
  }

  private static byte[] zipOf(String name) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(out)) {
      put(zip, name, "text");
    }
    return out.toByteArray();
  }

  @Test
  void noiseUnderAKnownNameIsAClearFailure() throws Exception {
    byte[] whole;
    try (var document = new XWPFDocument()) {
      document.createParagraph().createRun().setText("text ".repeat(2_000));
      var out = new ByteArrayOutputStream();
      document.write(out);
      whole = out.toByteArray();
    }
    var random = new Random(3);
    for (int round = 0; round < 5; round++) {
      var broken = whole.clone();
      for (int n = 0; n < 20; n++) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
      }
      try {
        extractions.extract("a.docx", broken);
      } catch (ExtractionException e) {
        assertThat(e.code()).isNotEqualTo(Code.SERVER_ERROR);
      }
    }
  }

  @Test
  void aFileThatTakesTooLongIsInvalid() {
    try (var hasty =
        new Extractions(ExtractionSettings.usual().withTimeout(Duration.ofMillis(1)))) {
      assertFails(
          Code.INVALID_FILE,
          "took longer",
          () -> hasty.extract("a.html", "<p>x</p>".repeat(100).getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void aKilledProcessCostsItsFileAndNoOther() throws Exception {
    var config = ExtractionSettings.usual();
    var worker = WorkerProcess.start(config, null);
    var file = Files.writeString(folder.resolve("a.html"), "<p>x</p>".repeat(200_000));
    var request = new Frames.Request(file.toString(), "a.html", "", 20_000_000, 0, 60_000);
    var killed =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return worker.read(request, Duration.ofSeconds(60));
              } catch (ExtractionException e) {
                return e;
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });

    ProcessHandle.of(worker.pid()).orElseThrow().destroyForcibly();

    assertThat(killed.get())
        .isInstanceOfSatisfying(
            ExtractionException.class, e -> assertThat(e.code()).isEqualTo(Code.SERVER_ERROR));
    assertThat(worker.isUsable()).isFalse();
  }

  @Test
  void aFileThatNeedsTooMuchMemoryIsInvalid() throws Exception {
    var config = ExtractionSettings.usual().withHeapMegabytes(48);
    try (var small = new Extractions(config)) {
      var document = "<p>" + "x".repeat(60_000_000) + "</p>";
      assertFails(
          Code.INVALID_FILE,
          "more memory",
          () -> small.extract("a.html", document.getBytes(StandardCharsets.UTF_8)));
      assertThat(small.extract("a.html", "<p>fine</p>".getBytes(StandardCharsets.UTF_8)).text())
          .isEqualTo("fine");
    }
  }

  @Test
  void anIdleProcessEnds() throws Exception {
    var before = children();
    try (var brief = new Extractions(ExtractionSettings.usual().withIdle(Duration.ofMillis(50)))) {
      brief.extract("a.html", "<p>x</p>".getBytes(StandardCharsets.UTF_8));
      org.awaitility.Awaitility.await().until(() -> before.containsAll(children()));
    }
  }

  private static List<Long> children() {
    return ProcessHandle.current().children().map(ProcessHandle::pid).toList();
  }
}
