package dev.threadmill.tools.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.FileId;
import java.util.List;
import org.junit.jupiter.api.Test;

class InputFilesTest {
  @Test
  void aFileGetsNeitherTheNameOfAnotherNorThatOfAFolder() {
    var file = new FileId("file-abc123");
    var taken =
        InputFiles.pathsAndFolders(
            List.of(
                new CodeFileStore.CodeFile("a.csv", file, null),
                new CodeFileStore.CodeFile("results/b/c.csv", file, null)));
    assertThat(taken).containsExactlyInAnyOrder("a.csv", "results", "results/b", "results/b/c.csv");
    assertThat(InputFiles.freePath("results", taken)).isEqualTo("results (2)");
    assertThat(InputFiles.freePath("a.csv", taken)).isEqualTo("a (2).csv");
    assertThat(InputFiles.freePath("c.csv", taken)).isEqualTo("c.csv");
  }
}
