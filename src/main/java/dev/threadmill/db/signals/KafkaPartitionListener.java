package dev.threadmill.db.signals;

import io.smallrye.common.annotation.Identifier;
import io.smallrye.reactive.messaging.kafka.KafkaConsumerRebalanceListener;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Provider;
import java.time.Duration;
import java.util.Collection;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** Notices when this node starts, or restarts, to receive from Kafka. */
@ApplicationScoped
@Identifier("signals")
class KafkaPartitionListener implements KafkaConsumerRebalanceListener {
  private static final Logger LOG = Logger.getLogger(KafkaPartitionListener.class);

  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final Provider<Signals> signals;

  KafkaPartitionListener(Provider<Signals> signals) {
    this.signals = signals;
  }

  /**
   * Fixes the offset to read from before other nodes are notified: they answer within milliseconds,
   * and Kafka's client would otherwise start behind their answers.
   */
  @Override
  public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
    for (var partition : partitions) {
      try {
        consumer.position(partition, TIMEOUT);
      } catch (KafkaException e) {
        LOG.debugf("offset not known yet cause=%s", e.getMessage());
      }
    }
    LOG.infof("listening for signals on Kafka partitions=%s", partitions);
    signals.get().listening();
  }
}
