/** Several nodes on one machine behind one port, for trying out what a cluster does. */
package dev.threadmill.lab.cluster;
