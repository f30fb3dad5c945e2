package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.mime.MediaType;
import org.xml.sax.ContentHandler;
import org.xml.sax.SAXException;

/** Reads the files inside a file: attachments of mails, documents in documents. */
final class EmbeddedFiles implements EmbeddedDocumentExtractor {
  private static final int LONGEST_NAME = 120;

  private final ReadDocument reader;
  private final FrameSink sink;
  private final XhtmlBlocks outer;
  private final BlockBuilder blocks;
  private final EmbeddedLimits limits;
  private final int depth;

  EmbeddedFiles(
      ReadDocument reader,
      FrameSink sink,
      XhtmlBlocks outer,
      BlockBuilder blocks,
      EmbeddedLimits limits,
      int depth) {
    this.reader = reader;
    this.sink = sink;
    this.outer = outer;
    this.blocks = blocks;
    this.limits = limits;
    this.depth = depth;
  }

  @Override
  public boolean shouldParseEmbedded(Metadata metadata) {
    var kind = metadata.get(TikaCoreProperties.EMBEDDED_RESOURCE_TYPE);
    return kind == null || kind.equals("ATTACHMENT") || kind.equals("INLINE");
  }

  @Override
  public void parseEmbedded(
      InputStream content, ContentHandler handler, Metadata metadata, boolean outputHtml)
      throws SAXException, IOException {
    if (!limits.takeFile(depth)) {
      return;
    }
    // names are for people only: the copy has a name of its own
    var copy = Files.createTempFile("embedded", null);
    try {
      if (copy(content, copy)) {
        read(copy, name(metadata));
      }
    } catch (FrameSink.OutputFailure | SAXException e) {
      throw e;
    } catch (ExtractionException e) {
      throw new SAXException(e);
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  /** False if the content is larger than what is left. */
  private boolean copy(InputStream content, Path copy) throws IOException {
    try (var out = Files.newOutputStream(copy)) {
      var buffer = new byte[65_536];
      for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
        limits.take(read);
        if (limits.bytesLeft() < 0) {
          limits.takeFile(EmbeddedLimits.DEEPEST); // counts it as skipped
          return false;
        }
        out.write(buffer, 0, read);
      }
    }
    return true;
  }

  private static String name(Metadata metadata) {
    var name = metadata.get(TikaCoreProperties.RESOURCE_NAME_KEY);
    if (name == null) {
      return "";
    }
    var last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    return last.substring(Math.max(0, last.length() - LONGEST_NAME));
  }

  private void read(Path copy, String name) throws SAXException, IOException, ExtractionException {
    try (var in = TikaInputStream.get(copy)) {
      ZipCheck.check(copy);
      var type = reader.detect(in, name, "");
      if (type.getType().equals("image")) {
        limits.countPicture();
        return;
      }
      outer.flush();
      var inner = new BlockBuilder(sink);
      inner.page(blocks.page());
      var title = name.isEmpty() ? "Attachment" : "Attachment " + name;
      if (isNamed(type, name)) {
        inner.heading(1, title);
      }
      if (!reader.read(type, in, copy, name, inner, depth + 1)) {
        sink.warn("%s was not read: %s is not supported.".formatted(title, type.getBaseType()));
      }
    } catch (ExtractionException e) {
      if (e.code() == ExtractionException.Code.INVALID_FILE && isLimit(e)) {
        throw e;
      }
      sink.warn("An attachment was not read: " + e.getMessage());
    } catch (FrameSink.OutputFailure | SAXException e) {
      throw e;
    } catch (Exception e) {
      var failure = Failures.of(e);
      if (isLimit(failure)) {
        throw failure;
      }
      sink.warn("An attachment was not read: " + failure.getMessage());
    }
  }

  /** Whether it is the whole file that has too much. */
  private static boolean isLimit(ExtractionException e) {
    return e.getMessage().contains("limit") || e.getMessage().contains("bomb");
  }

  private static boolean isNamed(MediaType type, String name) {
    return !name.isEmpty() || !type.equals(MediaType.OCTET_STREAM);
  }
}
