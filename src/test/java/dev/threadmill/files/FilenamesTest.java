package dev.threadmill.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilenamesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "report.pdf | report.pdf",
        "../../etc/passwd | passwd",
        "..\\..\\windows\\win.ini | win.ini",
        "/absolute/name.txt | name.txt",
        ".. | file",
        "... | file",
        "folder/ | file",
        "'' | file",
        ".profile | .profile",
        "Überblick 2026.md | Überblick 2026.md",
        "报告.pdf | 报告.pdf",
      })
  void aNameKeepsItsLastPart(String given, String kept) {
    assertThat(Filenames.safe(given)).isEqualTo(kept);
  }

  @Test
  void nothingInvisibleStaysInAName() {
    assertThat(Filenames.safe("a\0b\r\nc\u007f.txt")).isEqualTo("abc.txt");
    assertThat(Filenames.safe("invoice\u202Efdp.exe")).isEqualTo("invoicefdp.exe");
    assertThat(Filenames.safe("\u2066a\u2069\u200F\uFEFF.txt")).isEqualTo("a.txt");
    assertThat(Filenames.safe("a\ud800.txt")).isEqualTo("a.txt");
    assertThat(Filenames.safe("\u202E")).isEqualTo("file");
    assertThat(Filenames.safe(null)).isEqualTo("file");
  }

  @Test
  void aDecomposedNameIsStoredAsOthersTypeIt() {
    assertThat(Filenames.safe("re\u0301sume\u0301.txt")).isEqualTo("r\u00e9sum\u00e9.txt");
  }

  @Test
  void aLongNameIsShortenedBeforeItsExtension() {
    assertThat(Filenames.safe("x".repeat(300) + ".docx")).hasSize(255).endsWith("x.docx");
    var wide = Filenames.safe("報".repeat(300) + ".pdf");
    assertThat(wide).endsWith("報.pdf");
    assertThat(wide.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(255);
    assertThat(Filenames.safe("x." + "y".repeat(300))).hasSize(255);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "null",
      value = {
        "null, a.pdf, application/pdf",
        "application/octet-stream, a.md, text/markdown",
        "text/plain; charset=utf-16, a.bin, text/plain",
        "TEXT/CSV, a, text/csv",
        "no type, a.png, image/png",
        "multipart/form-data, a.json, application/json",
        "null, a, application/octet-stream",
      })
  void theTypeIsWhatTheClientSaysOrElseTheName(String said, String name, String type) {
    assertThat(Filenames.contentType(said, name)).isEqualTo(type);
  }
}
