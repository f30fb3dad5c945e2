/** A model provider for benches, which answers over HTTP at a set pace and stamps its tokens. */
package dev.threadmill.lab.provider;
