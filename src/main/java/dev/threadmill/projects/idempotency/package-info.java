/** {@code Idempotency-Key}: a request that is repeated with the same key is carried out once. */
package dev.threadmill.projects.idempotency;
