package dev.threadmill.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Looks up the addresses of a host. */
@FunctionalInterface
public interface HostResolver {
  /** The resolver of this machine. */
  HostResolver SYSTEM = host -> List.of(InetAddress.getAllByName(host));

  /** All addresses of a host, or the one of an address literal. */
  List<InetAddress> resolve(String host) throws UnknownHostException;
}
