package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.worker.PageContent.Word;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.text.PDFTextStripper;
import org.apache.pdfbox.text.TextPosition;

/** Collects words, rules and pictures of each page. */
final class PdfPageReader extends PDFTextStripper {
  private static final int MOST_GLYPHS = 500_000;

  private final PageConsumer consumer;
  private final PathOperators paths;
  private final Map<Float, List<Glyph>> glyphs = new HashMap<>();
  private final Set<Long> places = new HashSet<>();
  private int count;

  interface PageConsumer {
    void accept(PageContent page, PDPage source) throws IOException;
  }

  private record Glyph(
      float x, float y, float width, float size, float space, boolean bold, String text) {}

  PdfPageReader(PageConsumer consumer) {
    this.consumer = consumer;
    this.paths = new PathOperators(this);
  }

  /** Reads all pages in their order. */
  void read(PDDocument document) throws IOException {
    writeText(document, Writer.nullWriter());
  }

  @Override
  protected void startPage(PDPage page) {
    glyphs.clear();
    places.clear();
    count = 0;
    paths.start(page);
  }

  @Override
  protected void writePage() {
    // the words are taken at the end of the page
  }

  @Override
  protected void endPage(PDPage page) throws IOException {
    var box = page.getCropBox();
    boolean turned = page.getRotation() % 180 != 0;
    float width = turned ? box.getHeight() : box.getWidth();
    float height = turned ? box.getWidth() : box.getHeight();
    var words = new ArrayList<Word>();
    glyphs.entrySet().stream()
        .sorted((a, b) -> b.getValue().size() - a.getValue().size())
        .limit(1)
        .forEach(direction -> words(direction.getValue(), words));
    var page1 =
        new PageContent(
            getCurrentPageNo(),
            width,
            height,
            words,
            page.getRotation() == 0 ? paths.rules() : List.of(),
            paths.pictureArea() > box.getWidth() * box.getHeight() / 2);
    glyphs.clear();
    consumer.accept(page1, page);
  }

  @Override
  protected void processTextPosition(TextPosition text) {
    var unicode = text.getUnicode();
    if (unicode == null || unicode.isEmpty() || ++count > MOST_GLYPHS) {
      return;
    }
    float x = text.getXDirAdj();
    float y = text.getYDirAdj();
    // some programs draw bold text by drawing it twice
    long place =
        ((long) Math.round(x * 2) << 40) ^ ((long) Math.round(y * 2) << 20) ^ unicode.hashCode();
    if (!unicode.isBlank() && !places.add(place)) {
      return;
    }
    float size = Math.abs(text.getFontSizeInPt());
    if (size < 0.5f || size > 500) {
      size = Math.max(1, text.getHeightDir() * 1.4f);
    }
    glyphs
        .computeIfAbsent(text.getDir(), _ -> new ArrayList<>())
        .add(
            new Glyph(
                x, y, text.getWidthDirAdj(), size, text.getWidthOfSpace(), isBold(text), unicode));
  }

  private static boolean isBold(TextPosition text) {
    var font = text.getFont();
    var name = font == null ? null : font.getName();
    if (name == null) {
      return false;
    }
    var lower = name.toLowerCase(java.util.Locale.ROOT);
    return lower.contains("bold") || lower.contains("black") || lower.contains("heavy");
  }

  private static void words(List<Glyph> glyphs, List<Word> words) {
    glyphs.sort(
        (a, b) -> {
          int byLine = Float.compare(a.y, b.y);
          return byLine != 0 ? byLine : Float.compare(a.x, b.x);
        });
    var line = new ArrayList<Glyph>();
    for (var glyph : glyphs) {
      if (!line.isEmpty() && glyph.y - line.getFirst().y > 0.4f * smaller(line, glyph)) {
        wordsOfLine(line, words);
        line.clear();
      }
      line.add(glyph);
    }
    wordsOfLine(line, words);
  }

  private static float smaller(List<Glyph> line, Glyph glyph) {
    return Math.max(4, Math.min(line.getFirst().size, glyph.size));
  }

  private static void wordsOfLine(List<Glyph> line, List<Word> words) {
    line.sort((a, b) -> Float.compare(a.x, b.x));
    var word = new ArrayList<Glyph>();
    for (var glyph : line) {
      if (glyph.text.isBlank()) {
        end(word, words);
      } else {
        if (!word.isEmpty()) {
          var last = word.getLast();
          float gap = glyph.x - (last.x + last.width);
          float space = last.space > 0 && last.space < last.size ? last.space : last.size / 4;
          if (gap > Math.clamp(space * 0.5f, last.size * 0.1f, last.size * 0.16f)) {
            end(word, words);
          }
        }
        word.add(glyph);
      }
    }
    end(word, words);
  }

  private static void end(List<Glyph> glyphs, List<Word> words) {
    if (glyphs.isEmpty()) {
      return;
    }
    var text = new StringBuilder();
    float size = 0;
    int bold = 0;
    float y = 0;
    for (var glyph : glyphs) {
      text.append(glyph.text);
      if (glyph.size > size) {
        size = glyph.size;
        y = glyph.y;
      }
      bold += glyph.bold ? 1 : 0;
    }
    var last = glyphs.getLast();
    words.add(
        new Word(
            glyphs.getFirst().x,
            last.x + last.width,
            y,
            size,
            bold * 2 > glyphs.size(),
            VisualOrder.logical(text.toString())));
    glyphs.clear();
  }
}
