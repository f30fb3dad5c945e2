package dev.threadmill.lab.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Figures of sixteen companies, most of them in tables. */
final class AnnualReports {
  private static final String[] FORMATS = {"xlsx", "pdf", "csv", "docx"};
  private static final String[] COMPANIES = {
    "Brannock Shipping", "Velmora Foods", "Tessin Optics", "Harrow & Lund", "Isar Rail Parts",
    "Nordvik Salmon", "Calder Textiles", "Pergola Homes", "Quantor Sensors", "Rosalind Pharma",
    "Umbria Ceramics", "Westmere Water", "Zuidhof Flowers", "Ostrava Steelworks", "Lagos Grid",
    "Kiruna Mining",
  };
  private static final String[][] SEGMENTS = {
    {"Freight", "Terminals", "Leasing"}, {"Dairy", "Bakery", "Frozen meals"},
    {"Lenses", "Microscopes", "Repairs"}, {"Advice", "Audits", "Training"},
    {"Brakes", "Doors", "Signals"}, {"Fresh fish", "Smoked fish", "Feed"},
    {"Yarn", "Workwear", "Carpets"}, {"Apartments", "Terraced houses", "Land"},
    {"Radar", "Pressure", "Software"}, {"Vaccines", "Generics", "Licences"},
    {"Tiles", "Tableware", "Bricks"}, {"Households", "Industry", "Sewage"},
    {"Tulips", "Roses", "Seeds"}, {"Beams", "Wire", "Scrap"},
    {"Transmission", "Metering", "Maintenance"}, {"Iron ore", "Copper", "Haulage"},
  };

  private AnnualReports() {}

  static List<Draft> drafts() {
    var drafts = new ArrayList<Draft>();
    for (int n = 0; n < COMPANIES.length; n++) {
      drafts.add(draft(n, COMPANIES[n], SEGMENTS[n]));
    }
    return drafts;
  }

  private static Draft draft(int n, String company, String[] segments) {
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("Company", "Segment", "2023", "2024", "2025"));
    for (int s = 0; s < segments.length; s++) {
      rows.add(List.of(company, segments[s], value(n, s, 0), value(n, s, 1), value(n, s, 2)));
    }
    return new Draft(
        FORMATS[n % FORMATS.length],
        company + ": revenue by segment",
        FORMATS[n % FORMATS.length].equals("csv")
            ? List.of()
            : List.of(
                "Amounts in millions of euros. Figures of 2025 are preliminary and not audited."),
        rows,
        List.of(
            "How much did %s earn with %s in 2024?"
                .formatted(company, segments[0].toLowerCase(Locale.ROOT)),
            "What were the sales of the %s business at %s two years before 2025?"
                .formatted(segments[1].toLowerCase(Locale.ROOT), company.split(" ")[0]),
            "turnover of the division %s in the latest year, the company that also has %s"
                .formatted(
                    segments[2].toLowerCase(Locale.ROOT), segments[0].toLowerCase(Locale.ROOT))));
  }

  private static String value(int company, int segment, int year) {
    return String.format(
        Locale.ROOT, "%.1f", 20 + company * 7.3 + segment * 31.7 + year * (4.1 - segment));
  }
}
