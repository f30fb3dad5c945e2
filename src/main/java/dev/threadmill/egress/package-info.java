/**
 * The HTTP client for every connection to another server: which addresses are allowed, limits of
 * time and size, proxies, server-sent events.
 */
package dev.threadmill.egress;
