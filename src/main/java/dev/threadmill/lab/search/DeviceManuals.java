package dev.threadmill.lab.search;

import java.util.ArrayList;
import java.util.List;

/** Manuals of twenty machines. They differ in names, numbers and faults only. */
final class DeviceManuals {
  private static final String[] FORMATS = {"pdf", "docx", "html", "md", "pptx"};

  /** Name, kind, the kind in other words, a consumable, the consumable in other words. */
  private static final String[][] DEVICES = {
    {"Kestrel 40", "label printer", "machine that prints stickers", "ribbon", "ink tape"},
    {"Morava S2", "espresso machine", "coffee maker", "water filter", "cartridge for the water"},
    {
      "Alder 900",
      "air purifier",
      "device that cleans the air of a room",
      "carbon mat",
      "charcoal layer"
    },
    {"Pike 7", "barcode scanner", "reader for product codes", "battery", "accumulator"},
    {"Tundra XL", "chest freezer", "box for frozen food", "door seal", "rubber around the lid"},
    {"Sirocco 3", "hand dryer", "blower for wet hands", "intake screen", "mesh at the air inlet"},
    {"Lumen D", "document camera", "visualizer for lessons", "lamp", "light source"},
    {
      "Badger 12",
      "paper shredder",
      "machine that destroys files",
      "cutting oil",
      "lubricant for the blades"
    },
    {"Oriole", "cash register", "till", "receipt roll", "paper for the slips"},
    {"Fjord 500", "pressure washer", "high-pressure cleaner", "nozzle", "spray tip"},
    {
      "Quill 2", "3D printer", "printer for plastic objects", "build plate film", "sheet on the bed"
    },
    {"Marten", "robot mower", "automatic lawn cutter", "blade set", "knives"},
    {
      "Halcyon M",
      "medical refrigerator",
      "fridge for vaccines",
      "logger battery",
      "cell of the recorder"
    },
    {"Basalt 60", "floor scrubber", "cleaning machine for halls", "squeegee", "wiper lip"},
    {"Zephyr Duo", "ceiling fan", "rotor under the roof that moves the air", "pull chain", "cord"},
    {"Corvid", "dash camera", "video recorder for the windscreen", "memory card", "storage chip"},
    {"Otter 15", "dehumidifier", "device against damp air", "hose", "drain pipe"},
    {"Juniper", "vacuum sealer", "machine that welds food bags", "welding wire", "heating strip"},
    {"Stylus Pro", "graphics tablet", "board to draw on a computer", "pen tips", "nibs"},
    {
      "Dromedary",
      "portable power station",
      "mobile accumulator with sockets",
      "fan filter",
      "dust screen"
    },
  };

  private static final String[] CAUSES = {
    "the cover is not locked", "the motor is overheated", "the sensor is dirty",
    "the supply voltage is too low", "the container is full", "the firmware does not match",
    "the belt has slipped", "the calibration has expired",
  };
  private static final String[] CAUSES_ASKED = {
    "a flap that is still open", "a drive that has become too hot", "a soiled detector",
    "too little electricity", "a receptacle without any space left",
        "software of the wrong version",
    "a strap out of its place", "an outdated adjustment",
  };

  private DeviceManuals() {}

  static List<Draft> drafts() {
    var drafts = new ArrayList<Draft>();
    for (int n = 0; n < DEVICES.length; n++) {
      drafts.add(draft(n, DEVICES[n]));
    }
    return drafts;
  }

  private static Draft draft(int n, String[] device) {
    var name = device[0];
    var kind = device[1];
    var asked = device[2];
    int warranty = 12 + 6 * (n % 7);
    int error = 210 + 17 * n % 400;
    int weeks = 3 + n % 9;
    int hottest = 30 + n % 12;
    int cause = (n * 3) % CAUSES.length;
    int second =
        (n * 5 + 2) % CAUSES.length == cause
            ? (cause + 1) % CAUSES.length
            : (n * 5 + 2) % CAUSES.length;
    return new Draft(
        FORMATS[n % FORMATS.length],
        "%s %s: operating manual".formatted(name, kind),
        List.of(
            "This manual describes the %s %s. Read it before first use and keep it near the device."
                .formatted(name, kind),
            "The manufacturer grants %d months of warranty from the date of the invoice. Damage by improper use is excluded."
                .formatted(warranty),
            "Replace the %s every %d weeks, or earlier if performance drops. Order number %s-%d."
                .formatted(
                    device[3],
                    weeks,
                    name.substring(0, 2).toUpperCase(java.util.Locale.ROOT),
                    4000 + 37 * n),
            "Operate the device between 5 and %d degrees Celsius. Above that it switches itself off."
                .formatted(hottest),
            "If the display shows E%d, %s. If it shows E%d, %s. Switch the device off and on after the remedy."
                .formatted(error, CAUSES[cause], error + 5, CAUSES[second]),
            "Store it dry and upright. Dispose of it at a collection point for electronic equipment."),
        List.of(),
        List.of(
            "How long does the guarantee for the %s last?".formatted(n % 2 == 0 ? asked : name),
            "At which intervals do I have to change the %s of the %s?"
                .formatted(device[4], n % 2 == 0 ? name : asked),
            "Which code does the %s show because of %s?".formatted(name, CAUSES_ASKED[cause]),
            "How hot may the surroundings of our %s be?".formatted(asked)));
  }
}
