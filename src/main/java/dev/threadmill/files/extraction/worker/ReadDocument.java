package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.TextFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.tika.detect.DefaultDetector;
import org.apache.tika.detect.Detector;
import org.apache.tika.exception.TikaException;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.mime.MediaType;
import org.apache.tika.mime.MediaTypeRegistry;
import org.apache.tika.parser.AutoDetectParser;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.apache.tika.parser.epub.EpubParser;
import org.apache.tika.parser.html.JSoupParser;
import org.apache.tika.parser.mail.RFC822Parser;
import org.apache.tika.parser.microsoft.OfficeParser;
import org.apache.tika.parser.microsoft.OfficeParserConfig;
import org.apache.tika.parser.microsoft.OldExcelParser;
import org.apache.tika.parser.microsoft.TNEFParser;
import org.apache.tika.parser.microsoft.ooxml.OOXMLParser;
import org.apache.tika.parser.microsoft.rtf.RTFParser;
import org.apache.tika.parser.odf.OpenDocumentParser;
import org.apache.tika.parser.txt.TXTParser;
import org.apache.tika.sax.SecureContentHandler;
import org.xml.sax.SAXException;

/** Finds the format of a file by its content and reads it, and the files inside it, into blocks. */
final class ReadDocument {
  private static final Detector DETECTOR = new DefaultDetector();
  private static final MediaTypeRegistry REGISTRY = MediaTypeRegistry.getDefaultRegistry();
  private static final Map<MediaType, Parser> PARSERS = new HashMap<>();

  /** From this size on, Word files are read as a stream, with fewer details. */
  private static final long LARGE_DOCUMENT = 8 << 20;

  private static final long EXPANSION = 300;
  private static final long EXPANSION_FROM = 5_000_000;
  private static final int MOST_ELEMENTS_DEEP = 500;
  private static final int SNIFFED = 8_192;

  /** Endings of formats that are containers; their files are never read as anything else. */
  private static final Set<String> CONTAINERS =
      Set.of("docx", "xlsx", "pptx", "odt", "ods", "odp", "epub", "docm", "xlsm", "pptm");

  private static final Set<String> FORMATS =
      Set.of("pdf", "doc", "xls", "ppt", "rtf", "html", "htm", "msg", "eml");

  private static final Set<String> SHEETS_AND_SLIDES =
      Set.of("vnd.oasis.opendocument.spreadsheet", "vnd.oasis.opendocument.presentation");

  static {
    var context = new ParseContext();
    for (var parser :
        List.of(
            new JSoupParser(),
            new RTFParser(),
            new OpenDocumentParser(),
            new EpubParser(),
            new RFC822Parser(),
            new TNEFParser(),
            new OldExcelParser(),
            new OfficeParser(),
            new OOXMLParser())) {
      parser.getSupportedTypes(context).forEach(type -> PARSERS.put(type, parser));
    }
  }

  private final FrameSink sink;
  private final EmbeddedLimits limits = new EmbeddedLimits();

  ReadDocument(FrameSink sink) {
    this.sink = sink;
  }

  /** Reads a file; returns its media type. */
  String read(Path path, String filename, String contentType) throws Exception {
    ZipCheck.check(path);
    try (var in = TikaInputStream.get(path)) {
      var type = detect(in, filename, contentType);
      var ending = TextFormat.ending(filename);
      var blocks = new BlockBuilder(sink);
      if (isZip(type) && CONTAINERS.contains(ending)) {
        throw ExtractionException.invalid(
            "The file is damaged: its content is not a complete .%s file.".formatted(ending));
      }
      if (!read(type, in, path, filename, blocks, 0)) {
        throw ExtractionException.unsupported(
            "The format of the file, %s, is not supported.".formatted(type));
      }
      if ((CONTAINERS.contains(ending) || FORMATS.contains(ending)) && !fits(type, ending)) {
        sink.warn("The name ends in .%s, but the content is %s.".formatted(ending, type));
      }
      limits.report(sink);
      return type.getBaseType().toString();
    }
  }

  private static boolean isZip(MediaType type) {
    return type.getSubtype().equals("zip") || type.getSubtype().equals("x-tika-ooxml");
  }

  private static boolean fits(MediaType type, String ending) {
    try {
      var byEnding = DETECTOR.detect(null, named("file." + ending, "")).getBaseType();
      return byEnding.equals(type.getBaseType())
          || REGISTRY.isSpecializationOf(type.getBaseType(), byEnding)
          || REGISTRY.isSpecializationOf(byEnding, type.getBaseType());
    } catch (IOException _) {
      return true;
    }
  }

  private static Metadata named(String filename, String contentType) {
    var metadata = new Metadata();
    if (filename != null && !filename.isEmpty()) {
      metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, filename);
    }
    if (contentType != null && !contentType.isEmpty()) {
      metadata.set(Metadata.CONTENT_TYPE, contentType);
    }
    return metadata;
  }

  MediaType detect(TikaInputStream in, String filename, String contentType)
      throws IOException, ExtractionException {
    var metadata = named(filename, "");
    var type = DETECTOR.detect(in, metadata);
    if (type.equals(MediaType.OCTET_STREAM)
        && (contentType.startsWith("text/") || ReadCharset.isText(start(in)))) {
      return MediaType.TEXT_PLAIN;
    }
    return type;
  }

  private static byte[] start(TikaInputStream in) throws IOException {
    in.mark(SNIFFED);
    try {
      return in.readNBytes(SNIFFED);
    } finally {
      in.reset();
    }
  }

  /** Reads content of a type; false if there is no reader for it. */
  boolean read(
      MediaType type, TikaInputStream in, Path path, String name, BlockBuilder blocks, int depth)
      throws Exception {
    if (type.getSubtype().equals("pdf")) {
      new ReadPdf(sink, blocks, depth == 0).read(path);
      return true;
    }
    if (type.getType().equals("image") && !isXml(type)) {
      picture(type, path, blocks);
      return true;
    }
    if (SHEETS_AND_SLIDES.contains(type.getSubtype())) {
      var handler = new XhtmlBlocks(blocks, type);
      ReadOpenDocument.read(path, handler);
      handler.end();
      return true;
    }
    var parser = PARSERS.get(type.getBaseType());
    if (parser != null) {
      parse(parser, type, in, path, name, blocks, depth);
      return true;
    }
    if (isXml(type)) {
      ReadXml.read(in, blocks);
      return true;
    }
    if (isText(type)) {
      ReadCharset.read(path, name, sink);
      return true;
    }
    return false;
  }

  private static boolean isXml(MediaType type) {
    return type.getSubtype().equals("xml")
        || type.getSubtype().endsWith("+xml")
        || REGISTRY.isSpecializationOf(type.getBaseType(), MediaType.APPLICATION_XML);
  }

  private static boolean isText(MediaType type) {
    return type.getType().equals("text")
        || REGISTRY.isSpecializationOf(type.getBaseType(), MediaType.TEXT_PLAIN)
        || Set.of("json", "x-ndjson", "jsonl").contains(type.getSubtype());
  }

  private void picture(MediaType type, Path path, BlockBuilder blocks)
      throws IOException, ExtractionException {
    sink.warn("The file is a picture; its text is known only if a model reads it.");
    if (sink.wantsPicture() && Files.size(path) <= EmbeddedLimits.LARGEST_PICTURE) {
      sink.picture(0, type.getBaseType().toString(), Files.readAllBytes(path));
    }
    blocks.add(Kind.PICTURE, "[A picture]");
  }

  private void parse(
      Parser parser,
      MediaType type,
      TikaInputStream in,
      Path path,
      String name,
      BlockBuilder blocks,
      int depth)
      throws IOException, TikaException, SAXException {
    var config = new OfficeParserConfig();
    config.setUseSAXDocxExtractor(Files.size(path) > LARGE_DOCUMENT);
    config.setUseSAXPptxExtractor(Files.size(path) > 4 * LARGE_DOCUMENT);
    config.setIncludeSlideMasterContent(false);
    config.setIncludeDeletedContent(false);
    config.setIncludeMoveFromContent(false);

    var handler = new XhtmlBlocks(blocks, type);
    var context = new ParseContext();
    context.set(OfficeParserConfig.class, config);
    context.set(
        EmbeddedDocumentExtractor.class,
        type.getSubtype().equals("epub+zip")
            ? new NoEmbeddedFiles()
            : new EmbeddedFiles(this, sink, handler, blocks, limits, depth));
    context.set(
        Parser.class, new AutoDetectParser(DETECTOR, new JSoupParser(), new TXTParser(), parser));

    var secure = new SecureContentHandler(handler, in);
    secure.setMaximumCompressionRatio(EXPANSION);
    secure.setOutputThreshold(EXPANSION_FROM);
    secure.setMaximumDepth(MOST_ELEMENTS_DEEP);
    try {
      var metadata = named(name, type.toString());
      parser.parse(in, secure, metadata, context);
      handler.end();
    } catch (SAXException e) {
      secure.throwIfCauseOf(e);
      throw e;
    }
  }
}
