package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.worker.PageContent.Word;
import dev.threadmill.files.extraction.worker.PageLines.Segment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.io.IOUtils;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;

/**
 * Reads PDF files: paragraphs in reading order, headings, tables. A few pages are held back,
 * because the size of the body text and the lines that repeat are known only from several pages.
 */
final class ReadPdf {
  private static final int HELD_BACK = 8;
  private static final int DPI = 120;
  private static final float LARGEST_SIDE = 2_000;
  private static final int MOST_PAGES = 20_000;

  private final FrameSink sink;
  private final BlockBuilder blocks;
  private final boolean numbered;
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final RepeatedLines repeated = new RepeatedLines();

  /** Characters by size of text and weight. */
  private final Map<Float, Long> sizes = new HashMap<>();

  private final Map<Boolean, Long> weights = new HashMap<>();
  private int picturePages;

  private record Held(
      PageContent page, List<RuledTables.Table> tables, List<List<Segment>> lines) {}

  /** Reports a failure through PDFBox's methods. */
  private static final class Wrapped extends IOException {
    Wrapped(ExtractionException cause) {
      super(cause);
    }
  }

  /** A file inside another has no page numbers of its own. */
  ReadPdf(FrameSink sink, BlockBuilder blocks, boolean numbered) {
    this.sink = sink;
    this.blocks = blocks;
    this.numbered = numbered;
  }

  void read(Path file) throws IOException, ExtractionException {
    try (var document =
        Loader.loadPDF(file.toFile(), null, null, null, IOUtils.createTempFileOnlyStreamCache())) {
      if (document.getNumberOfPages() > MOST_PAGES) {
        throw ExtractionException.invalid(
            "The file has %,d pages; %,d is the limit."
                .formatted(document.getNumberOfPages(), MOST_PAGES));
      }
      new PdfPageReader((page, _) -> hold(document, page)).read(document);
      while (!held.isEmpty()) {
        write(document, held.removeFirst());
      }
    } catch (Wrapped e) {
      throw (ExtractionException) e.getCause();
    }
    if (picturePages > 0) {
      sink.warn(
          "%,d %s without text; a model that reads pictures is needed for what they show."
              .formatted(
                  picturePages, picturePages == 1 ? "page is a picture" : "pages are pictures"));
    }
  }

  private void hold(PDDocument document, PageContent page) throws IOException {
    var tables = RuledTables.find(page);
    var flowing = new ArrayList<Word>();
    for (var word : page.words()) {
      sizes.merge((float) Math.round(word.size() * 2) / 2, (long) word.text().length(), Long::sum);
      weights.merge(word.bold(), (long) word.text().length(), Long::sum);
      if (tables.stream().noneMatch(table -> table.contains(word))) {
        flowing.add(word);
      }
    }
    var lines = PageLines.of(flowing);
    repeated.count(page, lines);
    held.add(new Held(page, tables, lines));
    if (held.size() > HELD_BACK) {
      write(document, held.removeFirst());
    }
  }

  private void write(PDDocument document, Held next) throws IOException {
    var page = next.page();
    try {
      if (numbered) {
        blocks.page(page.number());
      }
      if (page.words().isEmpty()) {
        if (page.pictured()) {
          picture(document, page.number());
        }
        return;
      }
      float bodySize = mostFrequent(sizes, 10f);
      var lines = new ArrayList<List<Segment>>();
      for (var line : next.lines()) {
        if (!repeated.isRepeated(page, line, bodySize)) {
          lines.add(line);
        }
      }
      for (var table : next.tables()) {
        lines.add(List.of(Segment.table(table.x0(), table.x1(), table.y0(), table.text())));
      }
      lines.sort(Comparator.comparingDouble(line -> line.getFirst().y()));
      new PdfParagraphs(blocks, bodySize, mostFrequent(weights, false))
          .write(ReadingOrder.of(lines));
    } catch (ExtractionException e) {
      throw new Wrapped(e);
    }
  }

  private static <T> T mostFrequent(Map<T, Long> counts, T otherwise) {
    return counts.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(otherwise);
  }

  private void picture(PDDocument document, int number) throws IOException, ExtractionException {
    picturePages++;
    if (sink.wantsPicture()) {
      var page = document.getPage(number - 1);
      float side = Math.max(page.getCropBox().getWidth(), page.getCropBox().getHeight());
      float dpi = Math.clamp(LARGEST_SIDE * 72 / Math.max(side, 1), 10, DPI);
      var image = new PDFRenderer(document).renderImageWithDPI(number - 1, dpi, ImageType.GRAY);
      var png = new ByteArrayOutputStream();
      ImageIO.write(image, "png", png);
      sink.picture(number, "image/png", png.toByteArray());
    }
    blocks.add(Kind.PICTURE, "[Page %d is a picture]".formatted(number));
  }
}
