package dev.threadmill.db.signals;

import java.util.Map;

/**
 * The signals of a feature. Every CDI bean of this type is registered.
 *
 * <p>Nodes of different versions exchange signals during an upgrade, so a name that was released
 * keeps its meaning and its fields.
 */
public interface SignalTypes {
  /** The classes of the signals by their names on the wire. */
  Map<String, Class<? extends Signal>> byName();
}
