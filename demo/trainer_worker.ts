/** The worker in which the network trains: the library's host, in a file of this page's own for the bundler to find. */
import "../src/worker/host.ts";
