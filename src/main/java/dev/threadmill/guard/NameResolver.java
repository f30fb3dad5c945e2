package dev.threadmill.guard;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Looks up the addresses of a host. */
@FunctionalInterface
public interface NameResolver {
  /** The resolver of this machine. */
  NameResolver SYSTEM = host -> List.of(InetAddress.getAllByName(host));

  /** All addresses of a host, or the one of an address literal. */
  List<InetAddress> resolve(String host) throws UnknownHostException;
}
