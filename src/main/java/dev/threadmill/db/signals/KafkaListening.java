package dev.threadmill.db.signals;

import io.smallrye.common.annotation.Identifier;
import io.smallrye.reactive.messaging.kafka.KafkaConsumerRebalanceListener;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Provider;
import java.util.Collection;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** Knows when this node begins, or begins again, to hear from Kafka. */
@ApplicationScoped
@Identifier("signals")
class KafkaListening implements KafkaConsumerRebalanceListener {
  private static final Logger LOG = Logger.getLogger(KafkaListening.class);

  private final Provider<Signals> signals;

  KafkaListening(Provider<Signals> signals) {
    this.signals = signals;
  }

  @Override
  public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
    LOG.infof("listening for signals on Kafka partitions=%s", partitions);
    signals.get().listening();
  }
}
