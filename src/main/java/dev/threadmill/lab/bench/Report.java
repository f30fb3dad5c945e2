package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results of a benchmark: rows of server and control, and targets. */
final class Report {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final List<Row> rows = new ArrayList<>();
  private final List<Target> targets = new ArrayList<>();

  /** Units of display. Values are kept as nanoseconds, bytes, ratios or numbers. */
  enum Unit {
    PER_SECOND("/s", 1, 0),
    MILLIS("ms", 1e6, 2),
    KILOBYTES("kB", 1e3, 1),
    PERCENT("%", 0.01, 2),
    COUNT("", 1, 1);

    private final String name;
    private final double factor;
    private final int digits;

    Unit(String name, double factor, int digits) {
      this.name = name;
      this.factor = factor;
      this.digits = digits;
    }

    String show(Double value) {
      return value == null
          ? "–"
          : String.format(Locale.ROOT, "%,." + digits + "f", value / factor)
              + (name.isEmpty() ? "" : " " + name);
    }
  }

  /** How the server's value is compared with the control's. */
  enum Relation {
    RATIO,
    DIFFERENCE,
    NOTHING
  }

  /**
   * A row.
   *
   * @param server null if it does not apply
   * @param control null if it does not apply
   */
  record Row(String name, Unit unit, Double server, Double control, Relation against) {
    private String compared() {
      if (server == null || control == null) {
        return "";
      }
      return switch (against) {
        case RATIO -> String.format(Locale.ROOT, "× %.2f", server / control);
        case DIFFERENCE ->
            (server >= control ? "+ " : "– ") + unit.show(Math.abs(server - control));
        case NOTHING -> "";
      };
    }
  }

  /** A target and whether this measurement reached it. */
  record Target(String text, String found, boolean met) {}

  /** Adds a row. */
  void row(String name, Unit unit, Number server, Number control, Relation against) {
    rows.add(new Row(name, unit, toDouble(server), toDouble(control), against));
  }

  /** Adds a target. */
  void target(String text, String found, boolean met) {
    targets.add(new Target(text, found, met));
  }

  private static Double toDouble(Number value) {
    return value == null ? null : value.doubleValue();
  }

  /** Prints the rows, then the targets. */
  void print(PrintStream out) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("", "server", "control", "server : control"));
    for (var row : rows) {
      lines.add(
          List.of(row.name, row.unit.show(row.server), row.unit.show(row.control), row.compared()));
    }
    // a benchmark that fails at once has no rows, and a width of 0 is no format
    int[] widths = {1, 1, 1, 1};
    for (var line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (var line : lines) {
      var text = new StringBuilder(pad(line.get(0), -widths[0]));
      for (int i = 1; i < widths.length; i++) {
        text.append("   ").append(pad(line.get(i), widths[i]));
      }
      out.println(text.toString().stripTrailing());
    }
    out.println();
    for (var target : targets) {
      out.println((target.met ? "met      " : "NOT met  ") + target.text + ": " + target.found);
    }
  }

  private static String pad(String text, int width) {
    return String.format(Locale.ROOT, "%" + width + "s", text);
  }

  /** Writes the report as JSON, with nanoseconds and bytes unconverted. */
  void write(Path file) throws IOException {
    var report = JSON.createObjectNode();
    var machine = report.putObject("machine");
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    machine.put("java", Runtime.version().toString());
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    var array = report.putArray("rows");
    for (var row : rows) {
      ObjectNode json = array.addObject().put("name", row.name);
      json.put("unit", unit(row.unit)).put("server", row.server).put("control", row.control);
    }
    report.set("targets", JSON.valueToTree(targets));
    JSON.writeValue(file.toFile(), report);
  }

  private static String unit(Unit unit) {
    return switch (unit) {
      case PER_SECOND -> "1/s";
      case MILLIS -> "ns";
      case KILOBYTES -> "bytes";
      case PERCENT, COUNT -> "1";
    };
  }
}
