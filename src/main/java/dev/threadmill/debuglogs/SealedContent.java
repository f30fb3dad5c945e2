package dev.threadmill.debuglogs;

import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Content of a project, compressed and then encrypted. */
@ApplicationScoped
class SealedContent {
  private final SecretBox box;

  SealedContent(SecretBox box) {
    this.box = box;
  }

  /**
   * Seals a text.
   *
   * @throws dev.threadmill.api.ApiException 400 if this server has no key to do it with
   */
  String seal(ProjectId project, String text) {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return box.seal(project, Base64.getEncoder().encodeToString(compressed.toByteArray())).box();
  }

  /**
   * Opens a sealed text.
   *
   * @throws SecretBox.UndecryptableException if the key of this server is not the one it had
   */
  String open(ProjectId project, String sealed) throws SecretBox.UndecryptableException {
    var compressed = Base64.getDecoder().decode(box.open(project, new SecretText.Sealed(sealed)));
    try (var gzip = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
      return new String(gzip.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
