package dev.threadmill.files.extraction.worker;

import java.io.InputStream;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.metadata.Metadata;
import org.xml.sax.ContentHandler;

/**
 * Leaves out the files inside a book. Its chapters are its content; the others are styles, fonts
 * and lists of contents.
 */
final class NoEmbeddedFiles implements EmbeddedDocumentExtractor {
  @Override
  public boolean shouldParseEmbedded(Metadata metadata) {
    return false;
  }

  @Override
  public void parseEmbedded(
      InputStream content, ContentHandler handler, Metadata metadata, boolean outputHtml) {
    // nothing is read
  }
}
