package dev.threadmill.lab.search;

import java.util.ArrayList;
import java.util.List;

/** Leases in German, which differ in names, places and numbers. */
final class GermanLeases {
  private static final String[] FORMATS = {"docx", "pdf", "txt", "html", "eml"};

  /** Tenant, street, town, what is let, the same in other words. */
  private static final String[][] LEASES = {
    {
      "Familie Oberhuber",
      "Lindenweg 4",
      "Rosenheim",
      "Dreizimmerwohnung",
      "Wohnung mit drei Räumen"
    },
    {"Töpferei Kranz", "Am Speicher 11", "Stralsund", "Werkstatt", "Atelier zum Arbeiten"},
    {"Dr. Selma Aydin", "Marktplatz 2", "Fulda", "Praxisräume", "Räume der Ärztin"},
    {"Spedition Wulff", "Hafenstraße 90", "Emden", "Lagerhalle", "Gebäude für Waren"},
    {
      "Jonas Petrik",
      "Gartenstraße 17",
      "Weimar",
      "Einliegerwohnung",
      "kleine Wohnung im Haus des Eigentümers"
    },
    {"Café Morgenrot", "Brückengasse 5", "Bamberg", "Ladenlokal", "Geschäft im Erdgeschoss"},
    {"Musikschule Takt", "Schulberg 8", "Goslar", "Probenräume", "Zimmer zum Üben"},
    {"Hof Siebenstein", "Feldweg 1", "Husum", "Weidefläche", "Wiese für das Vieh"},
    {"Anna und Leo Brandl", "Sonnenhang 23", "Passau", "Reihenhaus", "Haus in einer Zeile"},
    {"Kanzlei Rieck", "Domstraße 14", "Schwerin", "Büroetage", "Stockwerk mit Arbeitszimmern"},
    {
      "Fahrradladen Kette",
      "Bahnhofsallee 3",
      "Marburg",
      "Verkaufsfläche mit Keller",
      "Geschäft mit Untergeschoss"
    },
    {"Imkerei Holm", "Heideweg 40", "Celle", "Scheune", "Wirtschaftsgebäude auf dem Land"},
    {"Studentenwerk Süd", "Neckarufer 6", "Tübingen", "Wohnheimzimmer", "Bude für Lernende"},
    {"Tanzstudio Pirol", "Mühlgraben 9", "Görlitz", "Saal", "großer Raum mit Spiegeln"},
  };

  private GermanLeases() {}

  static List<Draft> drafts() {
    var drafts = new ArrayList<Draft>();
    for (int n = 0; n < LEASES.length; n++) {
      drafts.add(draft(n, LEASES[n]));
    }
    return drafts;
  }

  private static Draft draft(int n, String[] lease) {
    int rent = 480 + 95 * n;
    int months = 2 + n % 5;
    int deposit = rent * (2 + n % 2);
    return new Draft(
        FORMATS[n % FORMATS.length],
        "Mietvertrag " + lease[0],
        List.of(
            "Vermietet wird an %s die %s in %s, %s."
                .formatted(lease[0], lease[3], lease[2], lease[1]),
            "Die monatliche Miete beträgt %d Euro und ist bis zum dritten Werktag zu zahlen."
                .formatted(rent),
            "Als Kaution hinterlegt die Mieterseite %d Euro auf einem verzinsten Konto."
                .formatted(deposit),
            "Der Vertrag kann mit einer Frist von %d Monaten zum Quartalsende gekündigt werden."
                .formatted(months),
            "Schönheitsreparaturen trägt %s. Haustiere bedürfen der Zustimmung."
                .formatted(n % 2 == 0 ? "die Vermieterin" : "die Mieterseite")),
        List.of(),
        List.of(
            "Wie viel kostet die %s in %s im Monat?".formatted(lease[4], lease[2]),
            "Welche Sicherheitsleistung musste %s hinterlegen?".formatted(lease[0]),
            "Wie lange vorher muss man in %s den Vertrag auflösen?".formatted(lease[1]),
            "Wer muss im Objekt von %s streichen und renovieren?".formatted(lease[0])));
  }
}
