/** A cluster on one machine behind one port, for trying out failures. */
package dev.threadmill.lab.cluster;
