/**
 * Webhooks: the endpoints of projects, a durable queue of deliveries for each, fed from the outbox,
 * and the workers that send them.
 *
 * <p>One node at a time delivers to an endpoint, under a lease with a fence, on threads that no
 * other endpoint uses. The deliveries of a thread of a conversation go out one after the other.
 */
package dev.threadmill.webhooks;
