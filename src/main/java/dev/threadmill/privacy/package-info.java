/**
 * Replaces personal data by tokens before it is stored or sent to a model, keeps what the tokens
 * stand for encrypted, and turns tokens back where that is allowed.
 */
package dev.threadmill.privacy;
