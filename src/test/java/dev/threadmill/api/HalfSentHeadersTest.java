package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Cluster;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The head of a request has a time limit, however lively its connection is. */
@Timeout(180)
class HalfSentHeadersTest {
  @Test
  void aHeadThatArrivesByteByByteLosesItsConnectionAndOthersKeepTheirs() throws Exception {
    try (var cluster = Cluster.of(1)) {
      var node = cluster.node(0);
      node.withJvmOption("-Dthreadmill.http.head-timeout=2");
      cluster.start();
      var uri = URI.create(node.url());
      try (var slow = new Socket(uri.getHost(), uri.getPort());
          var patient = new Socket(uri.getHost(), uri.getPort())) {
        patient.setSoTimeout(20_000);
        assertThat(healthOver(patient)).contains("200");

        assertThat(isClosedWhileDripping(slow)).isTrue();

        assertThat(healthOver(patient)).as("a connection between two requests").contains("200");
      }
    }
  }

  /** Sends a byte of a head every 100 ms, which is how long a read waits for an answer. */
  private static boolean isClosedWhileDripping(Socket socket) throws IOException {
    socket.setSoTimeout(100);
    var out = socket.getOutputStream();
    out.write("GET /q/health/live HTTP/1.1\r\nX-Slow: ".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < 200; i++) {
      try {
        out.write('x');
        if (socket.getInputStream().read() < 0) {
          return true;
        }
      } catch (java.net.SocketTimeoutException e) {
        // It is still open.
      } catch (SocketException e) {
        return true;
      }
    }
    return false;
  }

  private static String healthOver(Socket socket) throws IOException {
    socket
        .getOutputStream()
        .write(
            "GET /q/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
    var in = socket.getInputStream();
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    var length = head.toString().toLowerCase(java.util.Locale.ROOT);
    int from = length.indexOf("content-length: ") + "content-length: ".length();
    in.readNBytes(Integer.parseInt(length.substring(from, length.indexOf('\r', from))));
    return head.substring(0, head.indexOf("\r"));
  }
}
